"""Hundreds of connections, four processes, two businesses, and fewer pieces than buyers."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.domain.networks import MOSCOW_POINT
from tests.races.books import assert_books_agree
from tests.races.buyer import Buyer, order_body
from tests.races.world import HOUR, NARROW_POINT, WIDE_POINT, Basket, Process, Shop, outsider
from tests.support.serving import Server

pytestmark = pytest.mark.races

CONNECTIONS = 240
ORDERS_EACH = 6
STOCK = {
    "moscow": {"apple": 300, "bread": 200},
    "novosibirsk": {"apple": 120, "bread": 80},
}

Sold = Counter[tuple[int, str, str]]
"""Pieces by business, warehouse and offer."""

_numbers = count(1)


@pytest.fixture
def base_url(url: str, tmp_path: Path) -> Iterator[str]:
    """Four worker processes."""
    server = Server(url, tmp_path, "--workers", "4")
    yield server.wait_until_ready()
    server.stop()


async def test_sold_and_free_are_what_there_was(
    url: str, base_url: str, ours: Shop, theirs: Shop, p1: Process
) -> None:
    shops = (ours, theirs)
    for shop in shops:
        for source, pieces in STOCK.items():
            await p1.stock(shop, source, **pieces)
    buyers = [Buyer(base_url, shops[number % 2]) for number in range(CONNECTIONS)]
    await asyncio.gather(*(buyer.connect() for buyer in buyers))
    shopping = [_shop(buyer, random.Random(number)) for number, buyer in enumerate(buyers)]
    sold: Sold = sum(await asyncio.gather(*shopping), Counter())
    for buyer in buyers:
        buyer.hang_up()
    # Everything is wanted by somebody, so nothing is left; and what was sold is what there was.
    assert sold == {
        (shop.business_id, source, offer): start
        for shop in shops
        for source, pieces in STOCK.items()
        for offer, start in pieces.items()
    }
    async with outsider(url) as connection:
        assert await connection.fetchval("SELECT count(*) FROM stock WHERE held = fit") == 8
    await assert_books_agree(url)
    await p1.advance(HOUR)
    await assert_books_agree(url)


async def _shop(buyer: Buyer, rolls: random.Random) -> Sold:
    sold: Sold = Counter()
    for _ in range(ORDERS_EACH):
        await _order_something(buyer, rolls, sold)
    # Until nothing is left, piece by piece.
    for source, pieces in STOCK.items():
        for offer in pieces:
            while (await buyer.order(_body({offer: 1}, sources=(source,)))).word == "OK":
                sold[buyer.shop.business_id, source, offer] += 1
    return sold


async def _order_something(buyer: Buyer, rolls: random.Random, sold: Sold) -> None:
    first, second = rolls.sample(sorted(STOCK["moscow"]), 2)
    baskets = [{first: rolls.randint(1, 2)}]
    if rolls.random() < 0.3:
        baskets.append({second: 1})
    draft, fake = rolls.random() < 0.4, rolls.random() < 0.05
    point = rolls.choice((NARROW_POINT, MOSCOW_POINT, *(WIDE_POINT,) * 8))
    body = _body(*baskets, draft=draft, fake=fake, point=point)
    key = body["order"]["externalOrderId"] if rolls.random() < 0.3 else None
    reply = await buyer.order(body, key=key)
    assert reply.word in {"OK", "NOT_ENOUGH_STOCK", "INVALID_DELIVERY_OPTION"}
    if reply.word != "OK":
        return
    if key is not None:
        assert await buyer.order(body, key=key) == reply
    if not fake:
        for source, basket in zip(STOCK, baskets, strict=False):
            for offer, pieces in basket.items():
                sold[buyer.shop.business_id, source, offer] += pieces
    if draft and rolls.random() < 0.5:
        for order_id in reply.order_ids:
            confirmed = await buyer.confirm(order_id)
            assert confirmed.status == 200, confirmed.content


def _body(*baskets: Basket, **more: Any) -> dict[str, Any]:
    return order_body(f"order {next(_numbers)}", *baskets, **more)


@pytest.mark.parametrize("key", [None, "one and the same"])
async def test_a_hundred_equal_calls(
    base_url: str, ours: Shop, p1: Process, key: str | None
) -> None:
    await p1.stock(ours, apple=1000)
    buyers = [Buyer(base_url, ours) for _ in range(100)]
    await asyncio.gather(*(buyer.connect() for buyer in buyers))
    body = order_body("A-1", {"apple": 1})
    replies = await asyncio.gather(*(buyer.order(body, key=key) for buyer in buyers))
    for buyer in buyers:
        buyer.hang_up()
    if key is None:
        words = Counter(reply.word for reply in replies)
        assert words == {"OK": 1, "ORDER_ALREADY_EXISTS": 99}
    else:
        (reply,) = {*replies}
        assert reply.word == "OK"
    async with p1.database.connection() as connection:
        assert await connection.fetchval("SELECT held FROM stock") == 1
