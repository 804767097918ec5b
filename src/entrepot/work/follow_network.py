"""Every process keeps up with the network: it reads what is complete before it is in force.

Not a duty, which one process does for all: each process does this for itself.
"""

import asyncio
import os
import socket
from uuid import uuid4

import structlog

from entrepot import limits
from entrepot.db.connection import Connection
from entrepot.db.network_cache import NetworkCache
from entrepot.db.network_readers import WantedVersions, leave, read_wanted, say_read
from entrepot.db.transaction import Database, DatabaseUnavailable

log = structlog.get_logger()


class NetworkFollower:
    """One process's way to keep up; those who load a network wait for it."""

    def __init__(self, database: Database, network: NetworkCache) -> None:
        """Follow for this process's cache."""
        self._database = database
        self._network = network
        self._id = uuid4()
        self._name = f"{socket.gethostname()}, process {os.getpid()}"
        self._reading: asyncio.Task[None] | None = None
        self._said_version = 0
        self._said_at = 0.0

    async def run(self, stopping: asyncio.Event) -> None:
        """Keep up until told to stop; then nobody waits for this process any more."""
        try:
            while not stopping.is_set():
                await self._attempt()
                await _rest(stopping)
        finally:
            await self._leave()

    async def look(self) -> None:
        """Look what there is to read, begin to read it, and say what has been read so far."""
        wanted = await self._database.read(read_wanted)
        self._network.keep_only(*wanted)
        if self._reading is None or self._reading.done():
            if self._reading is not None:
                self._reading.result()  # a failure is told once, and reading is tried again
                self._reading = None
            if self._network.version_read < (wanted.prepared or wanted.in_force):
                self._reading = asyncio.create_task(self._read(wanted), name="read network")
        await self._say()

    async def _read(self, wanted: WantedVersions) -> None:
        async def read(connection: Connection) -> None:
            await self._network.at_version(connection, wanted.in_force)
            if wanted.prepared is not None:
                await self._network.prepare(connection, wanted.prepared)

        await self._database.read(read)
        await self._say()

    async def _say(self) -> None:
        version, now = self._network.version_read, asyncio.get_running_loop().time()
        if version == self._said_version and now < self._said_at + limits.NETWORK_READER_SAYS_S:
            return
        await self._database.transaction(lambda one: say_read(one, self._id, self._name, version))
        self._said_version, self._said_at = version, now

    async def _attempt(self) -> None:
        try:
            await self.look()
        except DatabaseUnavailable as error:
            log.warning("the network cannot be followed", reason=str(error))
        except Exception:  # the next look may succeed; until then batches read what they meet
            self._reading = None
            log.exception("following the network failed")

    async def _leave(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])
        try:
            await self._database.transaction(lambda one: leave(one, self._id))
        except DatabaseUnavailable:
            return  # it is forgotten by itself


async def _rest(stopping: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(limits.NETWORK_LOOK_S):
            await stopping.wait()
    except TimeoutError:
        return
