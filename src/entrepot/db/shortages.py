"""Pieces that were not on their shelf: what an order lacks, and whether it still holds the item."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from entrepot.db import balances
from entrepot.db.balances import require_rows
from entrepot.db.connection import Connection
from entrepot.domain.stock import StockKey

_READ = """
    SELECT s.position, i.warehouse_id, i.offer_id, i.count, s.missing, s.released
    FROM shortage s
    JOIN order_item i ON i.business_id = s.business_id AND i.order_id = s.order_id
      AND i.position = s.position AND i.business_id = $1
    WHERE s.business_id = $1 AND s.order_id = $2
    ORDER BY s.position
"""
_INSERT = """
    INSERT INTO shortage
      (business_id, order_id, position, missing, released, reported_by, reported_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_DELETE = "DELETE FROM shortage WHERE business_id = $1 AND order_id = $2"
_SET_HOLDS = """
    UPDATE order_item SET hold = $4
    WHERE business_id = $1 AND order_id = $2 AND position = ANY($3::smallint[]) AND hold = $5
    RETURNING warehouse_id, offer_id, count
"""
_EMPTY_TOTE = """
    UPDATE picked_item SET picked = 0
    WHERE business_id = $1 AND order_id = $2 AND position = $3
"""


class Shortage(msgspec.Struct, frozen=True):
    """An item of an order that lacks pieces; `released` says that the order holds none of it."""

    position: int
    key: StockKey
    count: int
    missing: int
    released: bool


async def read_shortages(
    connection: Connection, business_id: int, order_id: int
) -> tuple[Shortage, ...]:
    """Read what a locked order lacks."""
    rows = await connection.fetch(_READ, business_id, order_id)
    return tuple(
        Shortage(row[0], StockKey(business_id, row[1], row[2]), row[3], row[4], row[5])
        for row in rows
    )


async def insert_shortage(
    connection: Connection, order_id: int, shortage: Shortage, reported_by: str, now: datetime
) -> None:
    """Write down what a locked order lacks.

    With `released` the order gives back the whole item, and what of it lies in the tote goes back
    to the shelf; the stock row must be locked too.
    """
    business_id = shortage.key.business_id
    await connection.execute(
        _INSERT,
        business_id,
        order_id,
        shortage.position,
        shortage.missing,
        shortage.released,
        reported_by,
        now,
    )
    if shortage.released:
        await _set_holds(connection, business_id, order_id, [shortage], "HELD", "RELEASED")
        await connection.execute(_EMPTY_TOTE, business_id, order_id, shortage.position)


async def end_shortages(
    connection: Connection, business_id: int, order_id: int, shortages: Sequence[Shortage]
) -> None:
    """Let a locked order hold again what it gave back; the stock rows must be locked too."""
    released = [one for one in shortages if one.released]
    if released:
        await _set_holds(connection, business_id, order_id, released, "RELEASED", "HELD")
    await connection.execute(_DELETE, business_id, order_id)


async def _set_holds(
    connection: Connection,
    business_id: int,
    order_id: int,
    shortages: Sequence[Shortage],
    was: str,
    becomes: str,
) -> None:
    positions = [one.position for one in shortages]
    rows = await connection.fetch(_SET_HOLDS, business_id, order_id, positions, becomes, was)
    require_rows(f"UPDATE {len(rows)}", len(positions))
    sign = 1 if becomes == "HELD" else -1
    await balances.change_stock(
        connection, {StockKey(business_id, row[0], row[1]): sign * row[2] for row in rows}
    )
