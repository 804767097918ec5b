"""The processes of a service and of a PostgreSQL, found by who started them."""

import asyncio
import contextlib
import os
import signal
import socket
import time
import urllib.parse
from pathlib import Path

GONE_S_MAX = 10.0


def children_of(pid: int) -> list[int]:
    """The processes that a process has started and that still are."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    return []


def kill(*pids: int) -> None:
    """Kill at once; who is gone already is gone."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


async def until_gone(*pids: int) -> None:
    """Wait until processes are no more (a child of ours that nobody waited for is no more)."""
    deadline = time.monotonic() + GONE_S_MAX
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < deadline, f"of {pids} some live on"
        await asyncio.sleep(0.01)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def postmaster_of(url: str) -> int:
    """The PostgreSQL behind the socket of a URL."""
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
    path = Path(query["host"][0]) / ".s.PGSQL.5432.lock"
    return int(path.read_text().split()[0])


def free_port() -> int:
    """A port that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
