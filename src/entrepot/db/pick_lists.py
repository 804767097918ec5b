"""Pick lists: which orders wait, which are on a list, and what was picked of them.

Whatever changes the work on an order holds that order's lock.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from entrepot import limits
from entrepot.db.balances import require_rows
from entrepot.db.connection import Connection
from entrepot.domain.picking import Candidate, PickLine, WorkStep

# An order that somebody may begin with. One that is to be cancelled is not begun.
_WAITS = """
    o.warehouse_id = $1 AND o.status = 'PROCESSING' AND o.substatus = 'STARTED' AND NOT o.fake
    AND o.cancellation IS NULL
    AND NOT EXISTS (
      SELECT FROM order_work w WHERE w.business_id = o.business_id AND w.order_id = o.id
    )
"""
_MOST_URGENT = f"""
    SELECT o.business_id FROM orders o
    WHERE {_WAITS}
    ORDER BY o.shipment_day, o.created_at, o.business_id, o.id
    LIMIT 1
"""
_CANDIDATES = f"""
    SELECT k.id, k.shipment_day, sum(i.count), array_agg(coalesce(s.shelf, i.offer_id))
    FROM (
      SELECT o.id, o.shipment_day, o.created_at FROM orders o
      WHERE {_WAITS} AND o.business_id = $2
      ORDER BY o.shipment_day, o.created_at, o.id
      LIMIT $3
    ) k
    JOIN order_item i ON i.business_id = $2 AND i.order_id = k.id
    LEFT JOIN shelf s ON s.business_id = i.business_id AND s.business_id = $2
      AND s.warehouse_id = $1 AND s.offer_id = i.offer_id
    GROUP BY k.id, k.shipment_day, k.created_at
    ORDER BY k.shipment_day, k.created_at, k.id
"""
_STILL_WAIT = f"""
    SELECT o.id FROM orders o WHERE {_WAITS} AND o.business_id = $2 AND o.id = ANY($3::bigint[])
"""

_NEXT_ID = "SELECT nextval(pg_get_serial_sequence('pick_list', 'id'))"
_INSERT_LIST = """
    INSERT INTO pick_list (business_id, id, warehouse_id, made_by, made_at)
    VALUES ($1, $2, $3, $4, $5)
"""
_INSERT_WORK = """
    INSERT INTO order_work (business_id, order_id, pick_list_id, tote, step, updated_at)
    SELECT $1, k.order_id, $2, k.tote, 'PICKING', $3
    FROM unnest($4::bigint[], $5::smallint[]) AS k (order_id, tote)
    ON CONFLICT (business_id, order_id) DO NOTHING
"""

_READ_LIST = (
    "SELECT warehouse_id, made_by, made_at FROM pick_list WHERE business_id = $1 AND id = $2"
)
_READ_WAREHOUSE = "SELECT warehouse_id FROM pick_list WHERE business_id = $1 AND id = $2"
_READ_ORDER_IDS = """
    SELECT order_id FROM order_work WHERE business_id = $1 AND pick_list_id = $2 ORDER BY order_id
"""
_READ_LINES = """
    SELECT w.order_id, w.tote,
      CASE o.substatus WHEN 'READY_TO_SHIP' THEN 'PACKED' WHEN 'SHIPPED' THEN 'HANDED_OVER'
        ELSE w.step END AS step,
      w.step = 'PICKING' AND o.status = 'PROCESSING' AND o.substatus = 'STARTED'
        AND o.cancellation IS NULL AS wanted,
      i.position, i.offer_id, coalesce(f.name, i.offer_id) AS offer_name, s.shelf,
      i.count, coalesce(p.picked, 0) AS picked
    FROM order_work w
    JOIN orders o ON o.business_id = w.business_id AND o.id = w.order_id AND o.business_id = $1
    JOIN order_item i ON i.business_id = w.business_id AND i.order_id = w.order_id
      AND i.business_id = $1
    LEFT JOIN picked_item p ON p.business_id = i.business_id AND p.order_id = i.order_id
      AND p.position = i.position AND p.business_id = $1
    LEFT JOIN offer f ON f.business_id = i.business_id AND f.offer_id = i.offer_id
      AND f.business_id = $1
    LEFT JOIN shelf s ON s.business_id = i.business_id AND s.warehouse_id = i.warehouse_id
      AND s.offer_id = i.offer_id AND s.business_id = $1
    WHERE w.business_id = $1 AND w.pick_list_id = $2
    ORDER BY w.tote, i.position
"""

_FIND_OFFER = "SELECT offer_id FROM offer_barcode WHERE business_id = $1 AND barcode = $2"
_READ_SCAN = """
    SELECT order_id, position, pieces FROM pick_scan
    WHERE business_id = $1 AND pick_list_id = $2 AND scan_id = $3
