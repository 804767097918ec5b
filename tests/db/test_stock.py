"""What is read of stock: right at the moment of the read, whatever was swept."""

from datetime import timedelta

import msgspec
import pytest

from entrepot.db.connection import Connection
from entrepot.db.offers import load_offers, read_offers
from entrepot.db.stock import (
    StockLine,
    StockPage,
    StockPosition,
    read_absent_page,
    read_available,
    read_present_page,
    read_sales,
    read_stock_of_offers,
    read_stock_page,
)
from entrepot.db.transaction import Database
from entrepot.domain.stock import StockKey
from entrepot.domain.stock_corrections import Correction, Pile, SetTo
from entrepot.fulfilment.correct_stock import correct_stock
from tests.domain.networks import MOSCOW_WAREHOUSE, NOVOSIBIRSK_WAREHOUSE
from tests.races.world import CLOCK, HOUR, OFFERS, Process, Shop, command, order_id_of

BEGINNING = StockPosition()


async def page(
    database: Database,
    shop: Shop,
    *,
    archived: bool = False,
    warehouse_id: int | None = None,
    after: StockPosition = BEGINNING,
    limit: int = 100,
) -> StockPage:
    return await database.read(
        lambda one: read_stock_page(
            one,
            shop.business_id,
            archived=archived,
            warehouse_id=warehouse_id,
            after=after,
            limit=limit,
        )
    )


async def line(database: Database, shop: Shop, offer_id: str = "apple") -> StockLine:
    lines = await database.read(lambda one: read_stock_of_offers(one, shop.business_id, [offer_id]))
    return next(each for each in lines if each.warehouse_id == MOSCOW_WAREHOUSE)


async def test_orders_freeze_what_they_take(placing: Process, ours: Shop) -> None:
    await placing.stock(ours, apple=10)
    await placing.place_one(command(ours, {"apple": 3}))
    await placing.place_one(command(ours, {"apple": 2}, draft=True))
    await placing.place_one(command(ours, {"apple": 4}, fake=True))
    found = await line(placing.database, ours)
    assert (found.fit, found.frozen, found.available) == (10, 5, 5)


async def test_a_draft_that_ran_out_freezes_nothing_though_nobody_released_it(
    placing: Process, ours: Shop
) -> None:
    await placing.stock(ours, apple=10)
    await placing.place_one(command(ours, {"apple": 3}))
    await placing.place_one(command(ours, {"apple": 2}, draft=True))
    await placing.advance(HOUR - timedelta(seconds=1))
    assert (await line(placing.database, ours)).frozen == 5
    await placing.advance(timedelta(seconds=1))
    assert (await line(placing.database, ours)).frozen == 3
    (paged,) = (await page(placing.database, ours)).lines
    assert paged == await line(placing.database, ours)
    available = await placing.database.read(
        lambda one: read_available(one, ours.business_id, [MOSCOW_WAREHOUSE], ["apple", "bread"])
    )
    assert available == {StockKey(ours.business_id, MOSCOW_WAREHOUSE, "apple"): 7}


async def test_a_confirmed_draft_goes_on_freezing(placing: Process, ours: Shop) -> None:
    await placing.stock(ours, apple=10)
    order_id = order_id_of(await placing.place_one(command(ours, {"apple": 2}, draft=True)))
    await placing.confirm(ours, order_id)
    await placing.advance(2 * HOUR)
    assert (await line(placing.database, ours)).frozen == 2


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 9])
async def test_pages_hold_every_line_once(
    placing: Process, ours: Shop, theirs: Shop, limit: int
) -> None:
    everything = dict.fromkeys(OFFERS, 5)
    for shop in (ours, theirs):
        for warehouse in ("moscow", "novosibirsk"):
            await placing.stock(shop, warehouse, **everything)
    seen: list[StockLine] = []
    after: StockPosition | None = BEGINNING
    while after is not None:
        found = await page(placing.database, ours, after=after, limit=limit)
        assert len(found.lines) == limit or found.next is None
        seen.extend(found.lines)
        after = found.next
    keys = [(each.warehouse_id, each.offer_id) for each in seen]
    warehouses = sorted([MOSCOW_WAREHOUSE, NOVOSIBIRSK_WAREHOUSE])
    assert keys == [(warehouse, offer) for warehouse in warehouses for offer in OFFERS]
    one = await page(placing.database, ours, warehouse_id=NOVOSIBIRSK_WAREHOUSE)
    assert one.lines == tuple(e for e in seen if e.warehouse_id == NOVOSIBIRSK_WAREHOUSE)


