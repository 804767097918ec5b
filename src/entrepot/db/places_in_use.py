"""Which places of a network hold something: asked before they leave it.

Nothing is locked: an order may come in a moment later. It is kept, as every order whose place
has left the network is; what this spares an operator is a surprise.
"""

from collections.abc import Collection

import msgspec

from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection
from entrepot.domain.delivery.slot import PlaceKind

# A parcel may lie at its point for a month after its day; older ones have ended.
_DAYS_BACK = 31
_PLACES_PER_STATEMENT_MAX = 10_000

_WAREHOUSES = """
    SELECT k.id, sum(s.fit + s.defect + s.quarantine + s.expired + s.utilization) AS pieces,
      sum(s.held) AS held
    FROM unnest($1::bigint[]) AS k (id)
    CROSS JOIN business b
    JOIN stock s ON s.business_id = b.id AND s.warehouse_id = k.id
    GROUP BY k.id
    HAVING sum(s.fit + s.defect + s.quarantine + s.expired + s.utilization) > 0
    ORDER BY k.id
"""
_SLOTS = f"""
    SELECT s.place_id, sum(s.held) AS held
    FROM slot s
    WHERE s.place_kind = $1 AND s.place_id = ANY($2::bigint[]) AND s.held > 0
      AND s.day >= ({NOW_SQL} - interval '{_DAYS_BACK} days')::date
    GROUP BY s.place_id ORDER BY s.place_id
"""


class WarehouseInUse(msgspec.Struct, frozen=True):
    """A warehouse with pieces in it, of which orders hold some."""

    id: int
    pieces: int
    held: int


class PlaceInUse(msgspec.Struct, frozen=True):
    """A point or a zone with orders on their way to it, or waiting there."""

    kind: PlaceKind
    id: int
    orders: int


async def warehouses_in_use(
    connection: Connection, warehouse_ids: Collection[int]
) -> list[WarehouseInUse]:
    """Find those of the warehouses in which anything lies."""
    rows = await connection.fetch(_WAREHOUSES, list(warehouse_ids))
    return [WarehouseInUse(row["id"], int(row["pieces"]), int(row["held"])) for row in rows]


async def places_in_use(
    connection: Connection, kind: PlaceKind, place_ids: Collection[int]
) -> list[PlaceInUse]:
    """Find those of the points or zones that orders of the last month and later are to reach."""
    ordered = sorted(place_ids)
    found: list[PlaceInUse] = []
    for start in range(0, len(ordered), _PLACES_PER_STATEMENT_MAX):
        chunk = ordered[start : start + _PLACES_PER_STATEMENT_MAX]
        rows = await connection.fetch(_SLOTS, str(kind.value), chunk)
        found += [PlaceInUse(kind, row["place_id"], int(row["held"])) for row in rows]
    return found
