"""getStocks over HTTP."""

from typing import Any

import msgspec
import pytest

from entrepot.contract.errors import LIMIT_TOO_LARGE
from entrepot.db.connection import Connection
from entrepot.db.offers import load_offers, read_offers
from entrepot.demo.seed import DemoWorld
from entrepot.domain.stock import StockKey
from entrepot.domain.stock_corrections import Correction, Pile, SetTo
from entrepot.fulfilment.correct_stock import correct_stock
from entrepot.operations.call import Platform
from tests.http.shopping import Shop, item, parcels, pickup_options, to_point
from tests.support.client import Answer, Client
from tests.support.serving import Service


async def stocks(client: Client, world: DemoWorld, body: Any = None, **query: Any) -> Answer:
    return await client.call("getStocks", body, query=query, campaignId=world.first.campaign_id)


async def counts(client: Client, world: DemoWorld, offer_id: str) -> dict[int, dict[str, int]]:
    """Give the pieces of an offer by warehouse and type."""
    answer = await stocks(client, world, {"offerIds": [offer_id]})
    return {
        warehouse["warehouseId"]: {
            stock["type"]: stock["count"]
            for offer in warehouse["offers"]
            for stock in offer["stocks"]
        }
        for warehouse in answer.json["result"]["warehouses"]
    }


async def set_piles(platform: Platform, key: StockKey, **piles: int) -> None:
    corrections = [Correction(key, Pile(pile), SetTo(n)) for pile, n in piles.items()]
    moved = await correct_stock(
        platform.database, platform.clock, key.business_id, corrections, reason="test"
    )
    assert isinstance(moved, tuple), moved


async def buy(client: Client, world: DemoWorld, pieces: int, *, draft: bool = False) -> int:
    """Order pieces of the first offer from the first warehouse; gives the order's id."""
    shop = Shop(client, world.first)
    offer_id, point_id = world.first.offer_ids[0], world.first.logistic_point_ids[0]
    wanted = item(offer_id, pieces, world.first.warehouse_ids[0])
    (parcel,) = parcels(await shop.quote(wanted, points=[point_id]))
    option = pickup_options(parcel)[point_id][0]
    placed = await shop.place(
        parcel["warehouseId"], option, to_point(point_id), wanted, draft=draft
    )
    assert placed.status == 200, placed.json
    order_id: int = placed.json["result"]["orders"][0]["id"]
    return order_id


def keys(answer: Answer) -> list[tuple[int, str]]:
    return [
        (warehouse["warehouseId"], offer["offerId"])
        for warehouse in answer.json["result"]["warehouses"]
        for offer in warehouse["offers"]
    ]


async def test_types_without_pieces_are_left_out_but_two(
    client: Client, world: DemoWorld, platform: Platform
) -> None:
    key = StockKey(world.first.business_id, world.first.warehouse_ids[0], world.first.offer_ids[0])
    zeros = dict.fromkeys(Pile, 0)
    await set_piles(platform, key, **zeros)
    found = await counts(client, world, key.offer_id)
    assert found[key.warehouse_id] == {"FIT": 0, "AVAILABLE": 0}
    everything = {"FIT": 5, "DEFECT": 1, "QUARANTINE": 2, "EXPIRED": 3, "UTILIZATION": 4}
    await set_piles(platform, key, **everything)
    found = await counts(client, world, key.offer_id)
    assert found[key.warehouse_id] == {"AVAILABLE": 5, **everything}


