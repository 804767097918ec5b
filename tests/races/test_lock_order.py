"""Rows are locked in one order, so that nobody waits in a circle."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from entrepot.db.embedded import administrative_url
from entrepot.domain.destination import ToPoint
from entrepot.domain.placement import Outcome
from entrepot.fulfilment.release import release_overdue
from tests.races.books import assert_books_agree
from tests.races.wire import wire_to
from tests.races.world import (
    CLOCK,
    HOUR,
    NARROW_POINT,
    OFFERS,
    Process,
    Shop,
    command,
    order_id_of,
    outsider,
    process,
    told,
    until_waiting_for_lock,
)

_LOCK_STOCK = "SELECT 1 FROM stock WHERE offer_id = $1 FOR UPDATE"
_TRY_STOCK = f"{_LOCK_STOCK} NOWAIT"


async def test_stock_is_locked_in_the_order_of_its_keys(url: str, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=9, bread=9, cup=9)
    async with outsider(url) as holder, outsider(url) as watcher:
        async with holder.transaction():
            await holder.execute(_LOCK_STOCK, "bread")
            placing = asyncio.create_task(
                p1.order(command(ours, {"cup": 1, "bread": 1, "apple": 1}))
            )
            await until_waiting_for_lock(watcher)
            await watcher.fetchval(_TRY_STOCK, "cup")  # comes after bread: not locked yet
            with pytest.raises(asyncpg.LockNotAvailableError):
                await watcher.fetchval(_TRY_STOCK, "apple")
        assert told(await placing) == "Placed"


@pytest.fixture
async def watched_url(url: str) -> AsyncIterator[str]:
    """A database that looks for deadlocks before `lock_timeout` hides them; there must be none."""
    admin = await asyncpg.connect(administrative_url(url))
    name = url.partition("?")[0].rpartition("/")[2]
    await admin.execute(f"ALTER DATABASE \"{name}\" SET deadlock_timeout = '10ms'")
    yield url
    # Whoever was in one has told of it when its connection is closed.
    await admin.close()
    assert await _deadlocks(url) == 0
    await assert_books_agree(url)


async def test_the_same_offers_from_both_ends(watched_url: str, ours: Shop) -> None:
    async with (
        wire_to(watched_url) as wire,
        process(wire.url) as other,
        process(watched_url) as p1,
        outsider(watched_url) as watcher,
    ):
        await p1.stock(ours, apple=9, bread=9)
        locked = wire.stop_after("SELECT s.business_id")
        first = asyncio.create_task(other.order(command(ours, {"apple": 1, "bread": 1})))
        await locked.reached()
        second = asyncio.create_task(p1.order(command(ours, {"bread": 1, "apple": 1})))
        await until_waiting_for_lock(watcher)
        locked.release()
        assert [told(await first), told(await second)] == ["Placed", "Placed"]


async def test_a_release_takes_orders_then_stock_then_slots(
    url: str, ours: Shop, p1: Process
) -> None:
    await p1.stock(ours, apple=9)
    order_id = order_id_of(await p1.order(command(ours, {"apple": 1}, draft=True)))
    await p1.advance(HOUR)
    async with wire_to(url) as wire, process(wire.url) as sweeping:
        marks = [
            "SELECT o.id\n    FROM orders o\n    WHERE o.business_id = $1 AND o.id = ANY",
            "SELECT i.order_id",
            "SELECT s.business_id",
            "SELECT s.place_kind",
            "UPDATE orders o",
            "UPDATE slot s",
            "UPDATE order_item",
            "UPDATE stock s",
        ]
        await release_overdue(sweeping.database, CLOCK, ours.business_id, [order_id])
        seen = [
            next(mark for mark in marks if statement.strip().startswith(mark))
            for statement in wire.statements
            if any(statement.strip().startswith(mark) for mark in marks)
        ]
        assert seen == marks


async def test_everybody_at_once_and_nobody_in_a_circle(
    watched_url: str, ours: Shop, theirs: Shop
) -> None:
    rolls = random.Random(20260602)
    shops = (ours, theirs)
    async with process(watched_url) as p1, process(watched_url) as p2, process(watched_url) as p3:
        for shop in shops:
            await p1.stock(shop, apple=60, bread=60, cup=60, drum=60)
            await p1.stock(shop, "novosibirsk", apple=20, bread=20)
        await asyncio.gather(
            *(_shopper(where, rolls, shops) for where in (p1, p2, p3) * 12),
            *(_sweeper(where, shops) for where in (p1, p3)),
            _storekeeper(p2, ours),
        )


async def _shopper(where: Process, rolls: random.Random, shops: tuple[Shop, ...]) -> None:
    for _ in range(6):
        offers = rolls.sample(OFFERS, 3)
        away = {offer: 1 for offer in ("apple", "bread") if rolls.random() < 0.3}
        baskets: list[dict[str, int]] = [dict.fromkeys(offers, rolls.randint(1, 2))]
        if away and not away.keys() & baskets[0].keys():
            baskets.append(away)
        shop = rolls.choice(shops)
        draft = rolls.random() < 0.5
        to = ToPoint(NARROW_POINT) if rolls.random() < 0.2 else None
        outcome = await where.order(command(shop, *baskets, draft=draft, to=to))
        if draft and not told(outcome).isupper() and rolls.random() < 0.5:
            await _confirm(where, shop, outcome)


async def _confirm(where: Process, shop: Shop, outcome: Outcome) -> None:
    for order_id in getattr(outcome, "order_ids", ()):
        await where.confirm(shop, order_id)


async def _sweeper(where: Process, shops: tuple[Shop, ...]) -> None:
    for _ in range(8):
        await where.advance(HOUR / 4)
        for shop in shops:
            async with where.database.connection() as connection:
                rows = await connection.fetch(
                    "SELECT id FROM orders WHERE business_id = $1 AND status = 'RESERVED'",
                    shop.business_id,
                )
            ids = [row["id"] for row in rows]
            await release_overdue(where.database, CLOCK, shop.business_id, ids)
        await asyncio.sleep(0.02)


async def _storekeeper(where: Process, shop: Shop) -> None:
    for pieces in (70, 80, 90):
        await where.stock(shop, drum=pieces, apple=pieces)
        await asyncio.sleep(0.05)


async def _deadlocks(url: str) -> int:
    connection: Any = await asyncpg.connect(url)
    try:
        return int(
            await connection.fetchval(
                "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            )
        )
    finally:
        await connection.close()
