"""The network of one process: the version in force, read again when another one is."""

import asyncio

from entrepot.db.connection import Connection
from entrepot.db.network import read_network, read_version
from entrepot.domain.network import Network
from entrepot.domain.network_build import build_network

# Building this many places takes some milliseconds; more must not hold up the event loop.
_PLACES_BUILT_AT_ONCE_MAX = 2_000


class NetworkCache:
    """Holds the network last read. One process has one; its members may run concurrently."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self._current: Network | None = None
        self._reading = asyncio.Lock()

    @property
    def current(self) -> Network | None:
        """The network last read; None before the first."""
        return self._current

    async def latest(self, connection: Connection) -> Network:
        """Give the network in force now."""
        return await self.at_version(connection, await read_version(connection))

    async def at_version(self, connection: Connection, version: int) -> Network:
        """Give the network of a version that was just read.

        When that is not the one held, the one in force is read, once for all who wait for it.
        It may be newer than the version asked for.

        Raises:
            InvalidNetworkError: What is stored contradicts itself.
        """
        if (held := self._current) is not None and held.version == version:
            return held
        async with self._reading:
            if (held := self._current) is not None and held.version == version:
                return held  # read by another while this one waited
            stored = await read_network(connection)
            described = stored.described
            if len(described.regions) + len(described.points) <= _PLACES_BUILT_AT_ONCE_MAX:
                network = build_network(stored.version, described)
            else:
                network = await asyncio.to_thread(build_network, stored.version, described)
            self._current = network
            return network
