"""What createOrder was given is what every read shows, in both forms, until and after its end."""

from typing import Any

import pytest

from entrepot.demo.seed import DemoWorld
from tests.http.shopping import (
    Shop,
    courier_options,
    item,
    parcels,
    pickup_options,
    to_address,
    to_point,
)
from tests.support.client import Client
from tests.support.serving import Service

ADDRESS = "г. Москва, ул. Малая Тайная, д. 7"
SECRETS = ("Анна", "Петрова", "+79990001122", "Тайная")


@pytest.fixture
def buyer(client: Client, world: DemoWorld) -> Shop:
    return Shop(client, world.first)


class Reads:
    """The three ways to read an order."""

    def __init__(self, client: Client, world: DemoWorld) -> None:
        self._client = client
        self._campaign_id = world.first.campaign_id
        self._business_id = world.first.business_id

    async def one(self, order_id: int) -> Any:
        answer = await self._client.call("getOrder", campaignId=self._campaign_id, orderId=order_id)
        assert answer.status == 200
        assert not any(secret in answer.content.decode() for secret in SECRETS)
        return answer.json["order"]

    async def campaign(self, **query: Any) -> list[Any]:
        answer = await self._client.call("getOrders", query=query, campaignId=self._campaign_id)
        assert not any(secret in answer.content.decode() for secret in SECRETS)
        orders: list[Any] = answer.json["orders"]
        return orders

    async def business(self, **body: Any) -> list[Any]:
        answer = await self._client.call("getBusinessOrders", body, businessId=self._business_id)
        assert not any(secret in answer.content.decode() for secret in SECRETS)
        orders: list[Any] = answer.json["orders"]
        return orders


@pytest.fixture
def reads(client: Client, world: DemoWorld) -> Reads:
    return Reads(client, world)


async def courier_draft(buyer: Shop) -> tuple[int, dict[str, Any]]:
    """Place a draft that a courier shall bring; gives its id and the option chosen."""
    parcel = parcels(await buyer.quote(address=ADDRESS))[0]
    option = courier_options(parcel)[0]
    placed = await buyer.place(parcel["warehouseId"], option, to_address(ADDRESS), draft=True)
    assert placed.status == 200, placed.content
    order_id: int = placed.json["result"]["orders"][0]["id"]
    return order_id, option


async def test_courier_draft_is_read_as_it_was_placed(buyer: Shop, reads: Reads) -> None:
    order_id, option = await courier_draft(buyer)
    older = await reads.one(order_id)
    assert await reads.campaign() == [older]
    assert await reads.campaign(status="RESERVED", orderIds=[order_id]) == [older]
    (newer,) = await reads.business()
    assert (newer["status"], newer["substatus"]) == ("RESERVED", "AWAIT_CONFIRMATION")
    dates = newer["delivery"]["dates"]
    assert dates["fromDate"] == option["deliveryDateInterval"]["fromDate"]
    assert dates["fromTime"] == option["deliveryTimeInterval"]["fromTime"]
    assert dates["toTime"] == option["deliveryTimeInterval"]["toTime"]
    assert older["delivery"]["dates"]["fromTime"] == dates["fromTime"]
    assert older["delivery"]["dates"]["fromDate"] == "-".join(
        reversed(dates["fromDate"].split("-"))
    )
    assert newer["delivery"]["courier"]["address"]["city"] == "Москва"
    assert older["delivery"]["region"] == newer["delivery"]["courier"]["region"]
    assert older["deliveryTotal"] == option["price"]["value"]
    assert older["itemsTotal"] == 100


async def test_draft_that_nobody_confirms_ends_in_every_read(
    buyer: Shop, reads: Reads, service: Service
) -> None:
    order_id, _ = await courier_draft(buyer)
    assert await reads.campaign(status="CANCELLED") == []
    await service.advance_clock(3600)
    unswept = await reads.one(order_id)
    assert (unswept["status"], unswept["substatus"]) == ("CANCELLED", "RESERVATION_EXPIRED")
    assert await reads.campaign(status="CANCELLED") == [unswept]
    assert await reads.campaign(status="RESERVED") == []
    in_business = await reads.business(statuses=["CANCELLED"])
    assert [order["orderId"] for order in in_business] == [order_id]
    assert await service.do_what_is_due() >= 1
    assert await reads.one(order_id) == unswept
    assert await reads.business(statuses=["CANCELLED"]) == in_business


