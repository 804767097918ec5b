"""Traces: from a request through its batch to the commit, and nothing where they are off."""

import asyncio
import json
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from entrepot.demo.seed import DemoWorld
from entrepot.tracing import current_span, is_tracing, stop_tracing, trace_to
from tests.http.shopping import Shop, parcels, pickup_options, to_point
from tests.support.client import Client

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Collector(SpanExporter):
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def export(self, spans: "list[ReadableSpan]") -> SpanExportResult:  # type: ignore[override]
        self.spans += spans
        return SpanExportResult.SUCCESS

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name == name]


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
    made = Collector()
    trace_to(made)
    yield made
    stop_tracing()


async def test_an_order_is_traced_to_its_commit(
    client: Client, world: DemoWorld, collector: Collector
) -> None:
    shop = Shop(client, world.first)
    point_id = world.first.logistic_point_ids[0]
    (parcel,) = parcels(await shop.quote(points=[point_id]))
    option = pickup_options(parcel)[point_id][0]
    placed = await shop.place(parcel["warehouseId"], option, to_point(point_id))
    assert placed.status == 200
    answer = await client.request("GET", "/v2/campaigns", headers={"traceparent": CALLER})
    async with asyncio.timeout(10):
        while not collector.named("getCampaigns"):  # noqa: ASYNC110 - another thread's event
            await asyncio.sleep(0.01)
    (request,) = collector.named("createOrder")
    (batch,) = collector.named("place batch")
    assert [link.context.span_id for link in batch.links] == [request.context.span_id]
    assert batch.attributes is not None
    assert batch.attributes["commands"] == 1
    inside = [span for span in collector.spans if span.parent and ancestor(span, batch, collector)]
    assert {"transaction", "commit"} <= {span.name for span in inside}
    (called,) = collector.named("getCampaigns")
    assert called.parent is not None
    assert f"{called.parent.trace_id:032x}" in CALLER
    assert called.attributes is not None
    assert called.attributes["request_id"] == answer.headers["X-Request-Id"]
    told = json.dumps([json.loads(span.to_json()) for span in collector.spans])
    assert "79990001122" not in told
    assert "\\u0410\\u043d\\u043d\\u0430" not in told


def ancestor(span: ReadableSpan, wanted: ReadableSpan, collector: Collector) -> bool:
    """Tell whether a span happened within another."""
    parent = span.parent
    while parent is not None:
        if parent.span_id == wanted.context.span_id:
            return True
        above = [one for one in collector.spans if one.context.span_id == parent.span_id]
        parent = above[0].parent if above else None
    return False


def test_nothing_is_made_where_traces_are_off() -> None:
    assert not is_tracing()
    assert current_span() is None
