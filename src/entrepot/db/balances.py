"""Stock and slots as balances of holds: taken by placing, given back or sent by moves.

Only transactions that hold the rows' locks (db/locks.py) may call what is here.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from entrepot.db.columns import arrays, column
from entrepot.db.connection import Connection
from entrepot.db.locks import slot_columns, stock_columns
from entrepot.db.transaction import LostRaceError
from entrepot.domain.delivery.slot import SlotKey
from entrepot.domain.stock import StockKey

STOCK_KINDS = ("bigint", "bigint", "text", "integer")
SLOT_KINDS = ("text", "bigint", "date", "smallint", "smallint", "integer")


def change_stock_sql(first: int = 1) -> str:
    """Write the statement whose parameters, from `first` on, are `stock_change`."""
    return f"""
        UPDATE stock s SET held = s.held + k.delta
        FROM unnest({arrays(STOCK_KINDS, first)})
          AS k (business_id, warehouse_id, offer_id, delta)
        WHERE s.business_id = k.business_id AND s.warehouse_id = k.warehouse_id
          AND s.offer_id = k.offer_id
          AND s.business_id = ANY(${first + len(STOCK_KINDS)}::bigint[])
    """


def change_slots_sql(first: int = 1) -> str:
    """Write the statement whose parameters, from `first` on, are `slot_change`."""
    return f"""
        UPDATE slot s SET held = s.held + k.delta
        FROM unnest({arrays(SLOT_KINDS, first)})
          AS k (place_kind, place_id, day, from_minute, to_minute, delta)
        WHERE s.place_kind = k.place_kind AND s.place_id = k.place_id AND s.day = k.day
          AND s.from_minute = k.from_minute AND s.to_minute = k.to_minute
    """


_CHANGE_STOCK = change_stock_sql()
_CHANGE_SLOTS = change_slots_sql()
_SHIP_STOCK = """
    UPDATE stock s SET held = s.held - k.count, fit = s.fit - k.count, updated_at = $2
    FROM unnest($3::bigint[], $4::text[], $5::integer[]) AS k (warehouse_id, offer_id, count)
    WHERE s.business_id = $1 AND s.warehouse_id = k.warehouse_id AND s.offer_id = k.offer_id
"""
_JOURNAL_SHIPMENTS = """
    INSERT INTO stock_movement
      (business_id, moved_at, reason, pile, warehouse_id, offer_id, order_id, delta)
    SELECT $1, $2, 'SHIPPED', 'FIT', k.*
    FROM unnest($3::bigint[], $4::text[], $5::bigint[], $6::integer[]) AS k
    RETURNING id
"""
_INSERT_SLOTS = f"""
    INSERT INTO slot (place_kind, place_id, day, from_minute, to_minute, held)
    SELECT k.place_kind, k.place_id, k.day, k.from_minute, k.to_minute, k.held
    FROM unnest({arrays(SLOT_KINDS)})
      AS k (place_kind, place_id, day, from_minute, to_minute, held)
    ORDER BY k.place_kind, k.place_id, k.day, k.from_minute, k.to_minute
    ON CONFLICT (place_kind, place_id, day, from_minute, to_minute) DO NOTHING
"""


class Shipment(NamedTuple):
    """Pieces of an offer that leave the warehouse with an order, which held them."""

    key: StockKey
    order_id: int
    pieces: int


class BalanceKeys(NamedTuple):
    """Some rows of stock and some slots."""

    stock: set[StockKey]
    slots: set[SlotKey]


def together(keys: Iterable[BalanceKeys]) -> BalanceKeys:
    """Unite rows."""
    united = BalanceKeys(set(), set())
    for one in keys:
        united.stock.update(one.stock)
        united.slots.update(one.slots)
    return united


def stock_change(deltas: Mapping[StockKey, int]) -> tuple[object, ...]:
    """Give the parameters of `change_stock_sql`."""
    return (
        *stock_columns(deltas),
        column(deltas.values()),
        sorted({key.business_id for key in deltas}),
    )


def slot_change(deltas: Mapping[SlotKey, int]) -> tuple[object, ...]:
    """Give the parameters of `change_slots_sql`."""
    return (*slot_columns(deltas), column(deltas.values()))


async def change_stock(connection: Connection, deltas: Mapping[StockKey, int]) -> None:
    """Add to what is held of each offer; negative gives back."""
    if not deltas:
        return
    tag = await connection.execute(_CHANGE_STOCK, *stock_change(deltas))
    require_rows(tag, len(deltas))


async def ship_stock(
    connection: Connection, business_id: int, shipments: Sequence[Shipment], now: datetime
) -> None:
    """Take pieces out of the warehouse, and out of what is held; the journal tells of each."""
    if not shipments:
        return
    sent: Counter[StockKey] = Counter()
    for one in shipments:
        sent[one.key] += one.pieces
    tag = await connection.execute(
        _SHIP_STOCK,
        business_id,
        now,
        [key.warehouse_id for key in sent],
        [key.offer_id for key in sent],
        list(sent.values()),
    )
    require_rows(tag, len(sent))
    await connection.fetch(
        _JOURNAL_SHIPMENTS,
        business_id,
        now,
        [one.key.warehouse_id for one in shipments],
        [one.key.offer_id for one in shipments],
        [one.order_id for one in shipments],
        [-one.pieces for one in shipments],
    )


async def change_slots(connection: Connection, deltas: Mapping[SlotKey, int]) -> None:
    """Add to how many parcels hold each slot; negative gives back."""
    if not deltas:
        return
    tag = await connection.execute(_CHANGE_SLOTS, *slot_change(deltas))
    require_rows(tag, len(deltas))


async def insert_slots(connection: Connection, held: Mapping[SlotKey, int]) -> None:
    """Make the rows of slots that are used for the first time.

    Raises:
        LostRaceError: another transaction made one of them first.
    """
    if not held:
        return
    tag = await connection.execute(_INSERT_SLOTS, *slot_change(held))
    require_rows(tag, len(held))


def require_rows(tag: str, rows: int) -> None:
    """Check that a statement touched as many rows as it had to.

    Raises:
        LostRaceError: it did not; the transaction must be rolled back and run again.
    """
    if int(tag.rpartition(" ")[2]) != rows:
        message = f"{tag}, not {rows} rows"
        raise LostRaceError(message)
