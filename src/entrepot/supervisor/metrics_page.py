"""`/metrics` for Prometheus, on an address of its own: the figures of all workers.

Not on the service's address: how much is sold, and what is refused, is nobody's business but the
operator's, and whoever scrapes must be answered also when the service is full. Each worker has a
`worker` label, so that a worker which is started again is a counter that begins anew.
"""

import asyncio
import itertools
from collections.abc import Iterable, Mapping

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector, CollectorRegistry

from entrepot.db.start_refused import StartRefused
from entrepot.figures import Family, Numbers, Spreads
from entrepot.supervisor.workers import Workers

HEAD_BYTES_MAX = 16 * 1024
HEAD_READ_S_MAX = 5.0

Gathered = Mapping[str, list[Family] | None]
"""The families of each worker by its number; None for one that does not answer."""


class _Gathered(Collector):
    """What was gathered, as Prometheus' own types."""

    def __init__(self, gathered: Gathered) -> None:
        self._gathered = gathered

    def collect(self) -> Iterable[Metric]:
        up = GaugeMetricFamily(
            "entrepot_worker_up", "1 for a worker that answers.", labels=("worker",)
        )
        metrics: dict[str, Metric] = {}
        for worker, families in self._gathered.items():
            up.add_metric((worker,), 0 if families is None else 1)
            for family in families or ():
                metric = metrics.get(family.name)
                if metric is None:
                    metric = metrics[family.name] = _metric(family)
                _add(metric, family, worker)
        return [up, *metrics.values()]


def write_metrics(gathered: Gathered) -> bytes:
    """Write figures in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Gathered(gathered))
    return generate_latest(registry)


async def serve_metrics(host: str, port: int, workers: Workers) -> asyncio.Server:
    """Answer scrapes; closing the server ends it.

    Raises:
        StartRefused: the address cannot be had.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_READ_S_MAX):
                head = await reader.readuntil(b"\r\n\r\n")
            writer.write(await _answer(head.split(b"\r\n", 1)[0], workers))
            await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # nobody who can be answered
        finally:
            writer.close()

    try:
        return await asyncio.start_server(answer, host, port, limit=HEAD_BYTES_MAX)
    except OSError as error:
        raise StartRefused(
            f"Cannot listen on {host}, port {port} for metrics: {error.strerror}. "
            "Choose another with --metrics-host and --metrics-port."
        ) from error


async def _answer(request_line: bytes, workers: Workers) -> bytes:
    method, _, rest = request_line.partition(b" ")
    path = rest.split(b" ", 1)[0].split(b"?", 1)[0]
    if path != b"/metrics":
        return _reply("404 Not Found", b"Only /metrics is here.\n")
    if method != b"GET":
        return _reply("405 Method Not Allowed", b"Only GET is answered.\n")
    return _reply("200 OK", write_metrics(await workers.figures()))


def _reply(status: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\ncontent-type: {CONTENT_TYPE_PLAIN_0_0_4}\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body


def _metric(family: Family) -> Metric:
    labels = (*family.labels, "worker")
    match family:
        case Spreads():
            return HistogramMetricFamily(family.name, family.about, labels=labels)
        case Numbers(kind="count"):
            return CounterMetricFamily(family.name, family.about, labels=labels)
        case Numbers():
            return GaugeMetricFamily(family.name, family.about, labels=labels)


def _add(metric: Metric, family: Family, worker: str) -> None:
    if isinstance(family, Spreads) and isinstance(metric, HistogramMetricFamily):
        names = [*(f"{bound:g}" for bound in family.bounds), "+Inf"]
        for labels, counted, total in family.samples:
            buckets = zip(names, itertools.accumulate(counted), strict=True)
            metric.add_metric((*labels, worker), list(buckets), total)
    elif isinstance(metric, (CounterMetricFamily, GaugeMetricFamily)):
        assert isinstance(family, Numbers)
        for labels, number in family.samples:
            metric.add_metric((*labels, worker), number)
