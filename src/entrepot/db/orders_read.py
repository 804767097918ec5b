"""Orders as they are read: by id, or by filters in pages.

Every statement takes the present moment once; `draft_overdue` and `storage_overdue` decide with
it what is shown and what is filtered by, so that the two cannot differ. Pages go by
`(created_at, id)`, newest first: what is ordered meanwhile lies before the first page and moves
none of the others.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec

from entrepot.contract.enums import OrderStatus, OrderSubstatus
from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection, Row
from entrepot.db.slot_keys import slot_of_order
from entrepot.domain.order import (
    FINISHED,
    CourierAddress,
    Order,
    OrderItem,
    Standing,
)
from entrepot.domain.order_moves import EXPIRED, NOT_FETCHED, Stage
from entrepot.domain.order_search import OrderCursor, OrderSearch

# MATERIALIZED: a moment read twice would be two moments.
PRESENT = f"WITH present AS MATERIALIZED (SELECT {NOW_SQL} AS moment)"
_COLUMNS = """
    o.business_id, o.id, o.campaign_id, o.external_order_id,
    shown.status, shown.substatus, shown.updated_at,
    o.fake, o.warehouse_id, o.place_kind, o.place_id, o.slot_day, o.slot_from_minute,
    o.slot_to_minute, o.region_id, o.shipment_day, o.items_total_kopecks,
    o.delivery_price_kopecks, o.receive_code, o.reserved_until, o.created_at,
    o.shipped_at, o.storage_limit_day,
    o.entrance, o.floor, o.apartment, o.notes
"""
SHOWN = f"""
    FROM present
    CROSS JOIN orders o
    CROSS JOIN LATERAL (
      SELECT draft_overdue(o.status, o.reserved_until, present.moment) IS TRUE AS draft,
             storage_overdue(o.status, o.stored_until, present.moment) IS TRUE AS storage
    ) late
    CROSS JOIN LATERAL (
      SELECT CASE WHEN late.draft THEN '{EXPIRED.status}'
                  WHEN late.storage THEN '{NOT_FETCHED.status}'
                  ELSE o.status END AS status,
             CASE WHEN late.draft THEN '{EXPIRED.substatus}'
                  WHEN late.storage THEN '{NOT_FETCHED.substatus}'
                  ELSE o.substatus END AS substatus,
             CASE WHEN late.draft THEN o.reserved_until
                  WHEN late.storage THEN o.stored_until
                  ELSE o.updated_at END AS updated_at
    ) shown
"""
_FINISHED = ", ".join(f"'{status}'" for status in FINISHED)
_NEWEST_FIRST = "ORDER BY o.created_at DESC, o.id DESC"

_READ_ITEMS = """
    SELECT i.order_id, i.position, i.offer_id, coalesce(f.name, i.offer_id) AS offer_name,
           i.count, i.price_kopecks, i.rejected, i.lost
    FROM order_item i
    LEFT JOIN offer f ON f.business_id = i.business_id AND f.offer_id = i.offer_id
    WHERE i.business_id = $1 AND i.order_id = ANY($2::bigint[])
    ORDER BY i.order_id, i.position
"""
_READ_PLACED_IDS = """
    SELECT p.order_ids
    FROM placement p
    WHERE p.business_id = $1 AND p.external_id_hash = ANY($2::bytea[])
"""


class OrderPage(msgspec.Struct, frozen=True):
    """Some orders, newest first, and where the next page begins if there is one."""

    orders: tuple[Order, ...]
    next_after: OrderCursor | None


class NumberedPage(msgspec.Struct, frozen=True):
    """A page found by its number, and how many orders there are in all."""

    page: OrderPage
    total: int


async def read_order(
    connection: Connection, business_id: int, campaign_id: int | None, order_id: int
) -> Order | None:
    """Read one order, a fake one too; with a campaign only if it is that campaign's."""
    where = _Conditions(business_id)
    where.add("o.id = {}", order_id)
    if campaign_id is not None:
        where.add("o.campaign_id = {}", campaign_id)
    found = await _read(connection, where, "")
    return found[0] if found else None


async def read_stages(
    connection: Connection, business_id: int, campaign_id: int, order_ids: Collection[int]
) -> dict[int, Stage]:
    """Tell where orders of a campaign stand; those that it does not have are left out."""
    where = _Conditions(business_id)
    where.add("o.campaign_id = {}", campaign_id)
    where.add("o.id = ANY({}::bigint[])", list(order_ids))
    statement = f"{PRESENT} SELECT o.id, shown.status, shown.substatus {SHOWN} WHERE {where}"
    rows = await connection.fetch(statement, *where.values)
    return {row[0]: Stage(OrderStatus(row[1]), OrderSubstatus(row[2])) for row in rows}


async def search_orders(
    connection: Connection, search: OrderSearch, after: OrderCursor | None, limit: int
) -> OrderPage:
    """Read the page of orders that begins after a cursor, or the first."""
    where = _conditions(search)
    if after is not None:
        where.add_pair("(o.created_at, o.id) < ({}, {})", *after)
    # One more than wanted tells whether there is a next page.
    return _page(await _read(connection, where, f"{_NEWEST_FIRST} LIMIT {limit + 1:d}"), limit)