async def test_orders_freeze_and_drafts_give_back_at_their_hour(
    client: Client, world: DemoWorld, service: Service
) -> None:
    offer_id, warehouse_id = world.first.offer_ids[0], world.first.warehouse_ids[0]
    before = (await counts(client, world, offer_id))[warehouse_id]
    assert "FREEZE" not in before
    await buy(client, world, 3)
    await buy(client, world, 4, draft=True)
    held = (await counts(client, world, offer_id))[warehouse_id]
    assert held == {"FIT": before["FIT"], "AVAILABLE": before["FIT"] - 7, "FREEZE": 7}
    await service.advance_clock(3600)
    after = (await counts(client, world, offer_id))[warehouse_id]
    assert after == {"FIT": before["FIT"], "AVAILABLE": before["FIT"] - 3, "FREEZE": 3}
    assert await service.do_what_is_due() > 0
    assert (await counts(client, world, offer_id))[warehouse_id] == after


async def test_pages_hold_every_offer_once(client: Client, world: DemoWorld) -> None:
    seen: list[tuple[int, str]] = []
    query: dict[str, Any] = {"limit": 200}
    while True:
        answer = await stocks(client, world, **query)
        found = keys(answer)
        seen += found
        token = answer.json["result"]["paging"].get("nextPageToken")
        if token is None:
            break
        assert len(found) == 200
        query = {"limit": 200, "pageToken": token}
    assert len(seen) > 400
    assert seen == sorted(set(seen))
    assert {warehouse for warehouse, _ in seen} == set(world.first.warehouse_ids)
    assert len(keys(await stocks(client, world))) == 100, "the default"


async def test_a_warehouse_s_offers_divide_into_present_and_absent(
    client: Client, world: DemoWorld
) -> None:
    warehouse_id = world.first.warehouse_ids[1]
    here = {"stocksWarehouseId": warehouse_id}

    async def all_of(body: dict[str, Any]) -> set[str]:
        found: set[str] = set()
        query: dict[str, Any] = {"limit": 200}
        while True:
            answer = await stocks(client, world, body, **query)
            of_page = keys(answer)
            assert {warehouse for warehouse, _ in of_page} <= {warehouse_id}
            assert not found & {offer for _, offer in of_page}
            found |= {offer for _, offer in of_page}
            token = answer.json["result"]["paging"].get("nextPageToken")
            if token is None:
                return found
            query["pageToken"] = token

    present = await all_of(here | {"hasStocks": True})
    absent = await all_of(here | {"hasStocks": False})
    assert present
    assert absent
    assert not present & absent
    assert await all_of(here) <= present | absent
    answer = await stocks(client, world, here | {"hasStocks": False})
    for offer in answer.json["result"]["warehouses"][0]["offers"]:
        assert {"type": "AVAILABLE", "count": 0} in offer["stocks"]


async def test_archived_offers_come_when_asked_for(
    client: Client, world: DemoWorld, platform: Platform
) -> None:
    offer_id = world.first.offer_ids[0]
    business_id = world.first.business_id

    async def archive(connection: Connection) -> None:
        found = (await read_offers(connection, business_id, [offer_id]))[offer_id]
        await load_offers(connection, business_id, [msgspec.structs.replace(found, archived=True)])

    await platform.database.transaction(archive)
    usual = await stocks(client, world, {"archived": False}, limit=200)
    assert offer_id not in {offer for _, offer in keys(usual)}
    archived = await stocks(client, world, {"archived": True})
    assert keys(archived) == [(each, offer_id) for each in sorted(world.first.warehouse_ids)]
    assert await counts(client, world, offer_id)


async def test_offers_are_found_with_blanks_around_them(client: Client, world: DemoWorld) -> None:
    offer_id = world.first.offer_ids[0]
    answer = await stocks(client, world, {"offerIds": [f"  {offer_id} ", "no such offer"]})
    assert {offer for _, offer in keys(answer)} == {offer_id}
    assert "paging" not in answer.json["result"]


async def test_an_unknown_warehouse_holds_nothing(client: Client, world: DemoWorld) -> None:
    answer = await stocks(client, world, {"stocksWarehouseId": 404})
    assert answer.json == {"status": "OK", "result": {"warehouses": [], "paging": {}}}


