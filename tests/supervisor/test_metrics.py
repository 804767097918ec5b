"""`/metrics`: the figures of every worker, also when one dies or is stuck."""

import os
import signal
import threading
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.supervisor.sample_service import READY_S_MAX, Service, free_port, wait_until

Samples = dict[tuple[str, str], float]


class Measured(Service):
    """The sample application, measured."""

    def __init__(self, workers: int) -> None:
        self.metrics_port = free_port()
        super().__init__(workers, metrics_port=self.metrics_port)
        self.wait_until_ready()

    def scrape(self) -> Samples:
        """Values by name and worker."""
        url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        with urllib.request.urlopen(url, timeout=10) as answer:
            text = answer.read().decode()
        return {
            (sample.name, sample.labels["worker"]): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if "le" not in sample.labels
        }

    def asked(self) -> float:
        return sum(n for (name, _), n in self.scrape().items() if name == "sample_requests_total")


@pytest.fixture
def service() -> Iterator[Measured]:
    started = Measured(workers=2)
    yield started
    started.end()


def test_every_worker_tells_what_it_counted(service: Measured) -> None:
    before = service.asked()
    for _ in range(20):
        service.get("/")
    found = service.scrape()
    assert service.asked() - before == 20
    assert {found["entrepot_worker_up", worker] for worker in "12"} == {1}
    assert found["entrepot_process_cpu_seconds_total", "1"] > 0
    assert found["entrepot_process_resident_bytes", "2"] > 1_000_000
    assert ("entrepot_loop_late_seconds_count", "1") in found


def test_a_worker_that_is_started_again_begins_anew(service: Measured) -> None:
    service.get("/")
    killed = service.worker()
    os.kill(killed, signal.SIGKILL)
    before = service.asked()
    wait_until(lambda: all_up(service.scrape()), within_s=20)
    assert service.asked() <= before


def test_a_stuck_worker_does_not_stop_the_scrape(service: Measured) -> None:
    asking = threading.Thread(target=service.get, args=("/stuck?4",))
    asking.start()
    wait_until(lambda: not all_up(service.scrape()), within_s=10)
    asking.join(20)
    wait_until(lambda: all_up(service.scrape()), within_s=10)


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/", 404), ("POST", "/metrics", 405)]
)
def test_nothing_else_is_there(service: Measured, method: str, path: str, status: int) -> None:
    connection = HTTPConnection("127.0.0.1", service.metrics_port, timeout=10)
    connection.request(method, path)
    assert connection.getresponse().status == status
    connection.close()


def test_a_taken_port_is_told_in_a_sentence(service: Measured) -> None:
    other = Service(metrics_port=service.metrics_port)
    _, said = other.process.communicate(timeout=READY_S_MAX)
    assert other.process.returncode == 1
    assert f"port {service.metrics_port} for metrics" in said


def all_up(found: Samples) -> bool:
    up = [value for (name, _), value in found.items() if name == "entrepot_worker_up"]
    return up == [1, 1]
