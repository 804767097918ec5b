"""Reads of orders cost what they show, or at most what their period holds: never the history."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from entrepot.contract.enums import OrderStatus
from entrepot.db.connection import Connection
from entrepot.db.orders_read import (
    read_order,
    read_placed_ids,
    search_orders,
    search_orders_page,
)
from entrepot.db.transaction import Database, open_database
from entrepot.domain.order import external_id_hash
from entrepot.domain.order_search import Moments, OrderCursor, OrderSearch
from tests.support.orders import OrderBook, Written, moscow

NOW = moscow("2026-03-31 12:00:00")
DAY = timedelta(days=1)
ORDERS, STEP = 12_000, timedelta(minutes=30)  # 250 days of them
PER_DAY = DAY // STEP
LAST_DAYS = Moments(NOW - 30 * DAY, None)
BUSINESS, CAMPAIGN = 777_001, 777_002

Read = Callable[[Connection], Awaitable[Any]]

_TOUCHED = """
    SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint
    FROM pg_stat_user_tables
    WHERE relname IN ('orders', 'order_item', 'placement')
"""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await open_database(database_url, connections_max=1)
    yield opened
    await opened.close()


@pytest.fixture
async def newest(database: Database) -> Written:
    """The newest of many orders, of two businesses that order equally often."""
    book = OrderBook(database, BUSINESS, CAMPAIGN)
    await book.freeze_clock(NOW)
    ids = await book.many(NOW, ORDERS, step=STEP)
    await OrderBook(database, BUSINESS + 1, CAMPAIGN).many(NOW, ORDERS, step=STEP)
    async with database.connection() as connection:
        await connection.execute("VACUUM ANALYZE")
        row = await connection.fetchrow("SELECT * FROM orders WHERE id = $1", ids[0])
    return Written(**{name: row[name] for name in Written.__struct_fields__})


async def rows_touched(database: Database, read: Read) -> int:
    """Count the rows that a read looks at, once its plans are settled."""
    async with database.connection() as connection:
        for _ in range(6):  # from the sixth time on, PostgreSQL may plan once for all values
            await read(connection)
        before = await _touched(connection)
        await read(connection)
        return await _touched(connection) - before


async def _touched(connection: Connection) -> int:
    await connection.execute("SELECT pg_stat_force_next_flush()")
    touched: int = await connection.fetchval(_TOUCHED)
    return touched


def page(search: OrderSearch, after: OrderCursor | None = None) -> Read:
    """Give the read of a page."""
    return lambda connection: search_orders(connection, search, after, 50)


def search(**filters: Any) -> OrderSearch:
    return OrderSearch(business_id=BUSINESS, **filters)


async def test_pages_cost_what_they_show(database: Database, newest: Written) -> None:
    deep: datetime = NOW - 20 * DAY
    for after in (None, OrderCursor(deep, newest.id)):
        touched = await rows_touched(database, page(search(created=LAST_DAYS), after))
        assert touched <= 2 * 51


async def test_old_periods_cost_no_more_than_new_ones(database: Database, newest: Written) -> None:
    assert newest.business_id == BUSINESS
    period = Moments(NOW - 200 * DAY, NOW - 170 * DAY)
    touched = await rows_touched(database, page(search(created=period)))
    assert touched <= 2 * 51


async def test_rare_statuses_cost_at_most_their_period(database: Database, newest: Written) -> None:
    assert newest.business_id == BUSINESS
    for filters in (
        {"statuses": (OrderStatus.PICKUP,)},
        {"campaign_ids": (1,)},
        {"fake": True},
        {"updated": Moments(NOW + DAY, None)},
    ):
        touched = await rows_touched(database, page(search(created=LAST_DAYS, **filters)))
        assert touched <= 30 * PER_DAY + 1


async def test_numbered_pages_cost_at_most_their_period(
    database: Database, newest: Written
) -> None:
    assert newest.business_id == BUSINESS
    touched = await rows_touched(
        database, lambda one: search_orders_page(one, search(created=LAST_DAYS), 1000, 50)
    )
    assert touched <= 2 * 30 * PER_DAY + 100


async def test_named_orders_cost_what_they_are(database: Database, newest: Written) -> None:
    named = search(order_ids=tuple(range(newest.id + 5_000, newest.id + 5_050)))
    touched = await rows_touched(database, page(named))
    assert touched == 2 * 50
    touched = await rows_touched(
        database, lambda one: read_order(one, BUSINESS, CAMPAIGN, newest.id)
    )
    assert touched == 2
    hashed = external_id_hash(newest.external_order_id)
    touched = await rows_touched(database, lambda one: read_placed_ids(one, BUSINESS, [hashed]))
    assert touched == 1
