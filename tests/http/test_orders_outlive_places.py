"""A network may lose the point, the region and the warehouse of an order: it still reads right."""

import pytest

from entrepot.db.network_load import load_network
from entrepot.demo.seed import DemoWorld
from entrepot.domain.network import NetworkDescription
from entrepot.operations.call import Platform
from tests.domain import networks
from tests.support.client import Client
from tests.support.orders import OrderBook, moscow

CREATED_AT = moscow("2026-03-31 23:59:59")


@pytest.mark.parametrize("network", [networks.described(), NetworkDescription()])
async def test_every_read_shows_it(
    client: Client,
    book: OrderBook,
    world: DemoWorld,
    platform: Platform,
    network: NetworkDescription,
) -> None:
    point_id, warehouse_id = world.first.logistic_point_ids[0], world.first.warehouse_ids[0]
    picked_up = await book.order(CREATED_AT, place_id=point_id, warehouse_id=warehouse_id)
    brought = await book.order(
        CREATED_AT, place_kind="Z", place_id=2_001, full_address="Москва, улица Арбат, 1",
        receive_code=None, region_id=20_279,
    )  # fmt: skip
    campaign = {"campaignId": book.campaign_id}
    before = (await client.call("getOrder", **campaign, orderId=picked_up.id)).json["order"]
    assert before["delivery"]["address"]["street"]
    await load_network(platform.database, network)
    for written in (picked_up, brought):
        one = (await client.call("getOrder", **campaign, orderId=written.id)).json["order"]
        assert one["status"] == "PROCESSING"
        assert one["delivery"]["dates"]["fromDate"] == "03-04-2026"
        assert "street" not in one["delivery"].get("address", {})
    assert (await client.call("getOrders", **campaign)).status == 200
    asked = {"orderIds": [picked_up.id, brought.id]}
    listed = await client.call("getBusinessOrders", asked, businessId=book.business_id)
    deliveries = [order["delivery"] for order in listed.json["orders"]]
    places = [each["pickup"]["logisticPointId"] for each in deliveries if "pickup" in each]
    assert (len(deliveries), places) == (2, [point_id])
