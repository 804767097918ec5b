"""The delivery network in the database: read as one snapshot, replaced as a whole.

Rows travel as JSON in both directions, so that PostgreSQL and msgspec do the work on a hundred
thousand points, and so that one statement reads everything: its snapshot is that of the version
read with it, without a transaction.
"""

from collections.abc import Iterable
from itertools import islice
from typing import TypeVar

import msgspec

from entrepot.db.connection import Connection
from entrepot.db.network_rows import (
    IntervalRow,
    PointRow,
    WarehouseRow,
    ZoneRow,
    interval_rows,
    point_of,
    point_row,
    warehouse_of,
    warehouse_row,
    zone_of_rows,
    zone_row,
)
from entrepot.domain.delivery.calendar import Calendar
from entrepot.domain.network import Lane, NetworkDescription
from entrepot.domain.regions import Region

_ROWS_PER_INSERT_MAX = 10_000  # a statement of some megabytes

_Row = TypeVar("_Row", bound=msgspec.Struct)

_TABLES = (
    "region",
    "calendar",
    "warehouse",
    "logistic_point",
    "courier_zone",
    "courier_interval",
    "lane",
)
_READ_VERSION = "SELECT version FROM network_version"
_READ = "SELECT 'version' AS kind, version::text AS body FROM network_version" + "".join(
    f" UNION ALL SELECT '{table}', row_to_json({table})::text FROM {table}" for table in _TABLES
)
_HOLD = "UPDATE network_version SET version = version WHERE id = 1"
_RAISE_VERSION = "UPDATE network_version SET version = version + 1 WHERE id = 1 RETURNING version"


class StoredNetwork(msgspec.Struct, frozen=True):
    """A network as it is stored, with the version that it has."""

    version: int
    described: NetworkDescription


async def read_version(connection: Connection) -> int:
    """Give the version of the network in force."""
    return int(await connection.fetchval(_READ_VERSION))


async def read_network(connection: Connection) -> StoredNetwork:
    """Read the network in force with its version, as of one moment."""
    bodies: dict[str, list[str]] = {kind: [] for kind in ("version", *_TABLES)}
    for row in await connection.fetch(_READ):
        bodies[row["kind"]].append(row["body"])
    intervals: dict[int, list[IntervalRow]] = {}
    for interval in _decoded(bodies["courier_interval"], IntervalRow):
        intervals.setdefault(interval.zone_id, []).append(interval)
    zones = _decoded(bodies["courier_zone"], ZoneRow)
    described = NetworkDescription(
        regions=tuple(_decoded(bodies["region"], Region)),
        calendars=tuple(_decoded(bodies["calendar"], Calendar)),
        warehouses=tuple(map(warehouse_of, _decoded(bodies["warehouse"], WarehouseRow))),
        points=tuple(map(point_of, _decoded(bodies["logistic_point"], PointRow))),
        zones=tuple(zone_of_rows(row, intervals.get(row.id, [])) for row in zones),
        lanes=tuple(_decoded(bodies["lane"], Lane)),
    )
    return StoredNetwork(int(bodies["version"][0]), described)


async def hold_network(connection: Connection) -> None:
    """Keep everybody else from replacing the network until the transaction ends."""
    await connection.execute(_HOLD)


async def replace_network(connection: Connection, described: NetworkDescription) -> int:
    """Put a network in the place of the one in force, and give its version.

    Runs in the caller's transaction. The version is raised first, so that a second loader
    waits for this one; readers never wait. What is given must have been built once
    (`build_network`): the tables check less than it does.
    """
    version = await connection.fetchval(_RAISE_VERSION)
    for table, rows in _rows(described):
        await connection.execute(f"DELETE FROM {table}")
        remaining = iter(rows)
        while chunk := list(islice(remaining, _ROWS_PER_INSERT_MAX)):
            await connection.execute(
                f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, $1)",
                msgspec.json.encode(chunk).decode(),
            )
    return int(version)


def _decoded(bodies: list[str], row_type: type[_Row]) -> list[_Row]:
    decode = msgspec.json.Decoder(row_type).decode
    return [decode(body) for body in bodies]


def _rows(described: NetworkDescription) -> tuple[tuple[str, Iterable[msgspec.Struct]], ...]:
    return (
        ("region", described.regions),
        ("calendar", described.calendars),
        ("warehouse", map(warehouse_row, described.warehouses)),
        ("logistic_point", map(point_row, described.points)),
        ("courier_zone", map(zone_row, described.zones)),
        ("courier_interval", (row for zone in described.zones for row in interval_rows(zone))),
        ("lane", described.lanes),
    )
