"""Goods in totes and parcels whose order was cancelled: they go back to their shelves."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from entrepot.db.connection import Connection
from entrepot.domain.picking import WorkStep

_IN_HAND = "w.step IN ('PICKING', 'PICKED', 'ASIDE', 'PACKED')"
_READ = f"""
    SELECT k.business_id, k.order_id, k.pick_list_id, k.tote, k.step, p.offer_id, p.shelf, p.picked
    FROM (
      SELECT w.business_id, w.order_id, w.pick_list_id, w.tote, w.step, w.updated_at
      FROM order_work w
      JOIN orders o ON o.business_id = w.business_id AND o.id = w.order_id
      WHERE {_IN_HAND} AND o.status = 'CANCELLED' AND o.warehouse_id = $1
      ORDER BY w.updated_at, w.business_id, w.order_id
      LIMIT $2
    ) k
    LEFT JOIN LATERAL (
      SELECT i.offer_id, s.shelf, p.picked, p.position
      FROM picked_item p
      JOIN order_item i ON i.business_id = p.business_id AND i.order_id = p.order_id
        AND i.position = p.position
      LEFT JOIN shelf s ON s.business_id = i.business_id AND s.warehouse_id = $1
        AND s.offer_id = i.offer_id
      WHERE p.business_id = k.business_id AND p.order_id = k.order_id AND p.picked > 0
    ) p ON true
    ORDER BY k.updated_at, k.business_id, k.order_id, p.position
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
    found: dict[tuple[int, int], PutBack] = {}
    for row in await connection.fetch(_READ, warehouse_id, orders_max):
        key = (row[0], row[1])
        items = () if row[5] is None else (PutBackPieces(row[5], row[6], row[7]),)
        before = found.get(key)
        if before is not None:
            found[key] = msgspec.structs.replace(before, items=before.items + items)
        else:
            found[key] = PutBack(*key, row[2], row[3], WorkStep(row[4]), items)
    return tuple(found.values())


async def set_put_back(
    connection: Connection, business_id: int, order_id: int, now: datetime
) -> bool:
    """Say that the goods of an order are back; False when it is not cancelled, or never begun."""
    tag = await connection.execute(_SET, business_id, order_id, now)
    return tag == "UPDATE 1"