async def test_archived_offers_are_apart(placing: Process, ours: Shop) -> None:
    await placing.stock(ours, **dict.fromkeys(OFFERS, 5))

    async def archive(connection: Connection) -> None:
        found = await read_offers(connection, ours.business_id, ["cup"])
        archived = msgspec.structs.replace(found["cup"], archived=True)
        await load_offers(connection, ours.business_id, [archived])

    await placing.database.transaction(archive)
    usual = await page(placing.database, ours)
    assert [each.offer_id for each in usual.lines] == ["apple", "bread", "drum"]
    archived = await page(placing.database, ours, archived=True)
    assert [each.offer_id for each in archived.lines] == ["cup"]
    assert (await line(placing.database, ours, "cup")).fit == 5


async def test_present_and_absent_share_the_offers_between_them(
    placing: Process, ours: Shop
) -> None:
    # apple is there, bread is broken, cup was there once, drum never was.
    await placing.stock(ours, apple=5, cup=0)
    key = StockKey(ours.business_id, MOSCOW_WAREHOUSE, "bread")
    broken = [Correction(key, Pile.DEFECT, SetTo(1))]
    await correct_stock(placing.database, CLOCK, ours.business_id, broken, reason="test")

    async def offers_of(read: object, after: str = "", limit: int = 10) -> list[str]:
        position = StockPosition(MOSCOW_WAREHOUSE, after)
        found: StockPage = await placing.database.read(
            lambda one: read(  # type: ignore[operator]
                one,
                ours.business_id,
                archived=False,
                warehouse_id=MOSCOW_WAREHOUSE,
                after=position,
                limit=limit,
            )
        )
        return [each.offer_id for each in found.lines]

    assert await offers_of(read_present_page) == ["apple", "bread"]
    assert await offers_of(read_absent_page) == ["cup", "drum"]
    assert await offers_of(read_absent_page, "cup") == ["drum"]
    assert await offers_of(read_absent_page, limit=1) == ["cup"]


async def test_only_true_sales_count(placing: Process, ours: Shop) -> None:
    await placing.stock(ours, apple=50, bread=50)
    await placing.stock(ours, "novosibirsk", apple=50)
    await placing.place_one(command(ours, {"apple": 1}))
    await placing.advance(timedelta(days=1))
    await placing.place_one(
        command(ours, {"apple": 3, "bread": 2}, {"apple": 7}, days_later=(1, 1))
    )
    await placing.place_one(command(ours, {"apple": 10}, draft=True, days_later=(1, 1)))
    await placing.place_one(command(ours, {"apple": 10}, fake=True, days_later=(1, 1)))

    async def sales() -> dict[tuple[int, str], int]:
        lines = (await page(placing.database, ours)).lines
        return await placing.database.read(lambda one: read_sales(one, ours.business_id, lines))

    elsewhere = {(MOSCOW_WAREHOUSE, "bread"): 2, (NOVOSIBIRSK_WAREHOUSE, "apple"): 7}
    assert await sales() == {(MOSCOW_WAREHOUSE, "apple"): 4, **elsewhere}
    await placing.advance(timedelta(days=29))
    assert await sales() == {(MOSCOW_WAREHOUSE, "apple"): 3, **elsewhere}
    await placing.advance(timedelta(days=1))
    assert await sales() == {}