async def search_orders_page(
    connection: Connection, search: OrderSearch, offset: int, limit: int
) -> NumberedPage:
    """Read a page by the number of orders before it: for legacy clients.

    Counts what the search finds, so it costs what its period holds.
    """
    where = _conditions(search)
    count = f"{PRESENT} SELECT count(*) {SHOWN} WHERE {where}"
    total: int = await connection.fetchval(count, *where.values)
    tail = f"{_NEWEST_FIRST} LIMIT {limit + 1:d} OFFSET {offset:d}"
    return NumberedPage(_page(await _read(connection, where, tail), limit), total)


async def read_placed_ids(
    connection: Connection, business_id: int, external_hashes: Sequence[bytes]
) -> tuple[int, ...]:
    """Give the ids of all orders that were placed under these external ids."""
    rows = await connection.fetch(_READ_PLACED_IDS, business_id, list(external_hashes))
    return tuple(order_id for row in rows for order_id in row[0])


class _Conditions:
    """A growing WHERE: texts of this module, joined by AND, and the values they refer to."""

    def __init__(self, business_id: int) -> None:
        self._texts = ["o.business_id = $1"]
        self.values: list[object] = [business_id]

    def __str__(self) -> str:
        return " AND ".join(self._texts)

    def add(self, text: str, value: object) -> None:
        self.values.append(value)
        self._texts.append(text.format(f"${len(self.values)}"))

    def add_pair(self, text: str, first: object, second: object) -> None:
        self.values += (first, second)
        self._texts.append(text.format(f"${len(self.values) - 1}", f"${len(self.values)}"))


def _conditions(search: OrderSearch) -> _Conditions:
    where = _Conditions(search.business_id)
    conditions: tuple[tuple[str, Any], ...] = (
        ("o.fake = {}", search.fake),
        ("o.campaign_id = ANY({}::bigint[])", search.campaign_ids),
        ("o.id = ANY({}::bigint[])", search.order_ids),
        ("shown.status = ANY({}::text[])", search.statuses),
        ("shown.substatus = ANY({}::text[])", search.substatuses),
        ("o.created_at >= {}", search.created.begin),
        ("o.created_at < {}", search.created.end),
        ("shown.updated_at >= {}", search.updated.begin),
        ("shown.updated_at < {}", search.updated.end),
        ("o.shipment_day >= {}", search.shipped.begin),
        ("o.shipment_day < {}", search.shipped.end),
        ("o.place_kind = {}", search.place_kind),
        (
            f"NOT (shown.status IN ({_FINISHED}) AND shown.updated_at < {{}})",
            search.finished_since,
        ),
    )
    for text, value in conditions:
        if value is not None:
            where.add(text, value)
    return where


async def _read(connection: Connection, where: _Conditions, tail: str) -> list[Order]:
    statement = f"{PRESENT} SELECT {_COLUMNS} {SHOWN} WHERE {where} {tail}"
    rows = await connection.fetch(statement, *where.values)
    items = await _read_items(connection, rows)
    return [_order_of(row, tuple(items[row["id"]])) for row in rows]


async def _read_items(connection: Connection, orders: Sequence[Row]) -> dict[int, list[OrderItem]]:
    found: dict[int, list[OrderItem]] = {row["id"]: [] for row in orders}
    if found:
        business_id = orders[0]["business_id"]
        for row in await connection.fetch(_READ_ITEMS, business_id, list(found)):
            found[row[0]].append(OrderItem(*row[1:]))
    return found


def _page(orders: list[Order], limit: int) -> OrderPage:
    shown = tuple(orders[:limit])
    more = len(orders) > limit
    return OrderPage(shown, OrderCursor(shown[-1].created_at, shown[-1].id) if more else None)


def _order_of(row: Row, items: tuple[OrderItem, ...]) -> Order:
    return Order(
        business_id=row["business_id"],
        id=row["id"],
        campaign_id=row["campaign_id"],
        external_order_id=row["external_order_id"],
        standing=_standing_of(row["status"], row["substatus"], row["updated_at"]),
        fake=row["fake"],
        warehouse_id=row["warehouse_id"],
        slot=slot_of_order(row),
        region_id=row["region_id"],
        shipment_day=row["shipment_day"],
        items_total_kopecks=row["items_total_kopecks"],
        delivery_price_kopecks=row["delivery_price_kopecks"],
        receive_code=row["receive_code"],
        reserved_until=row["reserved_until"],
        created_at=row["created_at"],
        shipped_at=row["shipped_at"],
        storage_limit_day=row["storage_limit_day"],
        address=CourierAddress(row["entrance"], row["floor"], row["apartment"]),
        notes=row["notes"],
        items=items,
    )


def _standing_of(status: str, substatus: str, updated_at: datetime) -> Standing:
    return Standing(OrderStatus(status), OrderSubstatus(substatus), updated_at)
