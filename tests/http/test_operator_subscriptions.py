"""Subscriptions through the operator's API, with a server that hears."""

from collections.abc import AsyncIterator, Callable

import pytest

from entrepot.demo.seed import DemoWorld
from entrepot.domain.operators import Role
from entrepot.operations.registry import OPERATOR
from tests.http.test_operator import As, Checking, Day, day, document, people
from tests.support.client import Answer, Client
from tests.support.receiver import Receiver, answer, receiver
from tests.support.serving import Service

__all__ = ["As", "Checking", "day", "document", "people"]

Json = dict[str, object]


@pytest.fixture
async def server() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


@pytest.fixture
def admin(people: Callable[[Role], Client]) -> Client:
    return people(Role.ADMIN)


async def subscribe(admin: Client, world: DemoWorld, body: Json) -> Answer:
    return await admin.call("createSubscription", body, businessId=world.first.business_id)


async def test_from_subscribing_to_sending_again(
    admin: Client, day: Day, service: Service, world: DemoWorld, server: Receiver
) -> None:
    business = {"businessId": world.first.business_id}
    made = await subscribe(admin, world, {"url": server.url, "signed": True})
    assert made.json["state"] == "CONNECTING"
    assert made.json["secret"].startswith("whsec_")
    path = {**business, "subscriptionId": made.json["subscriptionId"]}
    await service.do_what_is_due()
    order_id = await day.order()
    await service.do_what_is_due()
    assert server.kinds == ["ORDER_CREATED"]
    (listed,) = (await admin.call("getSubscriptions", **business)).json["subscriptions"]
    assert (listed["state"], listed["waiting"], listed["signed"]) == ("ON", 0, True)
    assert "secret" not in listed

    again = await admin.call("redeliverNotifications", {"orderIds": [order_id]}, **path)
    assert again.json == {"queued": 1}
    await service.do_what_is_due()
    log = await admin.call("getDeliveryAttempts", query={"orderId": order_id}, **path)
    assert [line["outcome"] for line in log.json["attempts"]] == ["ACCEPTED", "ACCEPTED"]

    off = await admin.call("switchSubscription", {"on": False}, **path)
    assert (off.json["state"], off.json["offReason"]) == ("OFF", "BY_HAND")
    refused = await admin.call("redeliverNotifications", {"hours": 1}, **path)
    assert refused.error == (
        "SUBSCRIPTION_IMPOSSIBLE", "This cannot be done: the subscription is not on",
    )  # fmt: skip
    server.behave = answer(500)
    await admin.call("switchSubscription", {"on": True}, **path)
    await service.do_what_is_due()
    (listed,) = (await admin.call("getSubscriptions", **business)).json["subscriptions"]
    assert listed["offReason"] == "PING_FAILED"
    failed = await admin.call("getDeliveryAttempts", query={"failed": True}, **path)
    assert [line["kind"] for line in failed.json["attempts"]] == ["PING"]

    assert (await admin.call("deleteSubscription", **path)).json["state"] == "DELETED"
    assert (await admin.call("deleteSubscription", **path)).status == 404


async def test_an_hour_of_silence_is_seen_by_moving_the_clock(
    admin: Client, day: Day, service: Service, world: DemoWorld, server: Receiver
) -> None:
    await subscribe(admin, world, {"url": server.url, "kinds": ["ORDER_CREATED"]})
    await service.do_what_is_due()
    await day.order()
    server.behave = answer(500)
    shop = Client(admin._session, service.base_url, world.first.api_key, None)
    moved = await shop.call("advanceClock", {"seconds": 1800})
    assert moved.status == 200, moved.content
    assert len(server.told) in (30, 31)


@pytest.mark.parametrize(
    "body",
    [
        {"url": "ftp://shop.example/"},
        {"url": "https://shop.example/", "kinds": ["PING"]},
        {"url": "https://shop.example/", "campaignId": 1},
    ],
)
async def test_what_cannot_be(admin: Client, world: DemoWorld, body: Json) -> None:
    refused = await subscribe(admin, world, body)
    assert (refused.status, refused.error[0]) == (400, "SUBSCRIPTION_IMPOSSIBLE")


async def test_another_business_has_no_such_subscription(
    admin: Client, world: DemoWorld, server: Receiver
) -> None:
    made = await subscribe(admin, world, {"url": server.url})
    path = {
        "businessId": world.second.business_id,
        "subscriptionId": made.json["subscriptionId"],
    }
    for operation_id, body in (
        ("switchSubscription", {"on": False}),
        ("deleteSubscription", None),
        ("getDeliveryAttempts", None),
        ("redeliverNotifications", {"hours": 1}),
    ):
        assert operation_id in OPERATOR.operations
        assert (await admin.call(operation_id, body, **path)).status == 404