async def test_confirmation_is_read_at_once_and_its_operation_is_done(
    client: Client, world: DemoWorld, buyer: Shop, reads: Reads, service: Service
) -> None:
    order_id, _ = await courier_draft(buyer)
    confirmed = await client.call(
        "updateOrderStatus",
        {"order": {"status": "PROCESSING", "substatus": "STARTED"}},
        campaignId=world.first.campaign_id,
        orderId=order_id,
    )
    assert confirmed.status == 200
    assert confirmed.json["order"] == await reads.one(order_id)
    operation = confirmed.json["operation"]
    answer = await client.call(
        "getOperations",
        {"operationType": operation["type"], "operationIds": [operation["id"]]},
        businessId=world.first.business_id,
    )
    assert answer.json["result"]["operations"] == [{**operation, "status": "DONE"}]
    await service.advance_clock(7200)
    (newer,) = await reads.business(orderIds=[order_id])
    assert (newer["status"], newer["substatus"]) == ("PROCESSING", "STARTED")


async def test_order_to_a_point_shows_the_point_and_its_code(
    buyer: Shop, reads: Reads, world: DemoWorld
) -> None:
    point_id = world.first.logistic_point_ids[0]
    parcel = parcels(await buyer.quote(points=[point_id]))[0]
    option = pickup_options(parcel)[point_id][0]
    offers = [item(offer_id) for offer_id in world.first.offer_ids[:3]]
    placed = await buyer.place(parcel["warehouseId"], option, to_point(point_id), *offers)
    (created,) = placed.json["result"]["orders"]
    older = await reads.one(created["id"])
    (newer,) = await reads.business(orderIds=[created["id"]])
    assert newer["delivery"]["pickup"]["logisticPointId"] == point_id
    assert newer["delivery"]["receiveCode"] == older["delivery"]["receiveCode"]
    assert newer["delivery"]["warehouseId"] == str(parcel["warehouseId"])
    assert [line["offerId"] for line in older["items"]] == list(world.first.offer_ids[:3])
    assert {line["partnerWarehouseId"] for line in older["items"]} == {str(parcel["warehouseId"])}
    assert [line["id"] for line in newer["items"]] == [1, 2, 3]


def _multi_warehouse_order(
    buyer: Shop, options: dict[int, Any], point_id: int, **more: Any
) -> dict[str, Any]:
    price = {"value": 0.01, "currencyId": "RUR"}
    return {
        "order": {
            "externalOrderId": "both",
            "itemsDelivery": [
                {
                    "warehouseId": warehouse_id,
                    "items": [{"offerId": offer_id, "count": 3, "price": price}],
                    "deliveryDateInterval": option["deliveryDateInterval"],
                }
                for (warehouse_id, option), offer_id in zip(
                    options.items(), buyer.business.offer_ids, strict=False
                )
            ],
            "destination": to_point(point_id),
            "customer": {"firstName": "Анна", "lastName": "Петрова", "phone": "+79990001122"},
            "packaging": {},
            "paymentType": "PREPAID",
            **more,
        }
    }


@pytest.mark.parametrize("fake", [False, True])
async def test_external_id_finds_the_order_of_each_warehouse(
    client: Client, world: DemoWorld, buyer: Shop, reads: Reads, fake: bool
) -> None:
    point_id = world.first.logistic_point_ids[0]
    first, second, *_ = world.first.warehouse_ids
    pinned = [
        item(offer_id, warehouse_id=warehouse_id)
        for offer_id, warehouse_id in zip(world.first.offer_ids, (first, second), strict=False)
    ]
    quoted = parcels(await buyer.quote(*pinned, points=[point_id]))
    options = {one["warehouseId"]: pickup_options(one)[point_id][0] for one in quoted}
    body = _multi_warehouse_order(
        buyer, {one: options[one] for one in (first, second)}, point_id, fake=fake
    )
    placed = await client.call("createOrder", body, campaignId=world.first.campaign_id)
    assert placed.status == 200, placed.content
    created = {order["id"] for order in placed.json["result"]["orders"]}
    found = await reads.business(externalOrderIds=["both"], fake=fake)
    assert {order["orderId"] for order in found} == created
    assert {order["delivery"]["warehouseId"] for order in found} == {str(first), str(second)}
    assert {order["externalOrderId"] for order in found} == {"both"}
    assert {order["fake"] for order in found} == {fake}
    assert await reads.business(externalOrderIds=["both"], fake=not fake) == []
    assert {order["id"] for order in await reads.campaign(fake=fake)} == created
    assert await reads.campaign(fake=not fake) == []
