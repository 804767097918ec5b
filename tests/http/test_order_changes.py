"""Cancelling and changing orders over HTTP; every answer is held against the contract."""

from typing import Any

import pytest

from entrepot.contract.enums import OrderDelivery, OrderStatus, OrderSubstatus
from entrepot.db.connection import Connection
from entrepot.db.order_history import read_history
from entrepot.demo.seed import DemoWorld
from entrepot.domain.order_changes import Move
from entrepot.domain.order_events import Actor, Event, EventKind, Source, UnitsRefused
from entrepot.domain.order_moves import DELIVERED, ActorKind, find_path, usual_stage, walker
from entrepot.fulfilment.change_orders import Moved, move_orders
from tests.http.shopping import (
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
BORIS = {"firstName": "Борис", "lastName": "Иванов", "phone": "+79995556677"}
CANCEL = {"status": "CANCELLED", "substatus": "SHOP_FAILED"}
CONFIRM = {"status": "PROCESSING", "substatus": "STARTED"}

Json = dict[str, Any]


class Merchant:
    """A shop that changes its orders."""

    def __init__(self, client: Client, world: DemoWorld, service: Service) -> None:
        self.shop = Shop(client, world.first)
        self._client = client
        self._business = world.first
        self._service = service

    async def by_courier(self, *, draft: bool = False) -> tuple[int, list[Json]]:
        """Place an order that a courier brings; gives the options there were."""
        parcel = parcels(await self.shop.quote(address=ADDRESS))[0]
        options = courier_options(parcel)
        placed = await self.shop.place(
            parcel["warehouseId"], options[0], to_address(ADDRESS), draft=draft
        )
        return _id(placed), options

    async def to_point(self, pieces: int = 1) -> int:
        """Place an order to a logistic point."""
        point_id = self._business.logistic_point_ids[0]
        wanted = item(self._business.offer_ids[0], pieces)
        parcel = parcels(await self.shop.quote(wanted, points=[point_id]))[0]
        option = pickup_options(parcel)[point_id][0]
        return _id(await self.shop.place(parcel["warehouseId"], option, to_point(point_id), wanted))

    async def set_status(self, order_id: int, wanted: Json) -> Answer:
        return await self._client.call(
            "updateOrderStatus",
            {"order": wanted},
            campaignId=self._business.campaign_id,
            orderId=order_id,
        )

    async def set_statuses(self, *orders: Json) -> Answer:
        return await self._client.call(
            "updateOrderStatuses", {"orders": orders}, campaignId=self._business.campaign_id
        )

    async def update(self, order_id: int, **parts: Any) -> Answer:
        body = {"order": {"id": order_id, **parts}}
        return await self._client.call("updateOrder", body, campaignId=self._business.campaign_id)

    async def status_of(self, operation: Json) -> str:
        answer = await self._client.call(
            "getOperations",
            {"operationType": operation["type"], "operationIds": [operation["id"]]},
            businessId=self._business.business_id,
        )
        (found,) = answer.json["result"]["operations"]
        status: str = found["status"]
        return status

    async def read(self, order_id: int) -> Json:
        answer = await self._client.call(
            "getBusinessOrders", {"orderIds": [order_id]}, businessId=self._business.business_id
        )
        (found,) = answer.json["orders"]
        shown: Json = found
        return shown

    async def legacy(self, order_id: int) -> Json:
        answer = await self._client.call(
            "getOrder", campaignId=self._business.campaign_id, orderId=order_id
        )
        shown: Json = answer.json["order"]
        return shown

    async def carry(
        self, order_id: int, steps: int = 99, refused: tuple[UnitsRefused, ...] = ()
    ) -> None:
        """Carry an order so many steps towards its buyer, as those do it whose work it is."""
        shown = await self.read(order_id)
        reached = usual_stage(OrderStatus(shown["status"]), OrderSubstatus(shown["substatus"]))
        assert reached is not None
        path = find_path(reached, DELIVERED, OrderDelivery(shown["delivery"]["type"]))
        assert path is not None
        platform = self._service.platform
        for edge in path[:steps]:
            move = Move(
                business_id=self._business.business_id,
                order_id=order_id,
                target=edge.target,
                actor=Actor(walker(edge), "test", Source.OPERATOR_API),
                refused=refused if edge.target == DELIVERED else (),
            )
            (outcome,) = await move_orders(platform.database, platform.clock, [move])
            assert isinstance(outcome, Moved), outcome

    async def later(self) -> None:
        await self._service.advance_clock(1)
        await self._service.do_what_is_due()


def _id(placed: Answer) -> int:
    assert placed.status == 200, placed.content
    order_id: int = placed.json["result"]["orders"][0]["id"]
    return order_id


@pytest.fixture
def merchant(client: Client, world: DemoWorld, service: Service) -> Merchant:
    return Merchant(client, world, service)


async def test_a_cancelled_order_is_cancelled_when_its_operation_is_done(
    merchant: Merchant,
) -> None:
    order_id, _ = await merchant.by_courier()
    asked = await merchant.set_status(order_id, CANCEL)
    assert asked.status == 200
    assert asked.json["order"]["status"] == "PROCESSING"
    operation = asked.json["operation"]
    assert operation["type"] == "ORDER_STATUS_UPDATE"
    assert await merchant.status_of(operation) == "IN_PROGRESS"
    await merchant.later()
    assert await merchant.status_of(operation) == "DONE"
    shown = await merchant.read(order_id)
    assert (shown["status"], shown["substatus"]) == ("CANCELLED", "SHOP_FAILED")
    assert shown["items"][0]["itemStatuses"] == [{"status": "CANCELLED", "count": 1}]
    again = await merchant.set_status(order_id, CANCEL)
    assert again.json["operation"] == operation


async def test_a_cancellation_that_comes_too_late_fails(merchant: Merchant) -> None:
    order_id, _ = await merchant.by_courier()
    await merchant.carry(order_id, 3)
    operation = (await merchant.set_status(order_id, CANCEL)).json["operation"]
    await merchant.carry(order_id)
    await merchant.later()
    assert await merchant.status_of(operation) == "FAILED"
    assert (await merchant.read(order_id))["status"] == "DELIVERED"
    refused = await merchant.set_status(order_id, CANCEL)
    assert refused.error == ("STATUS_NOT_ALLOWED", "No transition found: DELIVERED -> CANCELLED")


async def test_each_of_several_orders_has_its_own_outcome(merchant: Merchant) -> None:
    draft, _ = await merchant.by_courier(draft=True)
    order_id = await merchant.to_point()
    answer = await merchant.set_statuses(
        {"id": draft, **CONFIRM},
        {"id": order_id, **CANCEL},
        {"id": order_id, "status": "PROCESSING", "substatus": "READY_TO_SHIP"},
        {"id": 404, **CONFIRM},
        {"id": draft, "status": "UNPAID"},
        {"id": draft, **CONFIRM},
    )
    assert answer.status == 200
    first, second, third, fourth, fifth, sixth = answer.json["result"]["orders"]
    assert (first["updateStatus"], first["status"]) == ("OK", "PROCESSING")
    assert await merchant.status_of(first["operation"]) == "DONE"
    assert (second["updateStatus"], second["status"]) == ("OK", "PROCESSING")
    assert await merchant.status_of(second["operation"]) == "IN_PROGRESS"
    assert third["updateStatus"] == "ERROR"
    assert third["errorDetails"].startswith("Transition PROCESSING -> PROCESSING is not allowed.")
    assert str(order_id) in third["errorDetails"]
    assert fourth == {
        "id": 404, "updateStatus": "ERROR", "errorDetails": "Order not found: 404"
    }  # fmt: skip
    assert fifth["errorDetails"] == f"Status not allowed: UNPAID (order {draft})"
    assert sixth == first


async def test_orders_are_asked_for_in_lists_of_one_to_thirty(merchant: Merchant) -> None:
    none = await merchant.set_statuses()
    assert none.message == "orders size must be between 1 and 30 (rejected size: 0)"
    many = await merchant.set_statuses(*({"id": number, **CONFIRM} for number in range(31)))
    assert many.message == "orders size must be between 1 and 30 (rejected size: 31)"
    thirty = await merchant.set_statuses(*({"id": number, **CONFIRM} for number in range(30)))
    assert [one["id"] for one in thirty.json["result"]["orders"]] == list(range(30))


async def test_recipient_and_interval_change_together(merchant: Merchant) -> None:
    order_id, options = await merchant.by_courier()
    wanted = {name: options[2][name] for name in ("deliveryDateInterval", "deliveryTimeInterval")}
    answer = await merchant.update(order_id, customer=BORIS, deliveryInterval=wanted)
    assert answer.status == 200
    recipient, interval = answer.json["result"]["operations"]
    assert recipient["type"] == "ORDER_RECIPIENT_UPDATE"
    assert interval["type"] == "ORDER_DELIVERY_INTERVAL_UPDATE"
    await merchant.later()
    assert await merchant.status_of(recipient) == "DONE"
    assert await merchant.status_of(interval) == "DONE"
    dates = (await merchant.read(order_id))["delivery"]["dates"]
    assert dates["fromDate"] == wanted["deliveryDateInterval"]["fromDate"]
    assert dates["fromTime"] == wanted["deliveryTimeInterval"]["fromTime"]


async def test_what_an_update_needs(merchant: Merchant) -> None:
    order_id, options = await merchant.by_courier()
    nothing = await merchant.update(order_id)
    assert nothing.error == (
        "BAD_REQUEST",
        "At least one of order.customer and order.deliveryInterval must be specified",
    )
    assert (await merchant.update(404, customer=BORIS)).error == (
        "BAD_REQUEST",
        "Order not found: 404",
    )
    day = options[0]["deliveryDateInterval"]["fromDate"]
    for dates, times in (
        ({"fromDate": day, "toDate": "2030-01-01"}, options[0]["deliveryTimeInterval"]),
        (options[0]["deliveryDateInterval"], {"fromTime": "00:01", "toTime": "00:02"}),
    ):
        wrong = {"deliveryDateInterval": dates, "deliveryTimeInterval": times}
        refused = await merchant.update(order_id, deliveryInterval=wrong)
        assert refused.error == (
            "INVALID_DELIVERY_OPTION",
            f"The requested delivery interval is not valid for order {order_id}",
        )
    wanted = {name: options[2][name] for name in ("deliveryDateInterval", "deliveryTimeInterval")}
    to_a_point = await merchant.to_point()
    assert (await merchant.update(to_a_point, deliveryInterval=wanted)).error == (
        "INVALID_DELIVERY_TYPE",
        f"Delivery dates can't be updated for PICKUP order with id {to_a_point}",
    )
    await merchant.set_status(order_id, CANCEL)
    assert (await merchant.update(order_id, customer=BORIS)).error == (
        "CANCELLATION_REQUESTED",
        f"Order {order_id} is in cancellation state",
    )
    await merchant.later()
    assert (await merchant.update(order_id, customer=BORIS)).error == (
        "ORDER_IN_TERMINAL_STATE",
        f"Order {order_id} is in terminal state",
    )


async def test_what_is_not_fetched_goes_back(merchant: Merchant, service: Service) -> None:
    order_id = await merchant.to_point(2)
    await merchant.carry(order_id, 4)
    stored = await merchant.read(order_id)
    assert stored["status"] == "PICKUP"
    day = stored["delivery"]["pickup"]["outletStorageLimitDate"]
    legacy = await merchant.legacy(order_id)
    assert legacy["delivery"]["outletStorageLimitDate"] == "-".join(reversed(day.split("-")))
    await service.advance_clock(30 * 86_400)
    unswept = await merchant.read(order_id)
    assert (unswept["status"], unswept["substatus"]) == ("CANCELLED", "PICKUP_EXPIRED")
    assert "outletStorageLimitDate" not in unswept["delivery"]["pickup"]
    await service.do_what_is_due()
    assert await merchant.read(order_id) == unswept


async def test_pieces_that_were_turned_down_are_told(merchant: Merchant, world: DemoWorld) -> None:
    order_id = await merchant.to_point(3)
    await merchant.carry(order_id, refused=(UnitsRefused(world.first.offer_ids[0], 1),))
    shown = await merchant.read(order_id)
    assert shown["status"] == "DELIVERED"
    assert shown["items"][0]["itemStatuses"] == [
        {"status": "DELIVERED_TO_BUYER", "count": 2},
        {"status": "REJECTED", "count": 1},
    ]


async def test_the_history_tells_who_did_what_and_from_where(
    merchant: Merchant, world: DemoWorld, service: Service
) -> None:
    order_id, _ = await merchant.by_courier()
    await merchant.carry(order_id, 1)
    await merchant.set_status(order_id, CANCEL)
    await merchant.later()

    async def read(connection: Connection) -> tuple[Event, ...]:
        return await read_history(connection, world.first.business_id, order_id)

    events = await service.platform.database.read(read)
    shop = Actor(ActorKind.SHOP, "demo: all-methods", Source.API)
    packer = Actor(ActorKind.WAREHOUSE, "test", Source.OPERATOR_API)
    assert [(event.kind, event.actor) for event in events] == [
        (EventKind.CREATED, shop),
        (EventKind.STATUS_CHANGED, packer),
        (EventKind.OPERATION_STARTED, shop),
        (EventKind.STATUS_CHANGED, shop),
    ]
    assert [event.seq for event in events] == [1, 2, 3, 4]
    moments = [event.happened_at for event in events]
    assert moments == sorted(moments)


async def test_an_order_has_no_marking_codes(
    merchant: Merchant, client: Client, world: DemoWorld
) -> None:
    order_id, _ = await merchant.by_courier()

    async def ask(asked: int) -> Answer:
        return await client.call(
            "getOrderIdentifiersStatus", campaignId=world.first.campaign_id, orderId=asked
        )

    assert (await ask(order_id)).json["result"]["items"] == [{"id": 1}]
    assert (await ask(404)).error == ("NOT_FOUND", "Order not found: 404")


async def test_operations_are_forgotten_after_a_month(
    merchant: Merchant, client: Client, world: DemoWorld, service: Service
) -> None:
    order_id, _ = await merchant.by_courier()
    operation = (await merchant.set_status(order_id, CANCEL)).json["operation"]
    await merchant.later()
    await service.advance_clock(30 * 86_400 - 10)
    await service.do_what_is_due()
    assert await merchant.status_of(operation) == "DONE"
    await service.advance_clock(10)
    await service.do_what_is_due()
    answer = await client.call(
        "getOperations",
        {"operationType": operation["type"], "operationIds": [operation["id"]]},
        businessId=world.first.business_id,
    )
    assert answer.json["result"]["operations"] == []
