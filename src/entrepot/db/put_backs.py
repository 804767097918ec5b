"""Goods in totes and parcels whose order was cancelled: they go back to their shelves."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from entrepot.db.connection import Connection
from entrepot.domain.picking import WorkStep

_IN_HAND = "w.step IN ('PICKING', 'PICKED', 'ASIDE', 'PACKED')"
_READ = f"""
    SELECT w.business_id, w.order_id, w.pick_list_id, w.tote, w.step
    FROM order_work w
    JOIN orders o ON o.business_id = w.business_id AND o.id = w.order_id
    WHERE {_IN_HAND} AND o.status = 'CANCELLED' AND o.warehouse_id = $1
    ORDER BY w.updated_at, w.business_id, w.order_id
    LIMIT $2
"""
_READ_PIECES = """
    SELECT p.business_id, p.order_id, i.offer_id, s.shelf, p.picked
    FROM picked_item p
    JOIN order_item i ON i.business_id = p.business_id AND i.order_id = p.order_id
      AND i.position = p.position
    LEFT JOIN shelf s ON s.business_id = i.business_id AND s.warehouse_id = i.warehouse_id
      AND s.offer_id = i.offer_id
    WHERE p.business_id = ANY($1::bigint[]) AND p.order_id = ANY($2::bigint[]) AND p.picked > 0
    ORDER BY p.business_id, p.order_id, p.position
"""
# A cancelled order moves no more, so what is read with it here stays so.
_SET = """
    UPDATE order_work w SET step = 'PUT_BACK', updated_at = $3
    FROM orders o
    WHERE w.business_id = $1 AND w.order_id = $2 AND o.business_id = $1
      AND o.business_id = w.business_id AND o.id = w.order_id AND o.status = 'CANCELLED'
      AND w.step <> 'HANDED_OVER'
"""


class PutBackPieces(NamedTuple):
    """Pieces of an offer, and the shelf they belong to."""

    offer_id: str
    shelf: str | None
    pieces: int


class PutBack(msgspec.Struct, frozen=True):
    """A cancelled order whose goods are still in a tote or in parcels."""

    business_id: int
    order_id: int
    pick_list_id: int
    tote: int
    step: WorkStep
    items: tuple[PutBackPieces, ...]


async def read_put_backs(
    connection: Connection, warehouse_id: int, orders_max: int
) -> tuple[PutBack, ...]:
    """Read what must go back to the shelves of a warehouse, the longest waiting first."""
    rows = await connection.fetch(_READ, warehouse_id, orders_max)
    pieces: dict[tuple[int, int], list[PutBackPieces]] = {(row[0], row[1]): [] for row in rows}
    if rows:
        keys = map(list, zip(*pieces, strict=True))
        for row in await connection.fetch(_READ_PIECES, *keys):
            pieces[row[0], row[1]].append(PutBackPieces(row[2], row[3], row[4]))
    return tuple(
        PutBack(row[0], row[1], row[2], row[3], WorkStep(row[4]), tuple(pieces[row[0], row[1]]))
        for row in rows
    )


async def set_put_back(
    connection: Connection, business_id: int, order_id: int, now: datetime
) -> bool:
    """Say that the goods of an order are back; False when it is not cancelled, or never begun."""
    tag = await connection.execute(_SET, business_id, order_id, now)
    return tag == "UPDATE 1"
