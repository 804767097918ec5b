"""The service's processes: restarted, stopped gently, and never left behind."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.supervisor.sample_service import READY_S_MAX, Service, is_running, wait_until


@pytest.fixture
def service() -> Iterator[Service]:
    started = Service()
    started.wait_until_ready()
    yield started
    started.end()


def test_a_worker_that_dies_is_replaced(service: Service) -> None:
    first = service.worker()
    with pytest.raises(OSError):  # noqa: PT011 - whatever the client makes of it
        service.get("/die")
    assert service.worker() != first  # the connection waits for the next worker


def test_a_worker_that_is_killed_is_replaced(service: Service) -> None:
    killed = service.worker()
    os.kill(killed, signal.SIGKILL)
    assert service.worker() != killed


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_request_in_flight_finish(
    service: Service, number: signal.Signals
) -> None:
    answer = _in_background(lambda: service.get("/slow?1.5"))
    time.sleep(0.5)
    service.process.send_signal(number)
    time.sleep(0.5)
    assert _refuses(service.port), "nobody new is let in"
    assert answer() != ""
    assert service.process.wait(5) == 0


def test_a_second_signal_waits_for_nobody(service: Service) -> None:
    answer = _in_background(lambda: service.get("/slow?15"))
    time.sleep(0.5)
    service.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    service.process.send_signal(signal.SIGINT)
    assert service.process.wait(5) == 0
    assert answer() == ""


def test_workers_end_with_a_killed_supervisor(service: Service) -> None:
    worker = service.worker()
    service.process.kill()
    service.process.wait(5)
    wait_until(lambda: not is_running(worker), within_s=5)
    with socket.socket() as another:
        another.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        another.bind(("127.0.0.1", service.port))


def test_a_stuck_worker_ends_with_a_killed_supervisor(service: Service) -> None:
    worker = service.worker()
    answer = _in_background(lambda: service.get("/stuck?30"))
    time.sleep(0.5)
    service.process.kill()
    wait_until(lambda: not is_running(worker), within_s=5)
    assert answer() == ""


def test_several_workers_share_the_connections() -> None:
    service = Service(workers=3)
    try:
        service.wait_until_ready()
        # The kernel spreads by a hash of the ports: 60 connections miss one of three workers
        # once in ten thousand million runs.
        answering = {service.worker() for _ in range(60)}
        assert len(answering) == 3
        service.process.terminate()
        assert service.process.wait(5) == 0
        assert not any(map(is_running, answering))
    finally:
        service.end()


def test_workers_that_cannot_start_end_it_with_a_sentence() -> None:
    service = Service(workers=2, database_url="fail at start")
    _, said = service.process.communicate(timeout=READY_S_MAX)
    assert service.process.returncode == 1
    assert "as the test asked" in said
    assert said.rstrip().endswith("What they said stands above.")


def _in_background(ask: Callable[[], str]) -> Callable[[], str]:
    """Ask in a thread; what is returned waits for the answer, empty when there came none."""
    answers: list[str] = []

    def run() -> None:
        try:
            answers.append(ask())
        except OSError:
            answers.append("")

    thread = threading.Thread(target=run)
    thread.start()

    def wait() -> str:
        thread.join(20)
        return answers[0]

    return wait


def _refuses(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0
