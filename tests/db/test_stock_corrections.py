"""Corrections against orders: held goods stay, drafts that ran out make way."""

import asyncio
from datetime import timedelta

from entrepot import limits
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database
from entrepot.domain.placement import Placed
from entrepot.domain.stock import StockKey
from entrepot.domain.stock_corrections import (
    BelowHeld,
    ChangeBy,
    Correction,
    Movement,
    Pile,
    SetTo,
)
from entrepot.fulfilment.correct_stock import (
    CorrectionRefused,
    check_stock_load,
    correct_stock,
    load_stock,
)
from tests.domain.networks import MOSCOW_WAREHOUSE
from tests.races.books import faults_in_books
from tests.races.world import (
    CLOCK,
    HOUR,
    Process,
    Shop,
    command,
    order_id_of,
    outsider,
    until_waiting_for_lock,
)


def key(shop: Shop, offer_id: str = "apple") -> StockKey:
    return StockKey(shop.business_id, MOSCOW_WAREHOUSE, offer_id)


def set_to(shop: Shop, pieces: int, offer_id: str = "apple", pile: Pile = Pile.FIT) -> Correction:
    return Correction(key(shop, offer_id), pile, SetTo(pieces))


async def correct(
    database: Database, shop: Shop, *corrections: Correction
) -> tuple[Movement, ...] | CorrectionRefused:
    return await correct_stock(database, CLOCK, shop.business_id, corrections, reason="COUNTED")


async def piles(database: Database, shop: Shop, offer_id: str = "apple") -> tuple[int, ...]:
    async def read(connection: Connection) -> tuple[int, ...]:
        row = await connection.fetchrow(
            "SELECT fit, held, defect FROM stock"
            " WHERE business_id = $1 AND warehouse_id = $2 AND offer_id = $3",
            *key(shop, offer_id),
        )
        return tuple(row)

    return await database.read(read)


async def test_each_change_is_journalled(database: Database, ours: Shop, url: str) -> None:
    assert await correct(database, ours, set_to(ours, 5), set_to(ours, 0, "bread")) == (
        Movement(key(ours), Pile.FIT, 5, 5),
    )
    broken = Correction(key(ours), Pile.FIT, ChangeBy(-2))
    aside = Correction(key(ours), Pile.DEFECT, ChangeBy(2))
    await correct(database, ours, broken, aside, set_to(ours, 0, "bread"))

    async def journal(connection: Connection) -> list[tuple[object, ...]]:
        rows = await connection.fetch(
            "SELECT offer_id, pile, delta, reason, order_id FROM stock_movement ORDER BY id"
        )
        return [tuple(row) for row in rows]

    assert await database.read(journal) == [
        ("apple", "FIT", 5, "COUNTED", None),
        ("apple", "FIT", -2, "COUNTED", None),
        ("apple", "DEFECT", 2, "COUNTED", None),
    ]
    assert await piles(database, ours) == (3, 0, 2)
    # Counted and found to be none: there is a row that says so.
    assert await piles(database, ours, "bread") == (0, 0, 0)
    assert await faults_in_books(url) == []


async def test_what_orders_hold_cannot_be_taken_and_they_are_named(
    placing: Process, ours: Shop
) -> None:
    await placing.stock(ours, apple=10, bread=10)
    first = await placing.place_one(command(ours, {"apple": 2, "bread": 1}, external="A"))
    second = await placing.place_one(command(ours, {"apple": 3}, external="B", draft=True))
    await placing.place_one(command(ours, {"apple": 5}, fake=True))
    refused = await correct(
        placing.database, ours, set_to(ours, 4), set_to(ours, 3, pile=Pile.DEFECT)
    )
    assert isinstance(refused, CorrectionRefused)
    assert refused.objections == (BelowHeld(key(ours), asked=4, held=5),)
    assert [(each.order_id, each.external_order_id, each.pieces) for each in refused.holders] == [
        (order_id_of(first), "A", 2),
        (order_id_of(second), "B", 3),
    ]
    assert await piles(placing.database, ours) == (10, 5, 0), "all or nothing"
    assert await correct(placing.database, ours, set_to(ours, 5)) == (
        Movement(key(ours), Pile.FIT, -5, 5),
    )


async def test_drafts_that_ran_out_make_way(placing: Process, ours: Shop, url: str) -> None:
    await placing.stock(ours, apple=10)
    await placing.place_one(command(ours, {"apple": 2}, external="live"))
    await placing.place_one(command(ours, {"apple": 3}, draft=True))
    await placing.place_one(command(ours, {"apple": 3}, draft=True))
    await placing.advance(HOUR - timedelta(seconds=1))
    refused = await correct(placing.database, ours, set_to(ours, 7))
    assert isinstance(refused, CorrectionRefused)
    await placing.advance(timedelta(seconds=1))
    assert await correct(placing.database, ours, set_to(ours, 2)) == (
        Movement(key(ours), Pile.FIT, -8, 2),
    )
    refused = await correct(placing.database, ours, set_to(ours, 1))
    assert isinstance(refused, CorrectionRefused)
    assert [each.external_order_id for each in refused.holders] == ["live"]
    assert await faults_in_books(url) == []


