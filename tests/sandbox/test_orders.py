"""Orders that are brought somewhere, and stock that is changed, over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from entrepot.contract.enums import OrderStatus
from entrepot.contract.scopes import Scope
from entrepot.db.accounts import IssuedKey, create_key
from entrepot.demo.seed import DemoWorld
from entrepot.domain.order_moves import STAGES
from tests.http.shopping import Shop
from tests.races.books import assert_books_agree
from tests.sandbox.placing import place_to_door, place_to_point
from tests.support.client import Client
from tests.support.serving import Service

OUTSIDE = ["READY_TO_SHIP", "SHIPPED", "DELIVERY_SERVICE_RECEIVED"]


class Walker:
    """Brings orders of a shop somewhere, and looks where they are."""

    def __init__(self, client: Client, shop: Shop) -> None:
        self.client = client
        self.shop = shop

    async def stage(self, order_id: int) -> str:
        """Where an order is, as its shop sees it."""
        campaign_id = self.shop.business.campaign_id
        answer = await self.client.call("getOrder", campaignId=campaign_id, orderId=order_id)
        order = answer.json["order"]
        return f"{order['status']}/{order['substatus']}"

    async def advance(self, order_id: int, **body: Any) -> list[str]:
        """Bring an order somewhere; gives the substatuses on its way."""
        return await self._walk("advanceOrder", order_id, body)

    async def tell(self, order_id: int, **body: Any) -> list[str]:
        """Let something happen to an order."""
        return await self._walk("reportCarrierEvent", order_id, body)

    async def _walk(self, operation_id: str, order_id: int, body: Any) -> list[str]:
        answer = await self.client.call(operation_id, body, orderId=order_id)
        assert answer.status == 200, answer.json
        assert answer.json["orderId"] == order_id
        now = f"{answer.json['status']}/{answer.json['substatus']}"
        assert now == await self.stage(order_id)
        return [step["substatus"] for step in answer.json["steps"]]


@pytest.fixture
async def walker(client: Client, shop: Shop, database_url: str) -> AsyncIterator[Walker]:
    """What walks; when the test is over the books must agree."""
    yield Walker(client, shop)
    await assert_books_agree(database_url)


async def test_an_order_walks_all_the_way(walker: Walker, shop: Shop) -> None:
    order_id = await place_to_point(shop, draft=True)
    steps = await walker.advance(order_id, to="DELIVERED")
    at_point = ["PICKUP_SERVICE_RECEIVED", "DELIVERY_SERVICE_DELIVERED"]
    assert steps == ["STARTED", *OUTSIDE, *at_point]
    assert await walker.advance(order_id, to="DELIVERED") == []
    history = await walker.client.call("advanceOrder", {"to": "PICKUP"}, orderId=order_id)
    assert history.error[0] == "NO_WAY"


async def test_it_goes_by_status_or_by_substatus(walker: Walker, shop: Shop) -> None:
    order_id = await place_to_door(shop)
    ready = await walker.advance(order_id, to="PROCESSING", substatus="READY_TO_SHIP")
    assert ready == ["READY_TO_SHIP"]
    assert await walker.advance(order_id, to="DELIVERY") == OUTSIDE[1:]
    lost = await walker.advance(order_id, to="CANCELLED", substatus="DELIVERY_SERVICE_LOST")
    assert lost == ["DELIVERY_SERVICE_LOST"]


async def test_every_stage_that_is_not_a_timers_can_be_reached(walker: Walker, shop: Shop) -> None:
    await shop.client.call("freezeClock")
    for stage in STAGES:
        if stage.substatus in {"AWAIT_CONFIRMATION", "RESERVATION_EXPIRED"}:
            continue  # where drafts begin, and what only time does
        order_id = await place_to_point(shop)
        await walker.advance(order_id, to=stage.status, substatus=stage.substatus)
        assert await walker.stage(order_id) == str(stage)


@pytest.mark.parametrize(
    ("event", "end"),
    [
        ({"kind": "ACCEPTED"}, "DELIVERY/DELIVERY_SERVICE_RECEIVED"),
        ({"kind": "ARRIVED"}, "PICKUP/PICKUP_SERVICE_RECEIVED"),
        ({"kind": "DELIVERED"}, "DELIVERED/DELIVERY_SERVICE_DELIVERED"),
        ({"kind": "REFUSED"}, "CANCELLED/USER_REFUSED_DELIVERY"),
        ({"kind": "REFUSED", "reason": "USER_REFUSED_QUALITY"}, "CANCELLED/USER_REFUSED_QUALITY"),
        ({"kind": "NOT_DELIVERED"}, "CANCELLED/DELIVERY_SERVICE_UNDELIVERED"),
        ({"kind": "LOST"}, "CANCELLED/DELIVERY_SERVICE_LOST"),
        ({"kind": "STORED_TOO_LONG"}, "CANCELLED/PICKUP_EXPIRED"),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
async def test_what_carriers_tell(
    walker: Walker, shop: Shop, event: dict[str, str], end: str
) -> None:
    order_id = await place_to_point(shop)
    await walker.tell(order_id, **event)
    assert await walker.stage(order_id) == end


async def test_a_buyer_refuses_some_pieces(walker: Walker, shop: Shop) -> None:
    order_id = await place_to_point(shop, pieces=2)
    offer_id = shop.business.offer_ids[0]
    too_many = await walker.client.call(
        "reportCarrierEvent",
        {"kind": "PARTLY_REFUSED", "refused": [{"offerId": offer_id, "count": 2}]},
        orderId=order_id,
    )
    assert too_many.status == 400
    await walker.tell(order_id, kind="PARTLY_REFUSED", refused=[{"offerId": offer_id, "count": 1}])
    assert await walker.stage(order_id) == "DELIVERED/DELIVERY_SERVICE_DELIVERED"


async def test_what_cannot_be(walker: Walker, shop: Shop) -> None:
    order_id = await place_to_door(shop)
    call = walker.client.call
    for body, code in (
        ({"to": "PICKUP"}, "NO_WAY"),
        ({"to": "PENDING"}, "NO_SUCH_STAGE"),
        ({"to": "DELIVERED", "substatus": "STARTED"}, "NO_SUCH_STAGE"),
        ({"to": "CANCELLED", "substatus": "RESERVATION_EXPIRED"}, "NO_WAY"),
        ({"to": "NOWHERE"}, "BAD_REQUEST"),
    ):
        refused = await call("advanceOrder", body, orderId=order_id)
        assert (refused.status, refused.error[0]) == (400, code), refused.json
    wrong_code = {"kind": "DELIVERED", "receiveCode": "000"}
    assert (await call("reportCarrierEvent", wrong_code, orderId=order_id)).status == 400
    assert await walker.stage(order_id) == "DELIVERY/DELIVERY_SERVICE_RECEIVED"


async def test_anothers_order_is_like_a_missing_one(
    walker: Walker, shop: Shop, world: DemoWorld
) -> None:
    order_id = await place_to_door(shop)
    other = walker.client.with_key(world.second.api_key)
    for operation_id, body in (
        ("advanceOrder", {"to": "DELIVERED"}),
        ("reportCarrierEvent", {"kind": "LOST"}),
    ):
        foreign = await other.call(operation_id, body, orderId=order_id)
        missing = await other.call(operation_id, body, orderId=order_id + 10**9)
        assert foreign.status == missing.status == 404
        assert foreign.message == f"Order not found: {order_id}"
    assert await walker.stage(order_id) == "PROCESSING/STARTED"


async def test_stock_is_set_and_added(walker: Walker, shop: Shop, service: Service) -> None:
    offer_id = shop.business.offer_ids[0]
    order_id = await place_to_door(shop)
    (item,) = await service.platform.database.read(
        lambda one: one.fetch("SELECT warehouse_id FROM order_item WHERE order_id = $1", order_id)
    )
    pile = {"warehouseId": item["warehouse_id"], "offerId": offer_id}
    call = walker.client.call
    there = await call("changeStock", {"items": [{**pile, "set": 5}]})
    assert there.json["changes"][0]["pieces"] == 5
    more = await call("changeStock", {"items": [{**pile, "add": 2}]})
    assert (more.json["changes"][0]["delta"], more.json["changes"][0]["pieces"]) == (2, 7)
    assert (await call("changeStock", {"items": [{**pile, "set": 7}]})).json["changes"] == []
    held = await call("changeStock", {"items": [{**pile, "set": 0}]})
    assert held.error[0] == "STOCK_REFUSED"
    assert str(order_id) in held.message
    for wrong, words in (
        ({**pile}, "items[0].set"),
        ({**pile, "set": 1, "add": 1}, "items[0].set"),
        ({**pile, "offerId": "no such offer", "set": 1}, "no such offer"),
        ({**pile, "warehouseId": 999_999, "set": 1}, "warehouse 999999"),
    ):
        refused = await call("changeStock", {"items": [wrong]})
        assert refused.status == 400
        assert words in refused.message


async def test_a_reading_key_changes_nothing(walker: Walker, shop: Shop, service: Service) -> None:
    issued = await service.platform.database.transaction(
        lambda one: create_key(
            one, shop.business.business_id, "reader", [Scope.ALL_METHODS_READ_ONLY]
        )
    )
    assert isinstance(issued, IssuedKey)
    order_id = await place_to_door(shop)
    reader = walker.client.with_key(issued.token)
    assert (await reader.call("readClock")).status == 200
    body = {"to": OrderStatus.DELIVERED}
    assert (await reader.call("advanceOrder", body, orderId=order_id)).status == 403
    assert (await reader.call("advanceClock", {"seconds": 1})).status == 403
