"""The processes that serve, as those who load a network see them: what each has read.

A process says so every few seconds; one that was killed is forgotten after some. A row each,
written by its owner alone, so nobody waits for anybody.
"""

from typing import NamedTuple
from uuid import UUID

from entrepot import limits
from entrepot.db.connection import Connection

_READ_WANTED = """
    SELECT v.version, (SELECT max(e.version) FROM network_edition e WHERE e.state = 'PREPARED')
    FROM network_version v
"""
_SAY = """
    INSERT INTO network_reader (id, name, version, seen_at) VALUES ($1, $2, $3, now())
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, seen_at = excluded.seen_at
"""
_LEAVE = "DELETE FROM network_reader WHERE id = $1"
_COUNT = """
    SELECT count(*) FILTER (WHERE version >= $1), count(*) FROM network_reader
    WHERE seen_at > now() - $2 * interval '1 second'
"""
_FORGET = "DELETE FROM network_reader WHERE seen_at < now() - $1 * interval '1 second'"


class WantedVersions(NamedTuple):
    """The version in force, and the one that is complete and waits to be read, if any."""

    in_force: int
    prepared: int | None


class Readers(NamedTuple):
    """How many processes have read a version, of all that live."""

    ready: int
    alive: int


async def read_wanted(connection: Connection) -> WantedVersions:
    """Tell what a process should have read."""
    in_force, prepared = await connection.fetchrow(_READ_WANTED)
    return WantedVersions(in_force, prepared)


async def say_read(connection: Connection, reader: UUID, name: str, version: int) -> None:
    """Say that a process lives, and the latest version it has read."""
    await connection.execute(_SAY, reader, name, version)


async def leave(connection: Connection, reader: UUID) -> None:
    """Say that a process ends: nobody needs to wait for it."""
    await connection.execute(_LEAVE, reader)


async def count_readers(connection: Connection, version: int) -> Readers:
    """Count the processes that have read a version, and all of them."""
    row = await connection.fetchrow(_COUNT, version, float(limits.NETWORK_READER_SILENT_S_MAX))
    return Readers(*row)


async def forget_silent(connection: Connection) -> None:
    """Forget processes that have not been heard of for long."""
    await connection.execute(_FORGET, 20.0 * limits.NETWORK_READER_SILENT_S_MAX)
