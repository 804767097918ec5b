"""The embedded PostgreSQL: real PostgreSQL in the data folder, with nothing to install.

    async with embedded_postgres(data_dir) as database_url:
        ...

The server runs for as long as any process is inside such a block, and stops by itself after
that, also when the last process was killed. Several processes share one server. It listens on a
private Unix socket only and knows its callers by their system user (`embedded_cluster`). Who
watches it is in `embedded_guard`, where it lives in `embedded_layout`.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import subprocess
import sys
import time
import urllib.parse
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
from asyncpg.exceptions import CannotConnectNowError, InterfaceError, PostgresError

from entrepot.db import embedded_guard
from entrepot.db.embedded_cluster import ADMINISTRATOR, DATABASE, ROLE, prepare, server_command
from entrepot.db.embedded_layout import Layout, make_folder, wheel_binaries
from entrepot.db.start_refused import StartRefused

START_S_MAX = 30.0
"""From the guard's start until PostgreSQL answers, when it has nothing to recover."""
RECOVERY_S_MAX = 600.0
"""Until it answers when it says that it is starting up: it replays at most 2 GB of its log."""
STOP_S_MAX = 90.0
"""Until a server that is being stopped has stopped; more than all the guard's steps together."""
GUARDS_MAX = 3
"""How many guards a start tries: one may be killed, another may find what the last one left."""
GUARD_CHECK_S = 1.0
GUARD_CHECK_S_MAX = 15.0
GUARD_START_S_MAX = 20.0
POLL_S = 0.02
LOG_LINES_QUOTED = 5


@contextlib.asynccontextmanager
async def embedded_postgres(data_dir: Path) -> AsyncIterator[str]:
    """Use the server of a data folder, starting it when it does not run.

    Yields:
        The database's URL, for asyncpg and for libpq's programs.

    Raises:
        StartRefused: it cannot be made, or does not start in time.
    """
    layout = await asyncio.to_thread(prepare, data_dir)
    users_fd = await _join(layout)
    try:
        await _start(layout)
        keeper = asyncio.create_task(_keep_guard(layout), name="embedded PostgreSQL's guard")
        try:
            yield layout.url(ROLE, DATABASE)
        finally:
            keeper.cancel()
            await asyncio.wait([keeper])
    finally:
        os.close(users_fd)
        await _wait_until_stopped_or_used(layout)


def binaries_dir() -> Path:
    """The folder with PostgreSQL's client programs, `pgbench` among them.

    Raises:
        StartRefused: the package with them is not installed.
    """
    return wheel_binaries()


def sibling_url(database_url: str, database: str) -> str:
    """The URL of another database of the same server, for the same role."""
    return urllib.parse.urlsplit(database_url)._replace(path=f"/{database}").geturl()


def administrative_url(database_url: str) -> str:
    """The URL by which an embedded server's superuser reaches its maintenance database."""
    return sibling_url(database_url, "postgres").replace(f"//{ROLE}@", f"//{ADMINISTRATOR}@", 1)


async def _join(layout: Layout) -> int:
    """Take the shared lock of a user; wait while the guard of former users stops the server."""
    descriptor = os.open(layout.users_lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    deadline = time.monotonic() + STOP_S_MAX
    while not _try_lock(descriptor, fcntl.LOCK_SH):
        if time.monotonic() > deadline:
            os.close(descriptor)
            raise StartRefused(
                f"The database in {layout.home} has been stopping for {STOP_S_MAX:.0f} s. "
                + _log_end(layout)
            )
        await asyncio.sleep(POLL_S)
    return descriptor


async def _start(layout: Layout) -> None:
    """Wait until the server answers, with a guard over it."""
    url = layout.url(ROLE, DATABASE)
    deadline = time.monotonic() + START_S_MAX
    longest = time.monotonic() + RECOVERY_S_MAX
    obstacle: Exception | None = None
    guards = 0
    while not _has_guard(layout) or (obstacle := await _obstacle(url)) is not None:
        if isinstance(obstacle, CannotConnectNowError):
            deadline = min(time.monotonic() + START_S_MAX, longest)
        has_guard = _has_guard(layout)
        if time.monotonic() > deadline or (not has_guard and guards == GUARDS_MAX):
            raise StartRefused(
                f"The database in {layout.home} does not start: {obstacle}. {_log_end(layout)}"
            )
        if not has_guard:
            guards += 1
            await asyncio.to_thread(_ensure_guard, layout)
        await asyncio.sleep(POLL_S)


async def _obstacle(url: str) -> Exception | None:
    """What keeps us from the database at this moment."""
    try:
        connection = await asyncpg.connect(url, timeout=5)  # type: ignore[no-untyped-call]
    except (OSError, PostgresError, InterfaceError, TimeoutError) as error:
        return error
    await connection.close()
    return None


async def _keep_guard(layout: Layout) -> None:
    """Replace a guard that was killed; PostgreSQL ended with it and comes back with the next."""
    pause_s = GUARD_CHECK_S
    while True:
        await asyncio.sleep(pause_s)
        if _has_guard(layout):
            pause_s = GUARD_CHECK_S
            continue
        pause_s = min(pause_s * 2, GUARD_CHECK_S_MAX)
        with contextlib.suppress(StartRefused):  # tried again, and /readyz tells meanwhile
            await asyncio.to_thread(_ensure_guard, layout)


def _ensure_guard(layout: Layout) -> None:
    """Start a guard unless there is one; on return there is one, or was."""
    if _has_guard(layout):
        return
    owner = layout.owner
    make_folder(layout.socket_folder, owner, mode=0o700, given=True)
    orders = embedded_guard.Orders(
        command=server_command(layout),
        cluster=str(layout.cluster),
        users_lock=str(layout.users_lock),
        guard_lock=str(layout.guard_lock),
        socket_folder=str(layout.socket_folder),
        log=str(layout.log),
        owner=(owner.uid, owner.gid, list(owner.groups)) if owner.is_another else None,
    )
    command = [sys.executable, "-I", "-S", embedded_guard.__file__, json.dumps(orders._asdict())]
    try:
        done = subprocess.run(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=GUARD_START_S_MAX,
            check=False,
            cwd="/",
            env={"LC_ALL": "C", "PATH": os.defpath},
        )
    except subprocess.TimeoutExpired:
        raise StartRefused(f"The guard of the database in {layout.home} does not start.") from None
    if done.returncode != 0:
        words = done.stderr.strip().rpartition("\n")[2]
        raise StartRefused(f"The guard of the database in {layout.home} does not start: {words}.")


def _has_guard(layout: Layout) -> bool:
    return not _is_free(layout.guard_lock, fcntl.LOCK_SH)


async def _wait_until_stopped_or_used(layout: Layout) -> None:
    """After leaving: wait for the guard to stop the server, unless others still use it."""
    deadline = time.monotonic() + STOP_S_MAX
    while _has_guard(layout) and time.monotonic() < deadline:
        # Shared but not exclusive to be had: somebody else holds it shared.
        shared = _is_free(layout.users_lock, fcntl.LOCK_SH)
        if shared and not _is_free(layout.users_lock, fcntl.LOCK_EX):
            return
        await asyncio.sleep(POLL_S)


def _is_free(lock: Path, kind: int) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return True
    try:
        return _try_lock(descriptor, kind)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _log_end(layout: Layout) -> str:
    try:
        lines = layout.log.read_text("utf-8", "replace").splitlines()[-LOG_LINES_QUOTED:]
    except OSError:
        return f"It left no log in {layout.log}."
    return f"Its log ({layout.log}) ends: " + " / ".join(line.strip() for line in lines)
