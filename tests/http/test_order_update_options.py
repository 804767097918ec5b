"""getOrderUpdateOptions over HTTP: where a courier's order may go instead."""

from typing import Any

import pytest

from entrepot.contract.enums import OrderStatus
from entrepot.db.connection import Connection
from entrepot.demo.network import FEW_A_DAY, MOSCOW_WAREHOUSE
from entrepot.demo.seed import DemoWorld
from tests.http.shopping import (
    Json,
    Shop,
    courier_options,
    item,
    parcels,
    pickup_options,
    to_address,
    to_point,
)
from tests.support.client import Answer, Client
from tests.support.serving import Service

ADDRESS = "г. Москва, ул. Малая Тайная, д. 7"
PSKOV_ADDRESS = "Псков, Октябрьский пр., 5"  # couriers there take few
A_DAY_S = 86_400


@pytest.fixture
def shop(client: Client, world: DemoWorld) -> Shop:
    return Shop(client, world.first)


async def ask(shop: Shop, order_id: int) -> Answer:
    campaign_id = shop.business.campaign_id
    return await shop.client.call("getOrderUpdateOptions", {"id": order_id}, campaignId=campaign_id)


async def options_of(shop: Shop, order_id: int) -> list[Json]:
    answer = await ask(shop, order_id)
    assert answer.status == 200, answer.json
    found: list[Json] = answer.json["result"]["deliveryIntervals"]["availableDeliveryIntervals"]
    return found


def interval(option: Json) -> Json:
    """Day and times of an option of getDeliveryOptions."""
    return {name: option[name] for name in ("deliveryDateInterval", "deliveryTimeInterval")}


def day_of(option: Json) -> str:
    day: str = option["deliveryDateInterval"]["fromDate"]
    return day


async def quoted(shop: Shop, address: str = ADDRESS) -> list[Json]:
    wanted = item(shop.business.offer_ids[0], 1, MOSCOW_WAREHOUSE)
    (parcel,) = parcels(await shop.quote(wanted, address=address))
    return courier_options(parcel)


def id_of(placed: Answer) -> int:
    assert placed.status == 200, placed.json
    order_id: int = placed.json["result"]["orders"][0]["id"]
    return order_id


async def place(shop: Shop, option: Json, address: str = ADDRESS, *, draft: bool = False) -> int:
    placed = await shop.place(MOSCOW_WAREHOUSE, option, to_address(address), draft=draft)
    return id_of(placed)


async def set_status(service: Service, order_id: int, status: str) -> None:
    async def change(connection: Connection) -> None:
        await connection.execute("UPDATE orders SET status = $1 WHERE id = $2", status, order_id)

    await service.platform.database.transaction(change)


@pytest.mark.parametrize("draft", [False, True])
async def test_an_order_may_go_to_whatever_a_new_one_may(shop: Shop, draft: bool) -> None:
    offered = await quoted(shop)
    order_id = await place(shop, offered[2], draft=draft)
    assert await options_of(shop, order_id) == [interval(option) for option in offered]


async def test_its_own_interval_is_free_for_it_and_for_nobody_else(shop: Shop) -> None:
    chosen = (await quoted(shop, PSKOV_ADDRESS))[3]
    ours = [await place(shop, chosen, PSKOV_ADDRESS) for _ in range(FEW_A_DAY)]
    other = (await quoted(shop, PSKOV_ADDRESS))[0]
    theirs = await place(shop, other, PSKOV_ADDRESS)
    assert interval(chosen) in await options_of(shop, ours[0])
    assert interval(chosen) not in await options_of(shop, theirs)
    assert interval(other) in await options_of(shop, theirs)


async def test_what_drafts_held_is_free_when_they_have_run_out(
    shop: Shop, service: Service
) -> None:
    offered = await quoted(shop, PSKOV_ADDRESS)
    contested = offered[6]
    order_id = await place(shop, offered[7], PSKOV_ADDRESS)
    for _ in range(FEW_A_DAY):
        await place(shop, contested, PSKOV_ADDRESS, draft=True)
    assert interval(contested) not in await options_of(shop, order_id)
    await service.advance_clock(3600)
    assert interval(contested) in await options_of(shop, order_id)


