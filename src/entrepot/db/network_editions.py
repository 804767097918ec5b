"""The editions of the network, from the first row to the last: who may write one, and when.

    LOADING    a loader writes its rows, in many short transactions
    PREPARED   it is complete; processes read it and build it while they serve the one in force
    IN_FORCE   batches decide by it
    RETIRED    another one is in force; processes may still be reading it
    DELETING   its rows are being removed, and nobody may trust what is left of it

Only one edition at a time is LOADING or PREPARED. Every transaction that changes states holds
the row of `network_version` first; those that write rows hold the row of their edition, so after
an edition was marked DELETING nobody adds to it. Readers and placing wait for none of this.

Ages are told by PostgreSQL's own time and not by the clock that a sandbox may stop: a loader
that died must age all the same.
"""

from collections.abc import Sequence
from itertools import islice

import msgspec

from entrepot import limits
from entrepot.db.connection import Connection
from entrepot.db.network_rows import Row, count_rows, rows_of
from entrepot.db.start_refused import StartRefused
from entrepot.domain.network import NetworkDescription

_HOLD = "UPDATE network_version SET version = version WHERE id = 1"
_GIVE_VERSION = "UPDATE network_version SET given = given + 1 WHERE id = 1 RETURNING given"
_READ_LOADING = """
    SELECT version, loader, extract(epoch FROM now() - changed_at)::float8 AS silent_s
    FROM network_edition WHERE state IN ('LOADING', 'PREPARED') ORDER BY version
"""
_BEGIN = """
    INSERT INTO network_edition (version, state, loader) VALUES ($1, 'LOADING', $2)
"""
_STAY = """
    UPDATE network_edition SET changed_at = now()
    WHERE version = $1 AND state = ANY($2::text[]) RETURNING version
"""
# A repeated transaction may have committed the first time.
_INSERT_ROWS = """
    INSERT INTO network_row (version, kind, id, to_id, body)
    SELECT $1, k.kind, k.id, k.to_id, k.body::json
    FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[]) AS k (kind, id, to_id, body)
    ON CONFLICT (version, kind, id, to_id) DO NOTHING
"""
_COUNT_ROWS = "SELECT count(*) FROM network_row WHERE version = $1"
_MOVE = """
    UPDATE network_edition SET state = $2, changed_at = now()
    WHERE version = $1 AND state = ANY($3::text[]) RETURNING version
"""
_SET_VERSION = "UPDATE network_version SET version = $1 WHERE id = 1 AND version < $1 RETURNING id"
_RETIRE = """
    UPDATE network_edition SET state = 'RETIRED', changed_at = now()
    WHERE state = 'IN_FORCE' AND version <> $1
"""
_LEFT_OVER = """
    (state IN ('LOADING', 'PREPARED') AND changed_at < now() - $1 * interval '1 second')
      OR (state = 'RETIRED' AND changed_at < now() - $2 * interval '1 second')
"""
_FIND_LEFT_OVER = f"SELECT EXISTS (SELECT FROM network_edition WHERE {_LEFT_OVER})"
_MARK_LEFT_OVER = f"""
    UPDATE network_edition SET state = 'DELETING', changed_at = now() WHERE {_LEFT_OVER}
"""
_LIVES_S = (float(limits.NETWORK_LOADER_SILENT_S_MAX), float(limits.NETWORK_RETIRED_LIFE_S))
_READ_DELETING = """
    SELECT version FROM network_edition WHERE state = 'DELETING' ORDER BY version LIMIT 1
"""
_DELETE_ROWS = """
    DELETE FROM network_row WHERE version = $1 AND (kind, id, to_id) IN (
      SELECT kind, id, to_id FROM network_row WHERE version = $1
      ORDER BY kind, id, to_id LIMIT $2
    )
"""
_DELETE_EDITION = "DELETE FROM network_edition WHERE version = $1 AND state = 'DELETING'"


class LoadRefusedError(StartRefused):
    """Another load is under way, or took this one for dead; the message says which."""


class Loading(msgspec.Struct, frozen=True):
    """An edition that is being loaded: who loads it, and for how long he was not heard of."""

    version: int
    loader: str
    silent_s: float


async def hold_network(connection: Connection) -> None:
    """Keep everybody else from replacing the network until the transaction ends."""
    await connection.execute(_HOLD)


