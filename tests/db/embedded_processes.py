"""Users of the embedded PostgreSQL as processes of their own, to be killed."""

import asyncio
import os
import pwd
import select
import shutil
import subprocess
import sys
import sysconfig
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from entrepot.db.embedded_layout import remove_abandoned_homes

SOURCES = Path(__file__).parents[2] / "src"
SCRIPT = Path(__file__).with_name("embedded_user.py")
ANSWER_S_MAX = 60.0


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path) -> Iterator[None]:
    """Remove what a test made: a cluster is forty megabytes, and pytest keeps its folders."""
    yield
    shutil.rmtree(tmp_path)
    if is_root():
        remove_abandoned_homes()


class EmbeddedUser:
    """A running `embedded_user.py`; to be closed by `leave` or `kill`."""

    def __init__(self, data_dir: Path, python: list[str] | None = None, **popen: Any) -> None:
        self.process = subprocess.Popen(
            [*(python or [sys.executable]), str(SCRIPT), str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **popen,
        )
        self.url = ""

    def wait_for_url(self) -> str:
        self.url = self._line()
        assert self.url.startswith("postgresql://"), self.url + self.process.communicate()[1]
        return self.url

    def refusal(self) -> str:
        """What it says when it cannot start."""
        said = self.process.communicate(timeout=ANSWER_S_MAX)
        assert self.process.returncode == 1
        return said[1]

    def leave(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self._line() == "left"
        self.process.wait(10)
        self._close()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
        self._close()

    @property
    def home(self) -> Path:
        """The server's folder; only where the socket lies inside it."""
        return Path(urllib.parse.parse_qs(urllib.parse.urlsplit(self.url).query)["host"][0]).parent

    def postmaster(self) -> int:
        return int((self.home / "cluster" / "postmaster.pid").read_text().split()[0])

    def guard(self) -> int:
        return parent_of(self.postmaster())

    def _line(self) -> str:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], ANSWER_S_MAX)
        assert ready, "the process says nothing"
        return self.process.stdout.readline().strip()

    def _close(self) -> None:
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it may end between open and read
        return False


def wait_until(holds: Callable[[], bool], *, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"not so within {within_s} s"
        time.sleep(0.02)


def ask(url: str, statement: str) -> Any:
    """One value from the database, on a connection of its own."""

    async def fetch() -> Any:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def answers(url: str) -> bool:
    try:
        return ask(url, "SELECT 1") == 1
    except (OSError, asyncpg.PostgresError):
        return False


def python_of(user: pwd.struct_passwd) -> list[str] | None:
    """An interpreter that the user can run with this environment's packages, if there is one."""
    candidates = (Path(sys.executable), Path(f"/usr/bin/python3.{sys.version_info.minor}"))
    for python in candidates:
        packages = f"{SOURCES}:{sysconfig.get_path('platlib')}"
        command = ["/usr/bin/env", f"PYTHONPATH={packages}", "PYTHONWARNINGS=error", str(python)]
        tried = subprocess.run(
            [*command, "-c", "import asyncpg, entrepot"],
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
            capture_output=True,
            check=False,
        )
        if tried.returncode == 0:
            return command
    return None


def is_root() -> bool:
    return os.geteuid() == 0
