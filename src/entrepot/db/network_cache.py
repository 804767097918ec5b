"""The network of one process: the version in force, and the one that will be.

A large network takes seconds to build. A process does that aside, before it is in force
(`prepare`), so that a batch which meets the new version just takes it.
"""

import asyncio

from entrepot.db.connection import Connection
from entrepot.db.network import read_edition, read_network, read_version
from entrepot.db.network_aside import build_aside, let_go
from entrepot.domain.network import Network


class NetworkCache:
    """Holds the network last read. One process has one; its members may run concurrently."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self._current: Network | None = None
        self._prepared: Network | None = None
        self._reading = asyncio.Lock()
        self._letting_go: asyncio.Task[None] | None = None

    @property
    def current(self) -> Network | None:
        """The network last read; None before the first."""
        return self._current

    @property
    def version_read(self) -> int:
        """The latest version that was read, in force or not; 0 before the first."""
        held = self._prepared or self._current
        return 0 if held is None else held.version

    async def latest(self, connection: Connection) -> Network:
        """Give the network in force now."""
        return await self.at_version(connection, await read_version(connection))

    async def at_version(self, connection: Connection, version: int) -> Network:
        """Give the network of a version that was just read.

        When that is not one of those held, the one in force is read, once for all who wait for
        it. It may be newer than the version asked for.

        Raises:
            InvalidNetworkError: What is stored contradicts itself.
        """
        if (held := self._held(version)) is not None:
            return held
        async with self._reading:
            # Another may have read it while this one waited; or a newer one, which counts as
            # long as it still is in force.
            version = await read_version(connection)
            if (held := self._held(version)) is not None:
                return held
            stored = await read_network(connection)
            return self._move_to(await build_aside(stored.version, stored.described))

    async def prepare(self, connection: Connection, version: int) -> None:
        """Read the edition of a version that will be in force; nothing if it is given up."""
        async with self._reading:
            if self.version_read >= version:
                return
            described = await read_edition(connection, version)
            if described is not None:
                self._prepared = await build_aside(version, described)

    def keep_only(self, *versions: int | None) -> None:
        """Drop what was prepared unless it is of one of these: it will never be in force."""
        if self._prepared is not None and self._prepared.version not in versions:
            self._prepared = None

    def _move_to(self, network: Network) -> Network:
        replaced, self._current = self._current, network
        if replaced is not None:
            self._letting_go = asyncio.create_task(let_go(replaced), name="let go of a network")
        return network

    def _held(self, version: int) -> Network | None:
        if self._prepared is not None and self._prepared.version == version:
            prepared, self._prepared = self._prepared, None
            self._move_to(prepared)
        held = self._current
        return held if held is not None and held.version == version else None
