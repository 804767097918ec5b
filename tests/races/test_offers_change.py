"""Offers are measured anew while orders are placed: what processes remember is never older."""

import asyncio
from typing import Any

import pytest

from entrepot import limits
from entrepot.db.goods_cache import GoodsCache
from entrepot.db.offers import load_offers
from entrepot.domain.offers import Offer
from tests.races.wire import wire_to
from tests.races.world import Process, Shop, command, process, told


async def measure(where: Process, shop: Shop, offer: str, length_mm: int) -> None:
    """Load an offer with another length; 600 mm fits a point."""

    async def work(connection: Any) -> None:
        loaded = [Offer(offer, offer.title(), 500, length_mm, 100, 100)]
        await load_offers(connection, shop.business_id, loaded)

    await where.database.transaction(work)


async def test_in_another_process(ours: Shop, p1: Process, p2: Process) -> None:
    await p1.stock(ours, apple=9)
    assert told(await p2.order(command(ours, {"apple": 1}))) == "Placed"
    await measure(p1, ours, "apple", 601)
    for where in (p1, p2):
        refused = await where.order(command(ours, {"apple": 1}))
        assert told(refused) == "INVALID_ITEM_DIMENSIONS"
    await measure(p2, ours, "apple", 600)
    for where in (p1, p2):
        assert told(await where.order(command(ours, {"apple": 1}))) == "Placed"


async def test_while_a_batch_waits_for_its_locks(url: str, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=9)
    async with wire_to(url) as wire, process(wire.url) as other:
        await other.order(command(ours, {"apple": 1}))
        locked = wire.stop_after("SELECT s.business_id")
        placing = asyncio.create_task(other.order(command(ours, {"apple": 1})))
        await locked.reached()
        await measure(p1, ours, "apple", 601)
        locked.release()
        assert told(await placing) == "INVALID_ITEM_DIMENSIONS"


async def test_an_offer_that_was_unknown(ours: Shop, p1: Process, p2: Process) -> None:
    assert told(await p2.order(command(ours, {"nail": 1}))) == "OFFER_NOT_FOUND"
    await measure(p1, ours, "nail", 100)
    await p1.stock(ours, nail=1)
    assert told(await p2.order(command(ours, {"nail": 1}))) == "Placed"


async def test_memory_is_bounded_also_when_both_lanes_remember_the_same(
    ours: Shop, p1: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "GOODS_REMEMBERED_MAX", 3)
    cache = GoodsCache()
    keys = [(ours.business_id, "apple"), (ours.business_id, "bread")]
    async with p1.database.connection() as fast, p1.database.connection() as slow:
        for version in range(10):
            versions = {ours.business_id: version // 2}
            read = await asyncio.gather(
                cache.read(fast, keys, versions), cache.read(slow, keys, versions)
            )
            assert [goods.keys() for goods in read] == [{*keys}, {*keys}]


async def test_a_lane_that_is_late_forgets_nothing_newer(ours: Shop, p1: Process) -> None:
    """It read an older version; what it reads now must not be remembered under the newer one."""
    cache = GoodsCache()
    key = (ours.business_id, "apple")
    async with p1.database.connection() as fast, p1.database.connection() as slow:
        await asyncio.gather(
            cache.read(slow, [key], {ours.business_id: 1}),
            cache.read(fast, [key], {ours.business_id: 2}),
        )
        await measure(p1, ours, "apple", 601)
        found = await cache.read(fast, [key], {ours.business_id: 3})
        assert found[key].length_mm == 601
