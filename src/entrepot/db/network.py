"""The delivery network in the database: editions, of which one is in force.

An edition's rows are written once and never change, so it can be read in pieces, each a short
statement, and still be of one moment. What may happen meanwhile is that the edition is deleted:
it is marked first, and only a reader that finds it unmarked at the end has read all of it.
"""

from itertools import islice
from typing import Any

import msgspec

from entrepot import limits
from entrepot.db.connection import Connection
from entrepot.db.network_rows import KINDS, Kind, Row, description_of, rows_of
from entrepot.domain.network import NetworkDescription

_READ_VERSION = "SELECT version FROM network_version"
_READ_STATE = "SELECT state FROM network_edition WHERE version = $1"
_READ_PIECE = """
    SELECT '[' || string_agg(r.body::text, ',') || ']', count(*)
    FROM (
      SELECT body FROM network_row
      WHERE version = $1 AND kind = $2 AND (id, to_id) > ($3, $4)
      ORDER BY id, to_id LIMIT $5
    ) r
"""
_HOLD = "UPDATE network_version SET version = version WHERE id = 1"
_GIVE_VERSION = "UPDATE network_version SET given = given + 1 WHERE id = 1 RETURNING given"
_BEGIN = "INSERT INTO network_edition (version, state, loader) VALUES ($1, 'LOADING', $2)"
_INSERT_ROWS = """
    INSERT INTO network_row (version, kind, id, to_id, body)
    SELECT $1, k.kind, k.id, k.to_id, k.body::json
    FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[]) AS k (kind, id, to_id, body)
    RETURNING version
"""
_RETIRE = (
    "UPDATE network_edition SET state = 'RETIRED', changed_at = now() WHERE state = 'IN_FORCE'"
)
_PUT_IN_FORCE = (
    "UPDATE network_edition SET state = 'IN_FORCE', changed_at = now() WHERE version = $1"
)
_SET_VERSION = "UPDATE network_version SET version = $1 WHERE id = 1"


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
    """Read the edition of a version; None when it is not there any more."""
    values = {kind.name: await _read_kind(connection, version, kind) for kind in KINDS}
    state = await connection.fetchval(_READ_STATE, version)
    return None if state is None or state == "DELETING" else description_of(values)


async def _read_kind(connection: Connection, version: int, kind: Kind) -> list[Any]:
    found: list[Any] = []
    after, size = (0, 0), limits.NETWORK_ROWS_PER_READ_MAX
    while True:
        bodies, count = await connection.fetchrow(_READ_PIECE, version, kind.name, *after, size)
        if count:
            found += kind.of_rows(bodies)
        if count < size:
            return found
        after = kind.key(found[-1])


async def hold_network(connection: Connection) -> None:
    """Keep everybody else from replacing the network until the transaction ends."""
    await connection.execute(_HOLD)


async def replace_network(connection: Connection, described: NetworkDescription) -> int:
    """Put a network in the place of the one in force, and give its version.

    All in the caller's transaction, for networks of some thousand rows; larger ones are loaded
    by `network_load`. A second one who replaces waits for this one; readers never wait. What is
    given must have been built once (`build_network`): the tables check less than it does.
    """
    version = int(await connection.fetchval(_GIVE_VERSION))
    await connection.execute(_BEGIN, version, "replaced")
    remaining = rows_of(described)
    while chunk := list(islice(remaining, limits.NETWORK_ROWS_PER_WRITE_MAX)):
        await insert_rows(connection, version, chunk)
    await put_in_force(connection, version)
    return version


async def insert_rows(connection: Connection, version: int, rows: list[Row]) -> None:
    """Write rows of an edition."""
    await connection.execute(_INSERT_ROWS, version, *map(list, zip(*rows, strict=True)))


async def put_in_force(connection: Connection, version: int) -> None:
    """Let an edition take the place of the one in force."""
    await connection.execute(_RETIRE)
    await connection.execute(_PUT_IN_FORCE, version)
    await connection.execute(_SET_VERSION, version)
