"""Offers are remembered under the version of their catalogue, and never longer."""

import msgspec
import pytest

from entrepot import limits
from entrepot.contract.errors import Refusal
from entrepot.db.goods_cache import GoodsCache
from entrepot.db.offers import load_offers
from entrepot.db.placements import read_present
from entrepot.db.transaction import Database
from entrepot.domain.delivery.goods import Goods
from entrepot.domain.offers import Offer
from entrepot.domain.placement import Placed
from tests.races.world import Process, Shop, command

APPLE = Offer("apple", "Apple", 500, 100, 100, 100)


async def goods(database: Database, cache: GoodsCache, shop: Shop, *offers: str) -> list[Goods]:
    async with database.connection() as connection:
        present = await read_present(connection, [(shop.business_id, b"")])
        keys = [(shop.business_id, offer) for offer in offers]
        found = await cache.read(connection, keys, present.versions.catalogues)
    return [found[key] for key in keys if key in found]


async def test_a_changed_offer_is_read_again(database: Database, ours: Shop) -> None:
    cache = GoodsCache()
    assert await goods(database, cache, ours, "apple") == [Goods(500, 100, 100, 100)]
    heavier = msgspec.structs.replace(APPLE, weight_g=900)
    await database.transaction(lambda one: load_offers(one, ours.business_id, [heavier]))
    assert await goods(database, cache, ours, "apple") == [Goods(900, 100, 100, 100)]


async def test_an_offer_that_appears_is_found_at_once(database: Database, ours: Shop) -> None:
    cache = GoodsCache()
    assert await goods(database, cache, ours, "new") == []
    new = msgspec.structs.replace(APPLE, offer_id="new")
    await database.transaction(lambda one: load_offers(one, ours.business_id, [new]))
    assert await goods(database, cache, ours, "new") == [Goods(500, 100, 100, 100)]


async def test_businesses_do_not_share_offers(database: Database, ours: Shop, theirs: Shop) -> None:
    cache = GoodsCache()
    heavier = msgspec.structs.replace(APPLE, weight_g=900)
    await database.transaction(lambda one: load_offers(one, theirs.business_id, [heavier]))
    assert await goods(database, cache, ours, "apple") == [Goods(500, 100, 100, 100)]
    assert await goods(database, cache, theirs, "apple") == [Goods(900, 100, 100, 100)]


async def test_it_forgets_rather_than_grow(
    database: Database, ours: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "GOODS_REMEMBERED_MAX", 1)
    cache = GoodsCache()
    for _ in range(2):
        assert len(await goods(database, cache, ours, "apple", "bread")) == 2


async def test_placing_sees_the_offer_as_it_is(
    database: Database, ours: Shop, placing: Process
) -> None:
    await placing.stock(ours, apple=5)
    assert isinstance(await placing.place_one(command(ours, {"apple": 1})), Placed)
    huge = msgspec.structs.replace(APPLE, length_mm=9_000)
    await database.transaction(lambda one: load_offers(one, ours.business_id, [huge]))
    refused = await placing.place_one(command(ours, {"apple": 1}))
    assert isinstance(refused, Refusal)
    assert refused.code == "INVALID_ITEM_DIMENSIONS"
