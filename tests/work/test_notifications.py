"""Who hears of what, in which order, and what becomes of notifications that are not heard."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from uuid import uuid4

import pytest
from standardwebhooks import Webhook

from entrepot import limits
from entrepot.contract.notifications import NotificationKind
from entrepot.db import delivery_lanes, delivery_log, subscriptions
from entrepot.db.connection import Connection
from entrepot.db.delivery_lanes import Share
from entrepot.db.subscriptions import NewSubscription
from entrepot.domain.notifications import OffReason, SubscriptionState
from entrepot.domain.order_moves import DELIVERY, READY_TO_SHIP, SHIPPED
from entrepot.outbound.signing import new_secret
from tests.races.test_moves import carry, move, moved
from tests.races.world import CLOCK, Process, Shop, command, order_id_of
from tests.support.receiver import Behaviour, Heard, Receiver, accept, answer, raw, say_nothing
from tests.work.conftest import Post, post_of

CREATED = NotificationKind.ORDER_CREATED
PLENTY = 100
IN_ORDER = ["ORDER_CREATED", "ORDER_STATUS_UPDATED", "ORDER_STATUS_UPDATED"]
"""What is told of an order that is packed and shipped."""


@pytest.fixture(autouse=True)
async def goods(p1: Process, ours: Shop, theirs: Shop) -> None:
    for shop in (ours, theirs):
        await p1.stock(shop, apple=PLENTY, bread=PLENTY)


def answer_by_order(answers: Mapping[int, Behaviour]) -> Behaviour:
    """Answer what is about some orders in its own way, and accept the rest."""

    async def behave(heard: Heard, writer: asyncio.StreamWriter) -> None:
        await answers.get(heard.json.get("orderId"), accept)(heard, writer)

    return behave


async def place(process: Process, shop: Shop, number: int = 1, **how: bool) -> list[int]:
    """Place orders as one batch; gives their ids."""
    batch = [command(shop, {"apple": 1, "bread": 2}, **how) for _ in range(number)]  # type: ignore[arg-type]
    return [order_id_of(outcome) for outcome in await process.place(*batch)]


async def test_an_order_is_told_of(
    p1: Process, ours: Shop, post: Post, shop_server: Receiver
) -> None:
    subscription = await post.subscribe(ours, shop_server.url)
    assert subscription.state is SubscriptionState.ON
    (order_id,) = await place(p1, ours)
    await post.send()
    (heard,) = shop_server.told
    assert heard.path == "/hook?shop=1"
    assert heard.headers["content-type"] == "application/json"
    assert heard.json == {
        "notificationType": "ORDER_CREATED",
        "orderId": order_id,
        "campaignId": ours.campaign_id,
        "items": [{"offerId": "apple", "count": 1}, {"offerId": "bread", "count": 2}],
        "createdAt": "2026-06-02T07:00:00Z",
    }
    assert await post.waiting(subscription) == 0
    (line,) = await post.log(subscription)
    assert (line.outcome, line.http_status, line.number) == ("ACCEPTED", 200, 1)
    await post.send()
    assert len(shop_server.told) == 1


async def test_fakes_and_drafts_are_told_of_too(
    p1: Process, ours: Shop, post: Post, shop_server: Receiver
) -> None:
    await post.subscribe(ours, shop_server.url)
    await place(p1, ours, fake=True)
    await place(p1, ours, draft=True)
    await post.send()
    assert shop_server.kinds == ["ORDER_CREATED", "ORDER_CREATED"]


async def test_others_do_not_hear(
    p1: Process, ours: Shop, theirs: Shop, post: Post, shop_server: Receiver
) -> None:
    await post.subscribe(theirs, shop_server.url)
    await post.subscribe(ours, shop_server.url, [NotificationKind.ORDER_CANCELLED])
    await place(p1, ours)
    await post.send()
    assert shop_server.told == []


async def test_a_campaign_hears_instead_of_its_business(
    p1: Process, ours: Shop, post: Post, shop_server: Receiver, other_server: Receiver
) -> None:
    await post.subscribe(ours, shop_server.url)
    await post.subscribe(ours, other_server.url, [CREATED], of_campaign=True)
    await place(p1, ours, 3)
    await post.send()
    assert (len(shop_server.told), len(other_server.told)) == (0, 3)


@pytest.mark.parametrize(
    ("behave", "verdict", "reason"),
    [
        (answer(500, b'{"error": {"type": "UNKNOWN", "message": "later"}}'), "FAILED", "HTTP"),
        (answer(404, b"<html>", "text/html"), "FAILED", "HTTP"),
        (answer(302, b"", "text/html", "Location: http://127.0.0.1/"), "FAILED", "HTTP"),
        (answer(200, b"OK", "text/plain"), "FAILED", "UNSUPPORTED_MEDIA_TYPE"),
        (answer(200, b"OK"), "FAILED", "CANT_PARSE_RESPONSE"),
        (answer(200, b'{"version": "1", "name": "x"}'), "FAILED", "INVALID_DATA"),
        (answer(200, b" " * 70_000), "FAILED", "CANT_PARSE_RESPONSE"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"),
         "FAILED", "HTTP"),
        (raw(b""), "FAILED", "HTTP"),
        (raw(b"nonsense\r\n\r\n"), "FAILED", "HTTP"),
        (answer(400, b'{"error": {"type": "WRONG_EVENT_FORMAT", "message": "no"}}'),
         "REJECTED", "HTTP"),
        (answer(400, b"\xff"), "REJECTED", "HTTP"),
    ],
)  # fmt: skip
async def test_an_answer_that_is_no_acceptance(
    p1: Process, ours: Shop, post: Post, shop_server: Receiver, behave: object, verdict: str,
    reason: str,
) -> None:  # fmt: skip
    subscription = await post.subscribe(ours, shop_server.url)
    await place(p1, ours)
    shop_server.behave = behave  # type: ignore[assignment]
    await post.send()
    (line,) = await post.log(subscription)
    assert line.outcome == verdict
    assert line.reason is not None
    assert line.reason.endswith(f"/{reason}")
    assert await post.waiting(subscription) == (verdict == "FAILED")
    assert len(shop_server.told) == 1


async def test_the_timetable_to_its_end(
    p1: Process, ours: Shop, post: Post, shop_server: Receiver
) -> None:
    subscription = await post.subscribe(ours, shop_server.url)
    await place(p1, ours)
    shop_server.behave = answer(500)
    started = await post.now()
    while (await post.look(ours, subscription.id)).state is SubscriptionState.ON:
        await post.send()
        due = await post.next_due()
        if due is not None:
            await post.jump(seconds=(due - await post.now()).total_seconds())
    minutes = [
        (line.attempted_at - started) / timedelta(minutes=1)
        for line in await post.log(subscription)
    ]
    hours = [60 * hour for hour in range(24, 24 * 14 + 1)]
    assert minutes == [*range(60), *range(60, 24 * 60, 15), *hours]
    ended = await post.look(ours, subscription.id)
    assert ended.off_reason is OffReason.UNAVAILABLE


async def test_an_order_waits_for_what_failed_and_no_other_does(
    p1: Process, ours: Shop, post: Post, shop_server: Receiver
) -> None:
    await post.subscribe(ours, shop_server.url)
    first, second = await place(p1, ours, 2)
    shop_server.behave = answer_by_order({first: answer(500)})
    await carry(p1, ours, first, READY_TO_SHIP, SHIPPED)
    await carry(p1, ours, second, READY_TO_SHIP, SHIPPED)
    await post.send()
    heard = [(one.json["orderId"], one.kind) for one in shop_server.told]
    assert [kind for order, kind in heard if order == first] == ["ORDER_CREATED"]
    assert [kind for order, kind in heard if order == second] == IN_ORDER
    # What happens to it meanwhile waits too, and comes behind.
    await moved(p1, move(ours, first, DELIVERY))
    await post.send()
    assert len(shop_server.told) == 4
    shop_server.behave = accept
    await post.jump(minutes=1)
    await post.send()
    told = [one.json for one in shop_server.told if one.json["orderId"] == first]
    assert [one.get("substatus") for one in told] == [
        None, None, "READY_TO_SHIP", "SHIPPED", "DELIVERY_SERVICE_RECEIVED",
    ]  # fmt: skip


async def test_a_rejected_notification_keeps_nothing_waiting(
    p1: Process, ours: Shop, post: Post, shop_server: Receiver
) -> None:
    subscription = await post.subscribe(ours, shop_server.url)
    (order_id,) = await place(p1, ours)
    await carry(p1, ours, order_id, READY_TO_SHIP, SHIPPED)
    shop_server.behave = answer(400, b'{"error": {"type": "DUPLICATED_EVENT"}}')
    await post.send()
    assert shop_server.kinds == IN_ORDER
    assert await post.waiting(subscription) == 0
    (looked,) = {line.detail for line in await post.log(subscription)}
    assert looked == "DUPLICATED_EVENT"
    assert (await post.look(ours, subscription.id)).unavailable_since is None


async def test_what_no_text_can_hold_is_written_down_too(
    p1: Process, ours: Shop, post: Post, shop_server: Receiver
) -> None:
    """Else nothing of the batch would be written, and all of it sent again without end."""
    subscription = await post.subscribe(ours, shop_server.url)
    first, second = await place(p1, ours, 2)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/\xff\xfe\r\nContent-Length: 2\r\n\r\n{}"
    shop_server.behave = answer_by_order({first: raw(head)})
    async with asyncio.timeout(20):
        await post.send()
    outcomes = {line.order_id: line.outcome for line in await post.log(subscription)}
    assert outcomes == {first: "FAILED", second: "ACCEPTED"}
    assert [heard.json["orderId"] for heard in shop_server.told].count(second) == 1


async def test_a_dead_receiver_delays_nobody(
    p1: Process, ours: Shop, theirs: Shop, post: Post, shop_server: Receiver,
    other_server: Receiver,
) -> None:  # fmt: skip
    dead = await post.subscribe(ours, shop_server.url)
    await post.subscribe(theirs, other_server.url)
    shop_server.behave = say_nothing
    await place(p1, ours, 40)
    while not shop_server.told:
        await post.sender.send_due(p1.database, CLOCK)
    await place(p1, theirs, 40)
    while len(other_server.told) < 40:
        await post.sender.send_due(p1.database, CLOCK)
    # The dead one has not answered yet, and no more is asked of it than one receiver may bear.
    assert await post.waiting(dead) == 40
    at_once = limits.DELIVERY_LANES * limits.DELIVERIES_AT_ONCE_PER_LANE_MAX
    assert 0 < len(shop_server.told) <= at_once
    shop_server.hang_up()


async def test_of_a_failing_receiver_one_lane_is_tried_at_a_time(
    p1: Process, ours: Shop, post: Post, shop_server: Receiver
) -> None:
    subscription = await post.subscribe(ours, shop_server.url)
    shop_server.behave = answer(503)
    await place(p1, ours)
    await post.send()
    assert (await post.look(ours, subscription.id)).unavailable_since == await post.now()
    await place(p1, ours, 40)
    shop_server.behave = say_nothing
    before = len(shop_server.told)
    while len(shop_server.told) < before + limits.DELIVERIES_AT_ONCE_PER_LANE_MAX:
        await post.sender.send_due(p1.database, CLOCK)
    for _ in range(4):
        await post.sender.send_due(p1.database, CLOCK)
    assert len(shop_server.told) == before + limits.DELIVERIES_AT_ONCE_PER_LANE_MAX
    shop_server.hang_up()


async def test_several_processes_share_the_work(
    p1: Process, p2: Process, ours: Shop, post: Post, shop_server: Receiver
) -> None:
    subscription = await post.subscribe(ours, shop_server.url)
    orders = await place(p1, ours, 48)
    async with post_of(p2) as second:
        await asyncio.gather(post.send(), second.send())
        for order_id in orders:
            await carry(p1, ours, order_id, READY_TO_SHIP)
        await asyncio.gather(post.send(), second.send())
    assert await post.waiting(subscription) == 0
    heard = [(one.json["orderId"], one.kind) for one in shop_server.told]
    assert sorted(heard[:48]) == sorted((order, "ORDER_CREATED") for order in orders)
    assert sorted(heard[48:]) == sorted((order, "ORDER_STATUS_UPDATED") for order in orders)


async def test_what_a_dead_sender_held_is_sent_when_its_lease_ends(
    p1: Process, p2: Process, ours: Shop, post: Post, shop_server: Receiver
) -> None:
    subscription = await post.subscribe(ours, shop_server.url)
    await place(p1, ours, 16)
    holder = uuid4()

    async def die(connection: Connection) -> list[Share]:
        free = await delivery_lanes.find_free(connection, 100)
        return await delivery_lanes.claim(connection, [one.lane for one in free], holder)

    (share,) = await p1.database.transaction(die)
    assert len(share.lanes) > 1
    async with post_of(p2) as second:
        await second.send()
        assert shop_server.told == []
        await p1.database.transaction(
            lambda one: one.execute(
                "UPDATE delivery_lane SET leased_until = leased_until - interval '1 minute'"
            )
        )
        await second.send()
    assert len(shop_server.told) == 16
    assert await post.waiting(subscription) == 0
    # Whoever comes to life again has nothing to give back.
    await p1.database.transaction(lambda one: delivery_lanes.release(one, share, holder))


async def test_a_poor_answer_to_the_ping_keeps_it_off(
    p1: Process, ours: Shop, post: Post, shop_server: Receiver
) -> None:
    shop_server.behave = answer(200, b"{}")
    subscription = await post.subscribe(ours, shop_server.url)
    assert (subscription.state, subscription.off_reason) == (
        SubscriptionState.OFF, OffReason.PING_FAILED,
    )  # fmt: skip
    await place(p1, ours)
    shop_server.behave = accept
    await p1.database.transaction(
        lambda one: subscriptions.connect(
            one, ours.business_id, subscription.id, subscription.changed_at
        )
    )
    await post.send()
    assert (await post.look(ours, subscription.id)).state is SubscriptionState.ON
    # What happened while it was off is not told.
    assert [heard.kind for heard in shop_server.heard] == ["PING", "PING"]


async def test_what_waits_is_dropped_with_the_subscription_and_can_be_sent_again(
    p1: Process, ours: Shop, post: Post, shop_server: Receiver
) -> None:
    subscription = await post.subscribe(ours, shop_server.url)
    key = (ours.business_id, subscription.id)
    await place(p1, ours, 3)
    now = await post.now()
    await p1.database.transaction(
        lambda one: subscriptions.switch_off(one, *key, OffReason.BY_HAND, now)
    )
    await post.send()
    assert shop_server.told == []
    assert await p1.database.transaction(delivery_log.drop_some) == 3
    assert {line.outcome for line in await post.log(subscription)} == {"DROPPED"}
    await p1.database.transaction(lambda one: subscriptions.connect(one, *key, now))
    await post.send()
    for _ in range(2):  # what came through is not sent again
        await p1.database.transaction(
            lambda one: delivery_log.redeliver_failed(one, *key, now - timedelta(hours=1))
        )
        await post.send()
        assert len(shop_server.told) == 3


async def test_everything_of_an_order_is_sent_again(
    p1: Process, ours: Shop, post: Post, shop_server: Receiver
) -> None:
    subscription = await post.subscribe(ours, shop_server.url)
    order_id, _ = await place(p1, ours, 2)
    await carry(p1, ours, order_id, READY_TO_SHIP, SHIPPED)
    await post.send()
    before = len(shop_server.told)
    queued = await p1.database.transaction(
        lambda one: delivery_log.redeliver_orders(
            one, ours.business_id, subscription.id, [order_id]
        )
    )
    assert queued == 3
    await post.send()
    assert shop_server.kinds[before:] == IN_ORDER


async def test_an_old_log_and_deleted_subscriptions_are_forgotten(
    p1: Process, ours: Shop, post: Post, shop_server: Receiver
) -> None:
    subscription = await post.subscribe(ours, shop_server.url)
    await place(p1, ours)
    await post.send()
    forgotten_at = await p1.database.read(delivery_log.next_forgotten)
    assert forgotten_at == await post.now() + timedelta(days=30)
    assert await p1.database.transaction(delivery_log.forget_some) == 0
    await post.jump(days=30)
    assert await p1.database.transaction(delivery_log.forget_some) == 2
    assert await post.log(subscription) == []
    await p1.database.transaction(
        lambda one: subscriptions.delete(one, ours.business_id, subscription.id, forgotten_at)
    )
    assert await p1.database.transaction(delivery_log.forget_some) == 1
    left = await p1.database.read(lambda one: one.fetchval("SELECT count(*) FROM delivery_lane"))
    assert left == 0


async def test_signatures_are_those_of_standard_webhooks(
    p1: Process, ours: Shop, post: Post, shop_server: Receiver
) -> None:
    secret = new_secret()
    await post.subscribe(ours, shop_server.url, secret=secret)
    await place(p1, ours)
    await post.send()
    for heard in shop_server.heard:
        assert Webhook(secret).verify(heard.body, heard.headers) == heard.json
    assert len({heard.headers["webhook-id"] for heard in shop_server.heard}) == 2


async def test_a_business_has_only_so_many(
    p1: Process, ours: Shop, theirs: Shop, shop_server: Receiver
) -> None:
    wanted = NewSubscription(ours.business_id, None, shop_server.url, (CREATED,), None)

    async def create(connection: Connection) -> list[int | None]:
        return [
            await subscriptions.create_subscription(connection, wanted)
            for _ in range(limits.SUBSCRIPTIONS_PER_BUSINESS_MAX + 1)
        ]

    made = await p1.database.transaction(create)
    assert made[-1] is None
    assert None not in made[:-1]
    foreign = wanted._replace(business_id=theirs.business_id, campaign_id=ours.campaign_id)
    refused = await p1.database.transaction(
        lambda one: subscriptions.create_subscription(one, foreign)
    )
    assert refused is None
