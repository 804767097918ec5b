"""The delivery network in the database: editions, of which one is in force.

An edition's rows are written once and never change, so it can be read in pieces, each a short
statement, and still be of one moment. What may happen meanwhile is that the edition is deleted:
it is marked first (`network_editions`), and only a reader that finds it unmarked at the end has
read all of it.
"""

from typing import Any

import msgspec

from entrepot import limits
from entrepot.db.connection import Connection
from entrepot.db.network_rows import KINDS, Kind, Sharing, description_of
from entrepot.domain.network import NetworkDescription

_READ_VERSION = "SELECT version FROM network_version"
_READ_STATE = "SELECT state FROM network_edition WHERE version = $1"
# As bytes: nobody needs the text of a piece as such.
_READ_PIECE = """
    SELECT convert_to('[' || string_agg(r.body::text, ',') || ']', 'UTF8'), count(*)
    FROM (
      SELECT body FROM network_row
      WHERE version = $1 AND kind = $2 AND (id, to_id) > ($3, $4)
      ORDER BY id, to_id LIMIT $5
    ) r
"""


class StoredNetwork(msgspec.Struct, frozen=True):
    """A network as it is stored, with the version that it has."""

    version: int
    described: NetworkDescription


async def read_version(connection: Connection) -> int:
    """Give the version of the network in force."""
    return int(await connection.fetchval(_READ_VERSION))


async def read_network(connection: Connection) -> StoredNetwork:
    """Read the network in force with its version."""
    while True:
        version = await read_version(connection)
        described = await read_edition(connection, version)
        if described is not None:
            return StoredNetwork(version, described)


async def read_edition(connection: Connection, version: int) -> NetworkDescription | None:
    """Read the edition of a version; None when it is not there, or not any more."""
    sharing = Sharing()
    values = {kind.name: await _read_kind(connection, version, kind, sharing) for kind in KINDS}
    state = await connection.fetchval(_READ_STATE, version)
    return None if state is None or state == "DELETING" else description_of(values)


async def _read_kind(
    connection: Connection, version: int, kind: Kind, sharing: Sharing
) -> list[Any]:
    found: list[Any] = []
    after, size = (0, 0), limits.NETWORK_ROWS_PER_READ_MAX
    while True:
        bodies, count = await connection.fetchrow(_READ_PIECE, version, kind.name, *after, size)
        if count:
            piece = kind.of_rows(bodies)
            sharing.share(piece)
            found += piece
        if count < size:
            return found
        after = kind.key(found[-1])