async def test_stock_is_the_business_s_own(client: Client, world: DemoWorld) -> None:
    other = client.with_key(world.second.api_key)
    answer = await other.call(
        "getStocks",
        {"offerIds": [world.first.offer_ids[0]]},
        campaignId=world.second.campaign_id,
    )
    assert answer.json["result"]["warehouses"] == []
    foreign = await other.call("getStocks", campaignId=world.first.campaign_id)
    assert foreign.status == 403


async def test_turnover_is_computed_from_orders(
    client: Client, world: DemoWorld, platform: Platform
) -> None:
    offer_id, warehouse_id = world.first.offer_ids[0], world.first.warehouse_ids[0]
    key = StockKey(world.first.business_id, warehouse_id, offer_id)
    await set_piles(platform, key, FIT=30)
    body = {"offerIds": [offer_id], "withTurnover": True}

    async def turnover() -> dict[int, Any]:
        answer = await stocks(client, world, body)
        return {
            warehouse["warehouseId"]: warehouse["offers"][0]["turnoverSummary"]
            for warehouse in answer.json["result"]["warehouses"]
        }

    assert set(map(str, (await turnover()).values())) == {"{'turnover': 'NO_SALES'}"}
    await buy(client, world, 9)
    await buy(client, world, 9, draft=True)
    assert (await turnover())[warehouse_id] == {"turnover": "ALMOST_LOW", "turnoverDays": 100.0}
    plain = await stocks(client, world, {"offerIds": [offer_id]})
    assert "turnoverSummary" not in plain.json["result"]["warehouses"][0]["offers"][0]


async def test_a_page_token_continues_one_question_only(client: Client, world: DemoWorld) -> None:
    token = (await stocks(client, world)).json["result"]["paging"]["nextPageToken"]
    others: list[dict[str, Any]] = [
        {"archived": True},
        {"stocksWarehouseId": world.first.warehouse_ids[0]},
        {"withTurnover": True},
    ]
    for body in others:
        answer = await stocks(client, world, body, pageToken=token)
        assert (answer.status, answer.error) == (400, ("BAD_REQUEST", "Bad page token"))
    assert (await stocks(client, world, pageToken=token)).status == 200
    assert (await stocks(client, world, {}, page_token=token)).status == 200


@pytest.mark.parametrize(
    ("body", "query", "message"),
    [
        (
            {"hasStocks": True},
            {},
            "hasStocks must be used together with stocksWarehouseId",
        ),
        ({"offerIds": ["A"]}, {"limit": 5}, "offerIds must not be combined with limit"),
        ({"offerIds": ["A"]}, {"pageToken": "x"}, "offerIds must not be combined with pageToken"),
        ({"offerIds": ["A"], "archived": False}, {}, "offerIds must not be combined with archived"),
        (
            {"offerIds": ["A"], "stocksWarehouseId": 1},
            {},
            "offerIds must not be combined with stocksWarehouseId",
        ),
        (
            {"offerIds": ["A", "B", " A"]},
            {},
            "Offers should have different ids. Following offers ids are repeating: A.",
        ),
        (
            {"offerIds": []},
            {},
            "offerIds size must be between 1 and 500 (rejected size: 0)",
        ),
        (None, {"limit": 201}, LIMIT_TOO_LARGE(maximum=200, value=201).message),
        (
            {"stocksWarehouseId": 0},
            {},
            "stocksWarehouseId must be greater than or equal to 1 (rejected value: 0)",
        ),
    ],
)  # fmt: skip
async def test_what_the_contract_forbids_is_refused(
    client: Client, world: DemoWorld, body: Any, query: dict[str, Any], message: str
) -> None:
    answer = await stocks(client, world, body, **query)
    assert (answer.status, answer.message) == (400, message)


async def test_it_needs_a_scope_of_offers(client: Client, world: DemoWorld) -> None:
    answer = await stocks(client.with_key(world.first.keys["orders"]), world)
    assert answer.status == 403
    assert (await stocks(client.with_key(world.first.keys["offers"]), world)).status == 200
