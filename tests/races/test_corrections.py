"""Stock is corrected while goods are held, and while orders are being placed."""

import asyncio

import pytest

from entrepot.domain.stock import StockKey
from entrepot.domain.stock_corrections import BelowHeld, ChangeBy, Correction, Movement, Pile, SetTo
from entrepot.fulfilment.correct_stock import CorrectionRefused, correct_stock
from tests.races.wire import wire_to
from tests.races.world import (
    HOUR,
    WAREHOUSES,
    Process,
    Shop,
    command,
    order_id_of,
    outsider,
    process,
    told,
    until_waiting_for_lock,
)


async def correct(
    where: Process, shop: Shop, change: SetTo | ChangeBy
) -> tuple[Movement, ...] | CorrectionRefused:
    """Correct the apples in Moscow."""
    key = StockKey(shop.business_id, WAREHOUSES["moscow"], "apple")
    correction = Correction(key, Pile.FIT, change)
    return await correct_stock(
        where.database, where.clock, shop.business_id, [correction], reason="counted"
    )


async def test_below_what_is_held_it_is_refused_naming_the_orders(ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=9)
    held = {
        order_id_of(await p1.order(command(ours, {"apple": 2}, draft=draft)))
        for draft in (False, True)
    }
    refused = await correct(p1, ours, SetTo(3))
    assert isinstance(refused, CorrectionRefused)
    (objection,) = refused.objections
    assert isinstance(objection, BelowHeld)
    assert (objection.asked, objection.held) == (3, 4)
    assert {holder.order_id for holder in refused.holders} == held
    assert isinstance(await correct(p1, ours, SetTo(4)), tuple)
    assert told(await p1.order(command(ours, {"apple": 1}))) == "NOT_ENOUGH_STOCK"


async def test_what_an_overdue_draft_holds_is_not_held(ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=9)
    await p1.order(command(ours, {"apple": 5}, draft=True))
    await p1.order(command(ours, {"apple": 1}))
    await p1.advance(HOUR)
    assert isinstance(await correct(p1, ours, SetTo(1)), tuple)


async def test_an_order_that_waited_for_the_correction(url: str, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=5)
    async with wire_to(url) as wire, process(wire.url) as other, outsider(url) as watcher:
        at_commit = wire.stop_before("COMMIT")
        correcting = asyncio.create_task(correct(other, ours, SetTo(1)))
        await at_commit.reached()
        placing = asyncio.create_task(p1.order(command(ours, {"apple": 2})))
        await until_waiting_for_lock(watcher)
        at_commit.release()
        assert isinstance(await correcting, tuple)
        assert told(await placing) == "NOT_ENOUGH_STOCK"


async def test_a_correction_that_waited_for_the_order(url: str, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=5)
    async with wire_to(url) as wire, process(wire.url) as other, outsider(url) as watcher:
        at_commit = wire.stop_before("COMMIT")
        placing = asyncio.create_task(other.order(command(ours, {"apple": 2})))
        await at_commit.reached()
        correcting = asyncio.create_task(correct(p1, ours, SetTo(1)))
        await until_waiting_for_lock(watcher)
        at_commit.release()
        assert told(await placing) == "Placed"
        assert isinstance(await correcting, CorrectionRefused)


async def test_orders_and_corrections_at_once(ours: Shop, p1: Process, p2: Process) -> None:
    await p1.stock(ours, apple=30)
    outcomes, *_ = await asyncio.gather(
        asyncio.gather(
            *(where.order(command(ours, {"apple": 1})) for where in (p1, p2) for _ in range(30))
        ),
        *(correct(where, ours, ChangeBy(-1)) for where in (p1, p2) for _ in range(5)),
    )
    placed = sum(told(outcome) == "Placed" for outcome in outcomes)
    async with p1.database.connection() as connection:
        row = await connection.fetchrow("SELECT fit, held FROM stock")
    assert row["held"] == placed
    assert row["fit"] == max(placed, 20)


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
async def test_a_correction_whose_reply_was_lost_is_done_once(
    url: str, ours: Shop, p1: Process, *, answered: bool
) -> None:
    await p1.stock(ours, apple=5)
    async with wire_to(url) as wire, process(wire.url) as other:
        gate = (wire.stop_after if answered else wire.stop_before)("COMMIT")
        correcting = asyncio.create_task(correct(other, ours, ChangeBy(3)))
        await gate.reached()
        gate.cut()
        await correcting
    async with p1.database.connection() as connection:
        assert await connection.fetchval("SELECT fit FROM stock") == 8
