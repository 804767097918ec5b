"""Finding what has run out, drafts and stored parcels, and what orders hold."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from entrepot.db.balances import BalanceKeys
from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection
from entrepot.db.locks import SLOT_ARRAYS, slot_columns
from entrepot.db.slot_keys import slot_key
from entrepot.domain.delivery.slot import SlotKey
from entrepot.domain.stock import StockKey

_FIND_OVERDUE = f"""
    SELECT o.business_id, o.id
    FROM orders o
    WHERE o.status = 'RESERVED' AND o.reserved_until <= {NOW_SQL}
    ORDER BY o.reserved_until
    LIMIT $1
"""

_NEXT_OVERDUE = "SELECT min(o.reserved_until) FROM orders o WHERE o.status = 'RESERVED'"
_FIND_STORED = f"""
    SELECT o.business_id, o.id
    FROM orders o
    WHERE o.status = 'PICKUP' AND o.stored_until <= {NOW_SQL}
    ORDER BY o.stored_until
    LIMIT $1
"""
_NEXT_STORAGE_END = """
    SELECT o.stored_until FROM orders o
    WHERE o.status = 'PICKUP' AND o.stored_until IS NOT NULL
    ORDER BY o.stored_until
    LIMIT 1
"""

_FIND_OVERDUE_ON_STOCK = f"""
    SELECT DISTINCT o.business_id, o.id
    FROM orders o
    JOIN order_item i ON i.business_id = o.business_id AND i.order_id = o.id AND i.hold = 'HELD'
    JOIN unnest($1::bigint[], $2::bigint[], $3::text[]) AS k (business_id, warehouse_id, offer_id)
      ON k.business_id = i.business_id AND k.warehouse_id = i.warehouse_id
      AND k.offer_id = i.offer_id
    WHERE o.status = 'RESERVED' AND o.reserved_until <= {NOW_SQL}
    LIMIT $4
"""

_FIND_OVERDUE_ON_SLOTS = f"""
    SELECT o.business_id, o.id
    FROM orders o
    JOIN unnest({SLOT_ARRAYS})
      AS k (place_kind, place_id, day, from_minute, to_minute)
      ON o.place_kind = k.place_kind AND o.place_id = k.place_id AND o.slot_day = k.day
      AND o.slot_from_minute = k.from_minute AND o.slot_to_minute = k.to_minute
    WHERE o.status = 'RESERVED' AND o.reserved_until <= {NOW_SQL} AND o.slot_hold = 'HELD'
    LIMIT $6
"""

_READ_HOLDS = """
    SELECT i.order_id, i.warehouse_id, i.offer_id, NULL, NULL, NULL, NULL, NULL
    FROM order_item i
    WHERE i.business_id = $1 AND i.order_id = ANY($2::bigint[]) AND i.hold = 'HELD'
    UNION ALL
    SELECT o.id, NULL, NULL, o.place_kind, o.place_id, o.slot_day, o.slot_from_minute,
      o.slot_to_minute
    FROM orders o
    WHERE o.business_id = $1 AND o.id = ANY($2::bigint[]) AND o.slot_hold = 'HELD'
"""


class OrderKey(NamedTuple):
    """Identity of an order, in the order in which orders are locked."""

    business_id: int
    order_id: int


async def find_overdue(connection: Connection, orders_max: int) -> list[OrderKey]:
    """Find drafts that have run out, the oldest first."""
    return [OrderKey(*row) for row in await connection.fetch(_FIND_OVERDUE, orders_max)]


async def next_overdue(connection: Connection) -> datetime | None:
    """Tell when the next draft runs out, or ran out; None when there is none."""
    moment: datetime | None = await connection.fetchval(_NEXT_OVERDUE)
    return moment


async def find_stored_too_long(connection: Connection, orders_max: int) -> list[OrderKey]:
    """Find orders whose points have kept them long enough, the longest first."""
    return [OrderKey(*row) for row in await connection.fetch(_FIND_STORED, orders_max)]


async def next_storage_end(connection: Connection) -> datetime | None:
    """Tell when a point will have kept a parcel long enough that is there now."""
    moment: datetime | None = await connection.fetchval(_NEXT_STORAGE_END)
    return moment


async def find_overdue_on(
    connection: Connection,
    stock: Collection[StockKey],
    slots: Collection[SlotKey],
    orders_max: int,
) -> list[OrderKey]:
    """Find drafts that have run out and hold some of this stock or these slots."""
    found = await connection.fetch(
        _FIND_OVERDUE_ON_STOCK,
        [key.business_id for key in stock],
        [key.warehouse_id for key in stock],
        [key.offer_id for key in stock],
        orders_max,
    )
    found += await connection.fetch(_FIND_OVERDUE_ON_SLOTS, *slot_columns(slots), orders_max)
    return sorted({OrderKey(*row) for row in found})


async def read_holds(
    connection: Connection, business_id: int, order_ids: Collection[int]
) -> dict[int, BalanceKeys]:
    """Tell which rows each of these orders holds."""
    found: dict[int, BalanceKeys] = {}
    for row in await connection.fetch(_READ_HOLDS, business_id, list(order_ids)):
        holds = found.setdefault(row[0], BalanceKeys(set(), set()))
        if row[3] is None:
            holds.stock.add(StockKey(business_id, row[1], row[2]))
        else:
            holds.slots.add(slot_key(*row[3:8]))
    return found
