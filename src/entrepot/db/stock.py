"""Stock as it is read: what lies in the warehouses, what is held, what may be ordered.

Everything here is right at the moment of the read, also when drafts have run out and nobody
has released them yet: what they hold counts as free.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection
from entrepot.domain.stock import StockKey
from entrepot.domain.turnover import TURNOVER_WINDOW_DAYS

# What drafts hold that have run out: few, and found by their own index.
_OVERDUE = f"""
    WITH overdue AS (
      SELECT i.warehouse_id, i.offer_id, sum(i.count)::bigint AS pieces
      FROM orders o
      JOIN order_item i ON i.business_id = o.business_id AND i.order_id = o.id
      WHERE o.business_id = $1 AND i.business_id = $1 AND i.hold = 'HELD'
        AND o.status = 'RESERVED' AND draft_overdue(o.status, o.reserved_until, {NOW_SQL})
      GROUP BY i.warehouse_id, i.offer_id
    )
"""
_JOIN_OVERDUE = """
    LEFT JOIN overdue ON overdue.warehouse_id = s.warehouse_id AND overdue.offer_id = s.offer_id
"""
_FROZEN = "s.held - coalesce(overdue.pieces, 0)"
_LINE = f"""
    s.fit, {_FROZEN} AS frozen, s.defect, s.quarantine, s.expired, s.utilization, s.updated_at
"""
_PRESENT = "greatest(s.fit, s.defect, s.quarantine, s.expired, s.utilization, 0) > 0"

# Pages by the primary key; a filter by warehouse narrows the range of the same scan.
_PAGE = f"""
    {_OVERDUE}
    SELECT s.warehouse_id, s.offer_id, {_LINE}
    FROM stock s
    JOIN offer f ON f.business_id = s.business_id AND f.offer_id = s.offer_id
    {_JOIN_OVERDUE}
    WHERE s.business_id = $1 AND f.business_id = $1 AND f.archived = $2
      AND (s.warehouse_id, s.offer_id) > ($3, $4) AND s.warehouse_id BETWEEN $5 AND $6
      AND ({{present}})
    ORDER BY s.warehouse_id, s.offer_id
    LIMIT $7
"""
_READ_PAGE = _PAGE.format(present="true")
_READ_PAGE_PRESENT = _PAGE.format(present=_PRESENT)
# An offer that was never in the warehouse has no row there, and is as absent as one with zeros.
_READ_PAGE_ABSENT = f"""
    {_OVERDUE}
    SELECT $3::bigint AS warehouse_id, f.offer_id, {_LINE}
    FROM offer f
    LEFT JOIN stock s ON s.business_id = f.business_id AND s.warehouse_id = $3
      AND s.offer_id = f.offer_id AND s.business_id = $1
    {_JOIN_OVERDUE}
    WHERE f.business_id = $1 AND f.archived = $2 AND f.offer_id > $4 AND NOT ({_PRESENT})
    ORDER BY f.offer_id
    LIMIT $5
"""
_READ_OF_OFFERS = f"""
    {_OVERDUE}
    SELECT s.warehouse_id, s.offer_id, {_LINE}
    FROM (
      SELECT r.id FROM network_row r
      WHERE r.kind = 'WAREHOUSE' AND r.version = (SELECT version FROM network_version)
    ) w
    CROSS JOIN unnest($2::text[]) AS k (offer_id)
    JOIN stock s ON s.business_id = $1 AND s.warehouse_id = w.id AND s.offer_id = k.offer_id
    {_JOIN_OVERDUE}
    ORDER BY s.warehouse_id, s.offer_id
"""
# A network may have hundreds of warehouses, a business uses a few: those come from the index, a
# probe for each, instead of asking every warehouse for every offer.
_READ_AVAILABLE = f"""
    {_OVERDUE.replace("WITH", "WITH RECURSIVE")}, used (warehouse_id) AS (
      SELECT min(s.warehouse_id) FROM stock s WHERE s.business_id = $1
      UNION ALL
      SELECT (
        SELECT min(s.warehouse_id) FROM stock s
        WHERE s.business_id = $1 AND s.warehouse_id > u.warehouse_id
      )
      FROM used u WHERE u.warehouse_id IS NOT NULL
    )
    SELECT s.warehouse_id, s.offer_id, s.fit - ({_FROZEN}) AS available
    FROM used u
    CROSS JOIN unnest($3::text[]) AS k (offer_id)
    JOIN stock s ON s.business_id = $1 AND s.warehouse_id = u.warehouse_id
      AND s.offer_id = k.offer_id
    {_JOIN_OVERDUE}
    WHERE u.warehouse_id = ANY($2::bigint[])
"""
_READ_SALES = f"""
    SELECT i.warehouse_id, i.offer_id, sum(i.count)::bigint AS sold
    FROM orders o
    JOIN order_item i ON i.business_id = o.business_id AND i.order_id = o.id
    JOIN unnest($2::bigint[], $3::text[]) AS k (warehouse_id, offer_id)
      ON k.warehouse_id = i.warehouse_id AND k.offer_id = i.offer_id
    WHERE o.business_id = $1 AND i.business_id = $1 AND NOT o.fake
      AND o.created_at > {NOW_SQL} - interval '{TURNOVER_WINDOW_DAYS} days'
      AND o.status NOT IN ('RESERVED', 'CANCELLED')
    GROUP BY i.warehouse_id, i.offer_id
