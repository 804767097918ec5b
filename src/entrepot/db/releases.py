"""Giving back what orders hold, and finding the drafts that have run out.

A balance goes down by exactly what this transaction turned from held to released, so releasing
twice, or releasing an order that held nothing, takes nothing.
"""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from entrepot.db import balances
from entrepot.db.balances import BalanceKeys
from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection
from entrepot.db.locks import SLOT_ARRAYS, slot_columns
from entrepot.domain.delivery.slot import PlaceKind, SlotKey
from entrepot.domain.stock import StockKey

_FIND_OVERDUE = f"""
    SELECT o.business_id, o.id
    FROM orders o
    WHERE o.status = 'RESERVED' AND o.reserved_until <= {NOW_SQL}
    ORDER BY o.reserved_until
    LIMIT $1
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

# Statements below run under the locks of the orders they name.
_READ_OVERDUE = f"""
    SELECT o.id FROM orders o
    WHERE o.business_id = $1 AND o.id = ANY($2::bigint[])
      AND draft_overdue(o.status, o.reserved_until, {NOW_SQL})
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

_RELEASE_ITEMS = """
    UPDATE order_item SET hold = 'RELEASED'
    WHERE business_id = $1 AND order_id = ANY($2::bigint[]) AND hold = 'HELD'
    RETURNING warehouse_id, offer_id, count
"""

_RELEASE_SLOTS = """
    UPDATE orders SET slot_hold = 'RELEASED'
    WHERE business_id = $1 AND id = ANY($2::bigint[]) AND slot_hold = 'HELD'
    RETURNING place_kind, place_id, slot_day, slot_from_minute, slot_to_minute
"""

# A draft ends at the moment it ran out, whenever that is noticed.
_EXPIRE = """
    UPDATE orders
    SET status = 'CANCELLED', substatus = 'RESERVATION_EXPIRED', event_seq = event_seq + 1,
        updated_at = reserved_until
    WHERE business_id = $1 AND id = ANY($2::bigint[])
    RETURNING id, event_seq, reserved_until
"""

_INSERT_EXPIRY_EVENTS = """
    INSERT INTO order_event
      (business_id, order_id, seq, kind, status, substatus, actor, happened_at)
    SELECT $1, k.id, k.seq, 'STATUS_CHANGED', 'CANCELLED', 'RESERVATION_EXPIRED', 'TIMER', k.moment
    FROM unnest($2::bigint[], $3::integer[], $4::timestamptz[]) AS k (id, seq, moment)
    ON CONFLICT (business_id, order_id, seq) DO NOTHING
"""


class OrderKey(NamedTuple):
    """Identity of an order, in the order in which orders are locked."""

    business_id: int
    order_id: int


async def find_overdue(connection: Connection, orders_max: int) -> list[OrderKey]:
    """Find drafts that have run out, the oldest first."""
    return [OrderKey(*row) for row in await connection.fetch(_FIND_OVERDUE, orders_max)]


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


async def read_overdue(
    connection: Connection, business_id: int, order_ids: Collection[int]
) -> list[int]:
    """Tell which locked orders are drafts that have run out."""
    return [row[0] for row in await connection.fetch(_READ_OVERDUE, business_id, list(order_ids))]


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
            holds.slots.add(_slot(row[3:8]))
    return found


async def release_holds(
    connection: Connection, business_id: int, order_ids: Collection[int]
) -> None:
    """Give back what locked orders hold; stock and slots must be locked too."""
    ids = list(order_ids)
    stock: Counter[StockKey] = Counter()
    for row in await connection.fetch(_RELEASE_ITEMS, business_id, ids):
        stock[StockKey(business_id, row[0], row[1])] -= row[2]
    slots: Counter[SlotKey] = Counter()
    for row in await connection.fetch(_RELEASE_SLOTS, business_id, ids):
        slots[_slot(row)] -= 1
    await balances.change_stock(connection, stock)
    await balances.change_slots(connection, slots)


async def expire(connection: Connection, business_id: int, order_ids: Collection[int]) -> None:
    """Turn locked overdue drafts into cancelled orders and tell of it in their history."""
    rows: list[tuple[int, int, datetime]] = await connection.fetch(
        _EXPIRE, business_id, list(order_ids)
    )
    ids, sequence, moments = map(list, zip(*rows, strict=True))
    tag = await connection.execute(_INSERT_EXPIRY_EVENTS, business_id, ids, sequence, moments)
    balances.require_rows(tag, len(rows))


def _slot(row: Collection[object]) -> SlotKey:
    place_kind, *rest = row
    return SlotKey(PlaceKind(place_kind), *rest)  # type: ignore[arg-type]
