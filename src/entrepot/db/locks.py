"""The row locks, and their one order: clock, orders, hand-over, stock, slots, then inserts by key.

Every transaction takes what it needs in this order and each kind sorted by its key, so no two
can wait for each other in a circle. A batch may write its own new orders between clock and
stock: nobody else writes rows of these keys, but for a second attempt at the same batch, which
holds no row yet. A locking statement returns nothing but columns of the rows it locked:
whatever else it read could be older than the wait for the lock.

`FOR NO KEY UPDATE`: keys never change, and a reader of keys need not wait.
"""

from collections.abc import Collection
from typing import NamedTuple

from entrepot.db.columns import column
from entrepot.db.connection import Connection
from entrepot.db.slot_keys import slot_key
from entrepot.domain.delivery.slot import SlotKey
from entrepot.domain.stock import StockKey, StockRow

# Slot keys as statements unnest them; `slot_columns` gives the values.
SLOT_ARRAYS = (
    "$1::text::text[], $2::text::bigint[], $3::text::date[], "
    "$4::text::smallint[], $5::text::smallint[]"
)

_LOCK_ORDERS = """
    SELECT o.id
    FROM orders o
    WHERE o.business_id = $1 AND o.id = ANY($2::bigint[])
    ORDER BY o.business_id, o.id
    FOR NO KEY UPDATE
"""

_LOCK_HANDOVER = """
    SELECT h.id FROM handover h WHERE h.business_id = $1 AND h.id = $2 FOR NO KEY UPDATE
"""

_LOCK_STOCK = """
    SELECT s.business_id, s.warehouse_id, s.offer_id, s.fit, s.held
    FROM unnest($1::text::bigint[], $2::text::bigint[], $3::text::text[])
      AS k (business_id, warehouse_id, offer_id)
    JOIN stock s ON s.business_id = k.business_id AND s.warehouse_id = k.warehouse_id
      AND s.offer_id = k.offer_id AND s.business_id = ANY($4::bigint[])
    ORDER BY s.business_id, s.warehouse_id, s.offer_id
    FOR NO KEY UPDATE OF s
"""

_LOCK_SLOTS = f"""
    SELECT s.place_kind, s.place_id, s.day, s.from_minute, s.to_minute, s.held
    FROM unnest({SLOT_ARRAYS})
      AS k (place_kind, place_id, day, from_minute, to_minute)
    JOIN slot s ON s.place_kind = k.place_kind AND s.place_id = k.place_id AND s.day = k.day
      AND s.from_minute = k.from_minute AND s.to_minute = k.to_minute
    ORDER BY s.place_kind, s.place_id, s.day, s.from_minute, s.to_minute
    FOR NO KEY UPDATE OF s
"""

# Which rows nobody holds. Never decides a balance: it only tells who has to wait.
_FREE_ORDERS = """
    SELECT o.business_id, o.id
    FROM unnest($1::bigint[], $2::bigint[]) AS k (business_id, id)
    JOIN orders o ON o.business_id = k.business_id AND o.id = k.id
      AND o.business_id = ANY($3::bigint[])
    ORDER BY o.business_id, o.id
    FOR NO KEY UPDATE OF o SKIP LOCKED
"""
_FREE_STOCK = f"{_LOCK_STOCK} SKIP LOCKED"
_FREE_SLOTS = f"{_LOCK_SLOTS} SKIP LOCKED"
_READ_STOCK = _LOCK_STOCK.replace("FOR NO KEY UPDATE OF s", "")
_READ_SLOTS = _LOCK_SLOTS.replace("FOR NO KEY UPDATE OF s", "")


class Held(NamedTuple):
    """Rows that are locked, with the values they have now; a missing row does not exist."""

    stock: dict[StockKey, StockRow]
    slots: dict[SlotKey, int]


async def lock_orders(
    connection: Connection, business_id: int, order_ids: Collection[int]
) -> list[int]:
    """Lock orders of one business; gives the ids that exist, ascending."""
    rows = await connection.fetch(_LOCK_ORDERS, business_id, sorted(set(order_ids)))
    return [row[0] for row in rows]


async def lock_handover(connection: Connection, business_id: int, handover_id: int) -> bool:
    """Lock a hand-over; False when there is none such."""
    return await connection.fetchval(_LOCK_HANDOVER, business_id, handover_id) is not None


async def lock_stock(
    connection: Connection, keys: Collection[StockKey]
) -> dict[StockKey, StockRow]:
    """Lock stock rows, those that exist."""
    return await _stock(connection, _LOCK_STOCK, keys)


async def lock_slots(connection: Connection, keys: Collection[SlotKey]) -> dict[SlotKey, int]:
    """Lock slot rows, those that exist; gives how many parcels hold each."""
    return await _slots(connection, _LOCK_SLOTS, keys)


async def lock_balances(
    connection: Connection, stock: Collection[StockKey], slots: Collection[SlotKey]
) -> Held:
    """Lock stock, then slots."""
    return Held(await lock_stock(connection, stock), await lock_slots(connection, slots))


async def busy_orders(
    connection: Connection, keys: Collection[tuple[int, int]]
) -> set[tuple[int, int]]:
    """Tell which of these orders, by business and id, other transactions hold at the moment."""
    if not keys:
        return set()
    businesses, order_ids = map(list, zip(*keys, strict=True))
    rows = await connection.fetch(_FREE_ORDERS, businesses, order_ids, sorted(set(businesses)))
    return set(keys) - {(row[0], row[1]) for row in rows}


async def busy_balances(
    connection: Connection, stock: Collection[StockKey], slots: Collection[SlotKey]
) -> tuple[set[StockKey], set[SlotKey]]:
    """Tell which of these rows other transactions hold at the moment."""
    free_stock = await _stock(connection, _FREE_STOCK, stock)
    free_slots = await _slots(connection, _FREE_SLOTS, slots)
    all_stock = await _stock(connection, _READ_STOCK, stock)
    all_slots = await _slots(connection, _READ_SLOTS, slots)
    return all_stock.keys() - free_stock.keys(), all_slots.keys() - free_slots.keys()


async def _stock(
    connection: Connection, statement: str, keys: Collection[StockKey]
) -> dict[StockKey, StockRow]:
    if not keys:
        return {}
    ordered = sorted(set(keys))
    businesses = sorted({key.business_id for key in ordered})
    rows = await connection.fetch(statement, *stock_columns(ordered), businesses)
    return {StockKey(row[0], row[1], row[2]): StockRow(row[3], row[4]) for row in rows}


async def _slots(
    connection: Connection, statement: str, keys: Collection[SlotKey]
) -> dict[SlotKey, int]:
    if not keys:
        return {}
    rows = await connection.fetch(statement, *slot_columns(sorted(set(keys))))
    return {slot_key(*key): held for *key, held in rows}


def stock_columns(keys: Collection[StockKey]) -> tuple[str, ...]:
    """Give stock keys as three columns: business, warehouse and offer."""
    return tuple(map(column, zip(*keys, strict=True))) if keys else (column(()),) * 3


def slot_columns(keys: Collection[SlotKey]) -> tuple[str, ...]:
    """Give slot keys as the five columns of `SLOT_ARRAYS`."""
    return tuple(map(column, zip(*keys, strict=True))) if keys else (column(()),) * 5
