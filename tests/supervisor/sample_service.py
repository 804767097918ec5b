"""The sample application under a supervisor of its own."""

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = "tests/supervisor/run_sample.py"
READY_S_MAX = 30.0


class Service:
    """The sample application under a supervisor of its own."""

    def __init__(self, workers: int = 1, database_url: str = "any", metrics_port: int = 0) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [
                *(sys.executable, SCRIPT, str(self.port), str(workers), database_url),
                str(metrics_port),
            ],
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


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(holds: Callable[[], bool], *, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"not so within {within_s} s"
        time.sleep(0.02)
