"""Pages while others write: what was there is shown once, whatever comes in before and behind."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import msgspec

from entrepot.db.connection import Connection
from entrepot.db.network_editions import replace_network
from entrepot.db.offers import load_offers, read_offers
from entrepot.demo.network import demo_network
from entrepot.demo.seed import DemoWorld
from entrepot.domain.stock import StockKey
from entrepot.domain.stock_corrections import Correction, Pile, SetTo
from entrepot.fulfilment.correct_stock import correct_stock
from entrepot.operations.call import Platform
from tests.http.shopping import Shop, item, parcels, pickup_options, to_point
from tests.support.client import Client
from tests.support.orders import OrderBook

Page = list[Any]
Written = asyncio.Queue[int]
Fetch = Callable[[dict[str, Any]], Awaitable[tuple[Page, str | None]]]


@asynccontextmanager
async def meanwhile(write: Callable[[int], Awaitable[None]]) -> AsyncIterator[Written]:
    """Write and write; tells of each time."""
    written: Written = asyncio.Queue()
    stopping = asyncio.Event()

    async def keep_writing() -> None:
        for number in count():
            if stopping.is_set():
                return
            await write(number)
            written.put_nowait(number)

    task = asyncio.create_task(keep_writing())
    try:
        yield written
    finally:
        stopping.set()
        await task


async def walk(fetch: Fetch, written: Written, limit: int) -> tuple[Page, int]:
    """Go through all pages, something being written between any two; gives what was shown."""
    shown: Page = []
    query: dict[str, Any] = {"limit": limit}
    for pages in count(1):
        page, token = await fetch(query)
        shown += page
        if token is None:
            return shown, pages
        query["pageToken"] = token
        while not written.empty():
            written.get_nowait()
        async with asyncio.timeout(20):
            await written.get()
    raise AssertionError


async def test_orders(
    client: Client, platform: Platform, world: DemoWorld, book: OrderBook
) -> None:
    now = await platform.database.read(platform.clock.now)
    there = await book.many(now - timedelta(hours=1), 60, step=timedelta(seconds=1))
    shop, point_id = Shop(client, world.first), world.first.logistic_point_ids[0]
    wanted = item(world.first.offer_ids[0])
    (parcel, *_) = parcels(await shop.quote(wanted, points=[point_id]))
    option = pickup_options(parcel)[point_id][0]

    async def place(_number: int) -> None:
        placed = await shop.place(parcel["warehouseId"], option, to_point(point_id), wanted)
        assert placed.status == 200, placed.json

    async def fetch(query: dict[str, Any]) -> tuple[Page, str | None]:
        answer = await client.call(
            "getBusinessOrders", {}, query=query, businessId=book.business_id
        )
        assert answer.status == 200, answer.content
        ids = [order["orderId"] for order in answer.json["orders"]]
        return ids, answer.json["paging"].get("nextPageToken")

    async with meanwhile(place) as written:
        shown, pages = await walk(fetch, written, 7)
    assert pages > 8
    assert len(shown) == len(set(shown))
    assert [order_id for order_id in shown if order_id in set(there)] == there


async def test_stocks(client: Client, platform: Platform, world: DemoWorld) -> None:
    business_id, campaign_id = world.first.business_id, world.first.campaign_id
    warehouse_id, pattern_id = world.first.warehouse_ids[0], world.first.offer_ids[0]
    pattern = (
        await platform.database.read(
            lambda connection: read_offers(connection, business_id, [pattern_id])
        )
    )[pattern_id]

    async def add(number: int) -> None:
        """Put offers before all others and behind them."""
        new = [
            msgspec.structs.replace(pattern, offer_id=f"{letter}{number:06}")
            for letter in ("!", "яя")
        ]
        await platform.database.transaction(
            lambda connection: load_offers(connection, business_id, new)
        )
        keys = [StockKey(business_id, warehouse_id, offer.offer_id) for offer in new]
        corrections = [Correction(key, Pile.FIT, SetTo(1)) for key in keys]
        await correct_stock(
            platform.database, platform.clock, business_id, corrections, reason="test"
        )

    async def fetch(query: dict[str, Any]) -> tuple[Page, str | None]:
        answer = await client.call("getStocks", query=query, campaignId=campaign_id)
        assert answer.status == 200, answer.content
        result = answer.json["result"]
        lines = [
            (warehouse["warehouseId"], offer["offerId"])
            for warehouse in result["warehouses"]
            for offer in warehouse["offers"]
        ]
        return lines, result["paging"].get("nextPageToken")

    there = await _all(fetch)
    async with meanwhile(add) as written:
        shown, pages = await walk(fetch, written, 60)
    assert pages > 5
    assert len(shown) == len(set(shown))
    assert there <= set(shown)


async def _all(fetch: Fetch) -> set[Any]:
    found: set[Any] = set()
    query: dict[str, Any] = {"limit": 200}
    while True:
        page, query["pageToken"] = await fetch(query)
        found.update(page)
        if query["pageToken"] is None:
            return found


async def test_points(client: Client, platform: Platform, world: DemoWorld) -> None:
    network = demo_network()
    there = [point.id for point in network.points]
    first, last = network.points[0], network.points[-1]

    async def grow(number: int) -> None:
        """Put another network in force, with a point before all others and one behind them."""
        new = (
            msgspec.structs.replace(first, id=first.id - 1 - number),
            msgspec.structs.replace(last, id=last.id + 1 + number),
        )
        grown = msgspec.structs.replace(network, points=(new[0], *network.points, new[1]))

        async def replace(connection: Connection) -> int:
            return await replace_network(connection, grown)

        await platform.database.transaction(replace)

    async def fetch(query: dict[str, Any]) -> tuple[Page, str | None]:
        answer = await client.call(
            "getLogisticPoints", query=query, businessId=world.first.business_id
        )
        assert answer.status == 200, answer.content
        result = answer.json["result"]
        ids = [point["logisticPointId"] for point in result["logisticPoints"]]
        return ids, result["paging"].get("nextPageToken")

    async with meanwhile(grow) as written:
        shown, pages = await walk(fetch, written, len(there) // 4)
    assert pages > 3
    assert len(shown) == len(set(shown))
    assert [point_id for point_id in shown if point_id in set(there)] == there