async def test_more_holders_than_anybody_reads_are_cut_short(placing: Process, ours: Shop) -> None:
    await placing.stock(ours, apple=100, bread=100)
    most = limits.HOLDERS_NAMED_MAX
    await placing.place(*(command(ours, {"apple": 1, "bread": 1}) for _ in range(most + 5)))
    refused = await correct(placing.database, ours, set_to(ours, 0), set_to(ours, 0, "bread"))
    assert isinstance(refused, CorrectionRefused)
    for offer_id in ("apple", "bread"):
        assert sum(each.key == key(ours, offer_id) for each in refused.holders) == most


async def test_a_business_cannot_reach_another_s_stock(
    placing: Process, ours: Shop, theirs: Shop
) -> None:
    await placing.stock(ours, apple=5)
    await placing.stock(theirs, apple=5)
    await placing.place_one(command(theirs, {"apple": 5}))
    await correct(placing.database, ours, set_to(ours, 0))
    assert await piles(placing.database, theirs) == (5, 5, 0)


async def test_a_correction_waits_for_a_batch_and_sees_what_it_took(
    placing: Process, ours: Shop, url: str
) -> None:
    await placing.stock(ours, apple=5)
    async with outsider(url) as slow:
        batch = slow.transaction()
        await batch.start()
        await slow.execute(
            "UPDATE stock SET held = 4 WHERE business_id = $1 AND warehouse_id = $2"
            " AND offer_id = $3",
            *key(ours),
        )
        correcting = asyncio.create_task(correct(placing.database, ours, set_to(ours, 3)))
        async with outsider(url) as watcher:
            await until_waiting_for_lock(watcher)
        await batch.commit()
        refused = await correcting
    assert isinstance(refused, CorrectionRefused)
    assert refused.objections == (BelowHeld(key(ours), asked=3, held=4),)


async def test_two_who_count_a_new_offer_do_not_add_up(
    placing: Process, ours: Shop, url: str
) -> None:
    outcomes = await asyncio.gather(
        *(correct(placing.database, ours, set_to(ours, 7)) for _ in range(8))
    )
    assert sum(len(each) for each in outcomes if isinstance(each, tuple)) == 1
    assert await piles(placing.database, ours) == (7, 0, 0)
    assert await faults_in_books(url) == []


async def test_nothing_is_sold_that_a_correction_took(
    placing: Process, ours: Shop, url: str
) -> None:
    """Corrections up and down while orders are placed: never more held than there is."""
    await placing.stock(ours, apple=40, bread=40)

    async def buy(number: int) -> int:
        basket = {"apple": 1, "bread": 1} if number % 2 else {"apple": 2}
        draft = number % 5 == 0
        return isinstance(await placing.order(command(ours, basket, draft=draft)), Placed)

    async def count() -> int:
        done = 0
        for pieces in (30, 10, 25, 0, 20, 35):
            outcome = await correct(
                placing.database, ours, set_to(ours, pieces), set_to(ours, pieces, "bread")
            )
            done += isinstance(outcome, tuple)
            await asyncio.sleep(0.01)
        return done

    results = await asyncio.gather(*(buy(number) for number in range(60)), count(), count())
    assert sum(results[:60]) > 0
    assert sum(results[60:]) > 0
    assert await faults_in_books(url) == []


async def test_a_load_goes_in_chunks_and_reports_what_stands_against_it(
    placing: Process, ours: Shop, url: str
) -> None:
    await placing.stock(ours, apple=10, bread=10)
    await placing.place_one(command(ours, {"apple": 2}))
    plan = [set_to(ours, 1), set_to(ours, 6, "bread"), set_to(ours, 8, "cup")]
    steps: list[int] = []
    refused = await check_stock_load(
        placing.database, CLOCK, ours.business_id, plan, advance=steps.append
    )
    assert steps == [3]
    assert [each.objections for each in refused] == [(BelowHeld(key(ours), 1, 2),)]
    assert await piles(placing.database, ours, "bread") == (10, 0, 0), "a check changes nothing"
    loaded = await load_stock(placing.database, CLOCK, ours.business_id, plan, reason="LOAD")
    assert loaded.movements == 2
    assert [each.objections for each in loaded.refused] == [(BelowHeld(key(ours), 1, 2),)]
    assert await piles(placing.database, ours) == (10, 2, 0)
    assert await piles(placing.database, ours, "bread") == (6, 0, 0)
    again = await load_stock(placing.database, CLOCK, ours.business_id, plan[1:], reason="LOAD")
    assert (again.movements, again.refused) == (0, ())
    assert await faults_in_books(url) == []
