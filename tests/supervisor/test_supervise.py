"""The service's processes: restarted, stopped gently, and never left behind."""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = "tests/supervisor/run_sample.py"
READY_S_MAX = 30.0


class Service:
    """The sample application under a supervisor of its own."""

    def __init__(self, workers: int = 1, database_url: str = "any") -> None:
        self.port = _free_port()
        self.process = subprocess.Popen(
            [sys.executable, SCRIPT, str(self.port), str(workers), database_url],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], READY_S_MAX)
        assert ready
        assert self.process.stdout.readline() == "ready\n"

    def get(self, path: str) -> str:
        """The body of an answer, on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def worker(self) -> int:
        return int(self.get("/").split()[0])

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


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
    _wait_until(lambda: not _is_running(worker), within_s=5)
    with socket.socket() as another:
        another.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        another.bind(("127.0.0.1", service.port))


def test_a_stuck_worker_ends_with_a_killed_supervisor(service: Service) -> None:
    worker = service.worker()
    answer = _in_background(lambda: service.get("/stuck?30"))
    time.sleep(0.5)
    service.process.kill()
    _wait_until(lambda: not _is_running(worker), within_s=5)
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
        assert not any(map(_is_running, answering))
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


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _refuses(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _wait_until(holds: Callable[[], bool], *, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"not so within {within_s} s"
        time.sleep(0.02)
