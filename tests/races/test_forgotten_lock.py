"""A hold made by a path that forgot the lock: refused by the tables, or named by the books."""

import asyncio

import asyncpg
import pytest

from tests.races.books import audit_findings, faults_in_books
from tests.races.world import (
    Process,
    Shop,
    command,
    order_id_of,
    outsider,
    process,
    told,
    until_waiting_for_lock,
)


@pytest.mark.parametrize(
    "change", ["held = fit + 1", "held = held + 100", "held = -1", "fit = held - 1"]
)
async def test_the_table_refuses_to_oversell(
    url: str, ours: Shop, p1: Process, change: str
) -> None:
    await p1.stock(ours, apple=5)
    await p1.order(command(ours, {"apple": 3}))
    async with outsider(url) as careless:
        with pytest.raises(asyncpg.CheckViolationError):
            await careless.execute(f"UPDATE stock SET {change}")  # noqa: S608 - above
        with pytest.raises(asyncpg.CheckViolationError):
            await careless.execute("UPDATE slot SET held = -1")


async def test_who_takes_more_by_hand_is_waited_for(url: str, ours: Shop, p1: Process) -> None:
    """It updates without a lock of ours, yet the row is locked: the batch sees what it did."""
    await p1.stock(ours, apple=5)
    async with outsider(url) as careless, outsider(url) as watcher:
        async with careless.transaction():
            await careless.execute("UPDATE stock SET fit = fit - 4")
            await careless.execute(
                "INSERT INTO stock_movement"
                " (business_id, warehouse_id, offer_id, pile, delta, reason, moved_at)"
                " SELECT business_id, warehouse_id, offer_id, 'FIT', -4, 'by hand', now()"
                " FROM stock"
            )
            placing = asyncio.create_task(p1.order(command(ours, {"apple": 2})))
            await until_waiting_for_lock(watcher)
        assert told(await placing) == "NOT_ENOUGH_STOCK"


async def test_a_hold_without_its_balance_is_named(url: str, ours: Shop) -> None:
    async with process(url) as p1, outsider(url) as careless:
        await p1.stock(ours, apple=5)
        order_id = order_id_of(await p1.order(command(ours, {"apple": 1})))
        assert await faults_in_books(url) == []
        await careless.execute(
            "INSERT INTO order_item (business_id, order_id, position, warehouse_id, offer_id,"
            " count, price_kopecks, hold)"
            " SELECT business_id, order_id, 2, warehouse_id, offer_id, 1, 1, 'HELD'"
            " FROM order_item WHERE order_id = $1",
            order_id,
        )
        for findings in (await faults_in_books(url), await audit_findings(url)):
            assert any("apple" in finding for finding in findings)


async def test_a_balance_written_from_an_old_read_is_named(url: str, ours: Shop) -> None:
    """Read, think, write: what others did meanwhile is lost."""
    async with process(url) as p1, outsider(url) as careless:
        await p1.stock(ours, apple=5)
        held = await careless.fetchval("SELECT held FROM stock")
        await p1.order(command(ours, {"apple": 2}))
        await careless.execute("UPDATE stock SET held = $1", held + 1)
        for findings in (await faults_in_books(url), await audit_findings(url)):
            assert any("apple" in finding for finding in findings)