async def replace_network(connection: Connection, described: NetworkDescription) -> int:
    """Put a network in the place of the one in force, and give its version.

    All in the caller's transaction, for networks of some thousand rows; larger ones are loaded
    by `network_load`. A second one who replaces waits for this one; readers never wait. What is
    given must have been built once (`build_network`): the table checks less than it does.

    Raises:
        LoadRefusedError: a load is under way.
    """
    version = await begin_edition(connection, "replace_network")
    remaining = rows_of(described)
    while chunk := list(islice(remaining, limits.NETWORK_ROWS_PER_WRITE_MAX)):
        await write_rows(connection, version, chunk)
    await finish_edition(connection, version, count_rows(described))
    await put_in_force(connection, version)
    return version


async def begin_edition(connection: Connection, loader: str) -> int:
    """Begin an edition and give its version; takes the place of a loader that died.

    Raises:
        LoadRefusedError: another load is under way.
    """
    version = int(await connection.fetchval(_GIVE_VERSION))
    for row in await connection.fetch(_READ_LOADING):
        other = Loading(*row)
        if other.silent_s < limits.NETWORK_LOADER_SILENT_S_MAX:
            raise LoadRefusedError(
                f"Another network is being loaded ({other.loader}, version {other.version}, "
                f"heard of {other.silent_s:.0f} s ago). Wait for it to end; should it have died, "
                f"loading is possible again {limits.NETWORK_LOADER_SILENT_S_MAX} s after it was "
                "last heard of."
            )
        await drop_edition(connection, other.version)
    await connection.execute(_BEGIN, version, loader)
    return version


async def write_rows(connection: Connection, version: int, rows: Sequence[Row]) -> None:
    """Write rows of an edition, and let it be known that its loader lives.

    Raises:
        LoadRefusedError: another took the edition for left over.
    """
    await stay(connection, version)
    await connection.execute(_INSERT_ROWS, version, *map(list, zip(*rows, strict=True)))


async def stay(connection: Connection, version: int) -> None:
    """Let it be known that the loader of an edition lives.

    Raises:
        LoadRefusedError: another took the edition for left over.
    """
    if await connection.fetchval(_STAY, version, ["LOADING", "PREPARED"]) is None:
        raise _lost(version)


async def finish_edition(connection: Connection, version: int, rows: int) -> None:
    """Say that an edition is complete: processes begin to read it.

    Raises:
        LoadRefusedError: another took the edition for left over.
    """
    await hold_network(connection)
    written = await connection.fetchval(_COUNT_ROWS, version)
    assert written == rows, f"{rows} rows of network version {version}, {written} are there"
    if await connection.fetchval(_MOVE, version, "PREPARED", ["LOADING", "PREPARED"]) is None:
        raise _lost(version)


async def put_in_force(connection: Connection, version: int) -> None:
    """Let a complete edition take the place of the one in force; once done, it stays done.

    Raises:
        LoadRefusedError: another took the edition for left over.
    """
    moved = await connection.fetchval(_SET_VERSION, version)
    stayed = await connection.fetchval(_MOVE, version, "IN_FORCE", ["PREPARED", "IN_FORCE"])
    if stayed is None:
        raise _lost(version)
    if moved is not None:
        await connection.execute(_RETIRE, version)


async def drop_edition(connection: Connection, version: int) -> None:
    """Give up an edition that is not in force."""
    await hold_network(connection)
    await connection.execute(_MOVE, version, "DELETING", ["LOADING", "PREPARED"])


async def find_left_over(connection: Connection) -> bool:
    """Tell whether anything is to be marked."""
    return bool(await connection.fetchval(_FIND_LEFT_OVER, *_LIVES_S))


async def mark_left_over(connection: Connection) -> None:
    """Mark what loaders left that died, and what was in force long enough ago."""
    await hold_network(connection)
    await connection.execute(_MARK_LEFT_OVER, *_LIVES_S)


async def find_deleting(connection: Connection) -> int | None:
    """Give the version of an edition that is to be removed."""
    version: int | None = await connection.fetchval(_READ_DELETING)
    return version


async def delete_some(connection: Connection, version: int) -> int:
    """Remove some rows of an edition marked for it, the edition with the last; gives how many."""
    tag = await connection.execute(_DELETE_ROWS, version, limits.NETWORK_ROWS_PER_WRITE_MAX)
    deleted = int(tag.rpartition(" ")[2])
    if deleted < limits.NETWORK_ROWS_PER_WRITE_MAX:
        await connection.execute(_DELETE_EDITION, version)
    return deleted


def _lost(version: int) -> LoadRefusedError:
    return LoadRefusedError(
        f"Version {version} of the network was given up: this loader was not heard of for "
        f"{limits.NETWORK_LOADER_SILENT_S_MAX} s. Nothing of it is in force; load again."
    )