"""
_INSERT_SCAN = """
    INSERT INTO pick_scan
      (business_id, pick_list_id, scan_id, order_id, position, pieces, scanned_by, scanned_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_ADD_PICKED = """
    INSERT INTO picked_item AS p (business_id, order_id, position, picked)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (business_id, order_id, position) DO UPDATE SET picked = p.picked + EXCLUDED.picked
"""


class PickList(msgspec.Struct, frozen=True):
    """A list as it was made, and what stands on it, tote by tote."""

    business_id: int
    id: int
    warehouse_id: int
    made_by: str
    made_at: datetime
    lines: tuple[PickLine, ...]


class Scan(NamedTuple):
    """Pieces of an offer that somebody scanned for a list; `scan_id` is the scanner's own."""

    scan_id: str
    offer_id: str
    pieces: int
    order_id: int | None


class Scanned(NamedTuple):
    """What became of a scan before."""

    order_id: int
    position: int
    pieces: int


async def find_most_urgent(
    connection: Connection, warehouse_id: int, business_id: int | None
) -> int | None:
    """Tell whose order is the first to be begun with, of all businesses or of one."""
    if business_id is None:
        found: int | None = await connection.fetchval(_MOST_URGENT, warehouse_id)
        return found
    waiting = await read_candidates(connection, warehouse_id, business_id, 1)
    return business_id if waiting else None


async def read_candidates(
    connection: Connection,
    warehouse_id: int,
    business_id: int,
    orders_max: int = limits.PICK_CANDIDATES_MAX,
) -> list[Candidate]:
    """Read a business's orders that wait, the most urgent first."""
    rows = await connection.fetch(_CANDIDATES, warehouse_id, business_id, orders_max)
    return [Candidate(row[0], row[1], row[2], frozenset(row[3])) for row in rows]


async def read_still_waiting(
    connection: Connection, warehouse_id: int, business_id: int, order_ids: Sequence[int]
) -> set[int]:
    """Tell which locked orders nobody has begun with."""
    rows = await connection.fetch(_STILL_WAIT, warehouse_id, business_id, list(order_ids))
    return {row[0] for row in rows}


async def take_id(connection: Connection) -> int:
    """Take an id for a list before it is made, so that one may see whether it was."""
    list_id: int = await connection.fetchval(_NEXT_ID)
    return list_id


async def insert_list(
    connection: Connection,
    business_id: int,
    list_id: int,
    warehouse_id: int,
    order_ids: Sequence[int],
    made_by: str,
    now: datetime,
) -> None:
    """Make a list of locked orders that wait; their totes are in the order given."""
    await connection.execute(_INSERT_LIST, business_id, list_id, warehouse_id, made_by, now)
    totes = list(range(1, len(order_ids) + 1))
    tag = await connection.execute(_INSERT_WORK, business_id, list_id, now, list(order_ids), totes)
    require_rows(tag, len(order_ids))


async def read_list(connection: Connection, business_id: int, list_id: int) -> PickList | None:
    """Read a list and what stands on it; None when there is none such."""
    row = await connection.fetchrow(_READ_LIST, business_id, list_id)
    if row is None:
        return None
    lines = await read_lines(connection, business_id, list_id)
    return PickList(business_id, list_id, row[0], row[1], row[2], lines)


async def read_warehouse(connection: Connection, business_id: int, list_id: int) -> int | None:
    """Tell in which warehouse a list is picked; None when there is none such."""
    found: int | None = await connection.fetchval(_READ_WAREHOUSE, business_id, list_id)
    return found


async def read_order_ids(connection: Connection, business_id: int, list_id: int) -> list[int]:
    """Give the orders of a list; they never change."""
    return [row[0] for row in await connection.fetch(_READ_ORDER_IDS, business_id, list_id)]


async def read_lines(
    connection: Connection, business_id: int, list_id: int
) -> tuple[PickLine, ...]:
    """Read what stands on a list; for a decision, its orders must be locked."""
    rows = await connection.fetch(_READ_LINES, business_id, list_id)
    return tuple(
        PickLine(
            order_id=row[0],
            tote=row[1],
            step=WorkStep(row[2]),
            wanted=row[3],
            position=row[4],
            offer_id=row[5],
            offer_name=row[6],
            shelf=row[7],
            count=row[8],
            picked=row[9],
        )
        for row in rows
    )


async def find_offer(connection: Connection, business_id: int, scanned: str) -> str:
    """Tell which offer a bar code is of; what is no known bar code is an offer's id."""
    found: str | None = await connection.fetchval(_FIND_OFFER, business_id, scanned)
    return scanned if found is None else found


async def read_scan(
    connection: Connection, business_id: int, list_id: int, scan_id: str
) -> Scanned | None:
    """Find a scan that was counted before; the list's orders must be locked."""
    row = await connection.fetchrow(_READ_SCAN, business_id, list_id, scan_id)
    return None if row is None else Scanned(*row)


async def add_scan(
    connection: Connection,
    business_id: int,
    list_id: int,
    scan: Scan,
    line: PickLine,
    scanned_by: str,
    now: datetime,
) -> None:
    """Count pieces into the tote of a line; its order must be locked."""
    await connection.execute(
        _INSERT_SCAN,
        business_id,
        list_id,
        scan.scan_id,
        line.order_id,
        line.position,
        scan.pieces,
        scanned_by,
        now,
    )
    await connection.execute(_ADD_PICKED, business_id, line.order_id, line.position, scan.pieces)
