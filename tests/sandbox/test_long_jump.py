"""A long jump of the clock over everything that a service does later, with its real duties."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from entrepot.db.delivery_log import read_log
from entrepot.db.subscriptions import NewSubscription, create_subscription
from entrepot.domain.notifications import SUBSCRIBED_KINDS
from tests.http.shopping import Shop
from tests.races.books import assert_books_agree
from tests.sandbox.placing import place_to_door, place_to_point
from tests.support.client import Client
from tests.support.receiver import accept, answer, receiver
from tests.support.serving import Service

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
Line = tuple[str, int | None, datetime]


async def log_of(service: Service, shop: Shop, subscription_id: int) -> list[Line]:
    """What was attempted, the first at first."""
    lines: Sequence[Any] = await service.platform.database.read(
        lambda one: read_log(one, shop.business.business_id, subscription_id, lines_max=1000)
    )
    return [(line.kind.value, line.order_id, line.attempted_at) for line in reversed(lines)]


async def test_drafts_end_and_receivers_are_tried_in_their_order(
    client: Client, shop: Shop, service: Service, database_url: str
) -> None:
    async with receiver() as down:
        began = datetime.fromisoformat((await client.call("freezeClock")).json["now"])
        new = NewSubscription(shop.business.business_id, None, down.url, SUBSCRIBED_KINDS, None)
        made = await service.platform.database.transaction(
            lambda one: create_subscription(one, new)
        )
        assert made is not None
        await client.call("advanceClock", {"seconds": 0})
        assert [one.kind for one in down.heard] == ["PING"]
        down.behave = answer(500)
        draft = await place_to_point(shop, draft=True)
        other = await place_to_door(shop)
        await client.call("advanceOrder", {"to": "DELIVERY"}, orderId=other)
        moved = await client.call("advanceClock", {"seconds": 2 * 3600})
        assert moved.status == 200, moved.json
        tried = [line for line in await log_of(service, shop, made) if line[0] != "PING"]
        # Every minute for an hour, then every quarter; nothing of an order before what is first.
        attempts = [began + n * MINUTE for n in range(61)]
        attempts += [began + HOUR + n * 15 * MINUTE for n in range(1, 5)]
        for order_id in (draft, other):
            of_order = [line for line in tried if line[1] == order_id]
            assert {line[0] for line in of_order} == {"ORDER_CREATED"}
            assert [line[2] for line in of_order] == attempts
        assert [line[2] for line in tried] == sorted(line[2] for line in tried)
        down.behave = accept
        down.heard.clear()
        assert (await client.call("advanceClock", {"seconds": 15 * 60})).status == 200
        of_draft = [one for one in down.told if one.json["orderId"] == draft]
        assert [one.kind for one in of_draft] == [
            "ORDER_CREATED", "ORDER_STATUS_UPDATED", "ORDER_CANCELLED",
        ]  # fmt: skip
        of_other = [one.json.get("substatus") for one in down.told if one.json["orderId"] == other]
        assert of_other[1:] == ["READY_TO_SHIP", "SHIPPED", "DELIVERY_SERVICE_RECEIVED"]
    await assert_books_agree(database_url)


async def test_two_weeks_pass_at_once(
    client: Client, shop: Shop, service: Service, database_url: str
) -> None:
    async with receiver() as gone:
        new = NewSubscription(shop.business.business_id, None, gone.url, SUBSCRIBED_KINDS, None)
        made = await service.platform.database.transaction(
            lambda one: create_subscription(one, new)
        )
        assert made is not None
        await client.call("advanceClock", {"seconds": 0})
        gone.behave = answer(500)
        order_id = await place_to_point(shop)
        await client.call("advanceOrder", {"to": "PICKUP"}, orderId=order_id)
        moved = await client.call("advanceClock", {"seconds": 15 * 24 * 3600})
        assert moved.status == 200, moved.json
        tried = [line for line in await log_of(service, shop, made) if line[0] != "PING"]
        assert len(tried) > 60 + 92 + 300
        order = await client.call(
            "getOrder", campaignId=shop.business.campaign_id, orderId=order_id
        )
        assert order.json["order"]["substatus"] == "PICKUP_EXPIRED"
    await assert_books_agree(database_url)
