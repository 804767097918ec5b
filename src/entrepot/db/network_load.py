"""Loading a network while the service runs: written beside the one in force, then put in force.

Nothing that placing uses is locked at any time. When all rows are there, every process that
serves reads them and builds its network aside; when all have, or after
`limits.NETWORK_READERS_WAIT_S_MAX`, one row is changed, and the next batches decide by the new
edition. A loader that dies at any moment leaves what is not in force and is removed (see
`network_editions`).
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

from entrepot import limits
from entrepot.db.connection import Connection
from entrepot.db.network_editions import (
    LoadRefusedError,
    begin_edition,
    drop_edition,
    finish_edition,
    put_in_force,
    stay,
    write_rows,
)
from entrepot.db.network_readers import Readers, count_readers
from entrepot.db.network_rows import Row, count_rows, rows_of
from entrepot.db.transaction import Database, DatabaseUnavailable
from entrepot.domain.network import NetworkDescription
from entrepot.domain.network_build import build_network

__all__ = ["LoadProgress", "LoadRefusedError", "LoadResult", "load_network"]

_LOOK_AGAIN_S = 0.1


class LoadProgress(NamedTuple):
    """How far a load has come: rows written of all, then processes ready of all that serve."""

    rows: int
    rows_total: int
    processes: int = 0
    processes_total: int = 0


class LoadResult(NamedTuple):
    """The version that is in force now, and how many processes had read it by then.

    Those that are `behind` read it at the next batch or question that they meet.
    """

    version: int
    ready: int
    behind: int


Progress = Callable[[LoadProgress], None]


async def load_network(
    database: Database,
    described: NetworkDescription,
    progress: Progress = lambda _: None,
    *,
    wait_s_max: float = limits.NETWORK_READERS_WAIT_S_MAX,
) -> LoadResult:
    """Load a network and put it in force, while the service runs.

    Args:
        database: where.
        described: the network, whole.
        progress: told how far it has come.
        wait_s_max: how long processes have for reading it before it is put in force.

    Raises:
        InvalidNetworkError: the description contradicts itself; nothing was written.
        LoadRefusedError: another load is under way, or took this one for dead.
        DatabaseUnavailable: the database cannot be asked.
    """
    await asyncio.to_thread(build_network, 0, described)
    loader = f"{socket.gethostname()}, process {os.getpid()}"
    version = await database.transaction(lambda one: begin_edition(one, loader))
    load = _Load(database, version, count_rows(described), progress)
    try:
        await load.write(described)
        readers = await load.wait_for_readers(wait_s_max)
        await database.transaction(lambda one: put_in_force(one, version))
    except BaseException:
        # Whoever interrupts a load must not have to wait until it counts as dead.
        await load.give_up()
        raise
    return LoadResult(version, readers.ready, readers.alive - readers.ready)


class _Load:
    """One load while it runs."""

    def __init__(
        self, database: Database, version: int, rows_total: int, progress: Progress
    ) -> None:
        self._database = database
        self._version = version
        self._rows_total = rows_total
        self._progress = progress

    async def write(self, described: NetworkDescription) -> None:
        remaining = rows_of(described)
        written = 0
        self._progress(LoadProgress(written, self._rows_total))
        while chunk := list(islice(remaining, limits.NETWORK_ROWS_PER_WRITE_MAX)):
            await self._write_chunk(chunk)
            written += len(chunk)
            self._progress(LoadProgress(written, self._rows_total))

        async def finish(connection: Connection) -> None:
            await finish_edition(connection, self._version, self._rows_total)

        await self._database.transaction(finish)

    async def _write_chunk(self, chunk: list[Row]) -> None:
        await self._database.transaction(lambda one: write_rows(one, self._version, chunk))

    async def wait_for_readers(self, wait_s_max: float) -> Readers:
        """Wait until every process that lives has read the edition, but not for ever."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_s_max
        while True:
            readers = await self._database.transaction(self._look)
            self._progress(LoadProgress(self._rows_total, self._rows_total, *readers))
            if readers.ready == readers.alive or loop.time() > deadline:
                return readers
            await asyncio.sleep(_LOOK_AGAIN_S)

    async def _look(self, connection: Connection) -> Readers:
        await stay(connection, self._version)
        return await count_readers(connection, self._version)

    async def give_up(self) -> None:
        with contextlib.suppress(DatabaseUnavailable, asyncio.CancelledError):
            await self._database.transaction(lambda one: drop_edition(one, self._version))