async def test_the_van_that_has_left_without_it(shop: Shop, service: Service) -> None:
    offered = await quoted(shop)
    order_id = await place(shop, offered[-1])
    await service.advance_clock(3 * A_DAY_S)
    later = await options_of(shop, order_id)
    assert later == [interval(option) for option in await quoted(shop)]
    assert day_of(later[0]) > day_of(offered[0])


async def test_an_order_under_way_can_be_moved_until_it_is_delivered(
    shop: Shop, service: Service
) -> None:
    offered = await quoted(shop)
    order_id = await place(shop, offered[4])
    await set_status(service, order_id, OrderStatus.DELIVERY)
    assert interval(offered[4]) in await options_of(shop, order_id)
    # On the day of its arrival it is there, whatever a new order would need.
    await service.advance_clock(5 * A_DAY_S)
    under_way, anew = await options_of(shop, order_id), await quoted(shop)
    assert day_of(under_way[0]) <= day_of(anew[0])
    await set_status(service, order_id, OrderStatus.DELIVERED)
    assert await options_of(shop, order_id) == []


async def test_what_cannot_be_moved_has_no_options(shop: Shop, service: Service) -> None:
    point_id = shop.business.logistic_point_ids[0]
    (parcel,) = parcels(await shop.quote(points=[point_id]))
    option = pickup_options(parcel)[point_id][0]
    to_a_point = id_of(await shop.place(parcel["warehouseId"], option, to_point(point_id)))
    assert await options_of(shop, to_a_point) == []

    offered = await quoted(shop)
    cancelled, draft = await place(shop, offered[0]), await place(shop, offered[0], draft=True)
    await set_status(service, cancelled, OrderStatus.CANCELLED)
    assert await options_of(shop, cancelled) == []
    assert await options_of(shop, draft)
    await service.advance_clock(3600)
    assert await options_of(shop, draft) == []


async def test_a_fake_order_is_asked_about_like_any_other(shop: Shop) -> None:
    offered = await quoted(shop)
    (day, times) = offered[0]["deliveryDateInterval"], offered[0]["deliveryTimeInterval"]
    offer_id = shop.business.offer_ids[0]
    price = {"value": 100, "currencyId": "RUR"}
    order: Json = {
        "externalOrderId": "a fake",
        "itemsDelivery": [
            {
                "warehouseId": MOSCOW_WAREHOUSE,
                "items": [{"offerId": offer_id, "count": 1, "price": price}],
                "deliveryDateInterval": day,
                "deliveryTimeInterval": times,
            }
        ],
        "destination": to_address(ADDRESS),
        "customer": {"firstName": "Анна", "lastName": "Петрова", "phone": "+79990001122"},
        "packaging": {},
        "paymentType": "PREPAID",
        "fake": True,
    }
    campaign_id = shop.business.campaign_id
    placed = await shop.client.call("createOrder", {"order": order}, campaignId=campaign_id)
    assert await options_of(shop, id_of(placed)) == [interval(option) for option in offered]


async def test_an_order_that_the_campaign_does_not_have(
    shop: Shop, client: Client, world: DemoWorld
) -> None:
    theirs = Shop(client.with_key(world.second.api_key), world.second)
    order_id = await place(shop, (await quoted(shop))[0])
    for asked, stranger in ((404, shop), (-1, shop), (2**63 - 1, shop), (order_id, theirs)):
        refused = await ask(stranger, asked)
        assert refused.status == 400
        assert refused.error == ("BAD_REQUEST", f"Order not found: {asked}")
    foreign = Shop(client.with_key(world.second.api_key), world.first)
    assert (await ask(foreign, order_id)).status == 403


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "id must not be null"),
        ({"id": None}, "id must not be null"),
        ({"id": "many"}, "id"),
        ({"id": 2**63}, "id"),
    ],
)
async def test_a_question_without_an_order(shop: Shop, body: Any, message: str) -> None:
    campaign_id = shop.business.campaign_id
    refused = await shop.client.call("getOrderUpdateOptions", body, campaignId=campaign_id)
    assert (refused.status, refused.error[0]) == (400, "BAD_REQUEST")
    assert message in refused.message


@pytest.mark.parametrize(("key", "status"), [("orders-read-only", 403), ("read-only", 403)])
async def test_reading_is_not_enough(
    shop: Shop, client: Client, world: DemoWorld, key: str, status: int
) -> None:
    order_id = await place(shop, (await quoted(shop))[0])
    reader = Shop(client.with_key(world.first.keys[key]), world.first)
    assert (await ask(reader, order_id)).status == status