"""
_ID_MAX = 2**63 - 1


class StockLine(msgspec.Struct, frozen=True, gc=False):
    """An offer in a warehouse, in pieces: `frozen` of the `fit` ones are held by live orders.

    `updated_at` is when a pile last changed; None when the offer was never there.
    """

    warehouse_id: int
    offer_id: str
    fit: int
    frozen: int
    defect: int
    quarantine: int
    expired: int
    utilization: int
    updated_at: datetime | None

    @property
    def available(self) -> int:
        """Pieces that may be ordered now."""
        return self.fit - self.frozen


class StockPosition(msgspec.Struct, frozen=True):
    """Where a page of stock ended."""

    warehouse_id: Annotated[int, Meta(ge=0, le=_ID_MAX)] = 0
    offer_id: Annotated[str, Meta(max_length=255, pattern="^[^\x00]*$")] = ""


class StockPage(msgspec.Struct, frozen=True):
    """Some lines by warehouse and offer; `next` is where those after them begin, if any."""

    lines: tuple[StockLine, ...]
    next: StockPosition | None


async def read_stock_page(
    connection: Connection,
    business_id: int,
    *,
    archived: bool,
    warehouse_id: int | None,
    after: StockPosition,
    limit: int,
) -> StockPage:
    """Read a page of the stock of a business, in one warehouse or in all."""
    low, high = (1, _ID_MAX) if warehouse_id is None else (warehouse_id, warehouse_id)
    rows = await connection.fetch(
        _READ_PAGE, business_id, archived, after.warehouse_id, after.offer_id, low, high, limit + 1
    )
    return _page(rows, limit)


async def read_present_page(
    connection: Connection,
    business_id: int,
    *,
    archived: bool,
    warehouse_id: int,
    after: StockPosition,
    limit: int,
) -> StockPage:
    """Read a page of the offers of which something lies in a warehouse, on whatever pile."""
    rows = await connection.fetch(
        _READ_PAGE_PRESENT,
        business_id,
        archived,
        after.warehouse_id,
        after.offer_id,
        warehouse_id,
        warehouse_id,
        limit + 1,
    )
    return _page(rows, limit)


async def read_absent_page(
    connection: Connection,
    business_id: int,
    *,
    archived: bool,
    warehouse_id: int,
    after: StockPosition,
    limit: int,
) -> StockPage:
    """Read a page of the offers of which nothing lies in a warehouse."""
    rows = await connection.fetch(
        _READ_PAGE_ABSENT, business_id, archived, warehouse_id, after.offer_id, limit + 1
    )
    return _page(rows, limit)


async def read_stock_of_offers(
    connection: Connection, business_id: int, offer_ids: Collection[str]
) -> tuple[StockLine, ...]:
    """Read the stock of these offers in every warehouse of the network, archived or not."""
    rows = await connection.fetch(_READ_OF_OFFERS, business_id, list(offer_ids))
    return tuple(map(_line, rows))


async def read_available(
    connection: Connection,
    business_id: int,
    warehouse_ids: Collection[int],
    offer_ids: Collection[str],
) -> dict[StockKey, int]:
    """Read how many pieces may be ordered now; an offer that is not in a warehouse is missing."""
    rows = await connection.fetch(
        _READ_AVAILABLE, business_id, list(warehouse_ids), list(offer_ids)
    )
    return {StockKey(business_id, row[0], row[1]): row[2] for row in rows}


async def read_sales(
    connection: Connection, business_id: int, lines: Sequence[StockLine]
) -> dict[tuple[int, str], int]:
    """Count the pieces sold in the turnover window, by warehouse and offer.

    Sold is what orders took that are neither drafts, nor cancelled, nor fake. The cost grows
    with the orders of the window, so this is read only when it is asked for.
    """
    rows = await connection.fetch(
        _READ_SALES,
        business_id,
        [line.warehouse_id for line in lines],
        [line.offer_id for line in lines],
    )
    return {(row["warehouse_id"], row["offer_id"]): row["sold"] for row in rows}


def _page(rows: Sequence[Any], limit: int) -> StockPage:
    lines = tuple(map(_line, rows[:limit]))
    if len(rows) <= limit:
        return StockPage(lines, None)
    return StockPage(lines, StockPosition(lines[-1].warehouse_id, lines[-1].offer_id))


def _line(row: Any) -> StockLine:  # noqa: ANN401 - asyncpg's rows are untyped
    # Where the offer never was there is no row: its columns are nulls.
    fit, frozen, defect, quarantine, expired, utilization = (count or 0 for count in row[2:8])
    return StockLine(row[0], row[1], fit, frozen, defect, quarantine, expired, utilization, row[8])
