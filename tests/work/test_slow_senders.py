"""Processes that stop for a while between any two lines, and go on as if nothing had happened."""

import asyncio

import pytest

from entrepot import limits
from entrepot.db import delivery_log, subscriptions
from entrepot.domain.notifications import OffReason, SubscriptionState
from tests.races.wire import wire_to
from tests.races.world import CLOCK, Process, Shop, command, order_id_of, process
from tests.support.receiver import Heard, Receiver, accept
from tests.work.conftest import Post, post_of


@pytest.fixture(autouse=True)
async def goods(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=10)


async def place(process: Process, shop: Shop) -> int:
    """Place an order; gives its id."""
    (outcome,) = await process.place(command(shop, {"apple": 1}))
    return order_id_of(outcome)


async def test_who_comes_late_to_a_lane_sends_nothing_of_it(
    url: str, p1: Process, ours: Shop, post: Post, shop_server: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The lease was over before it was heard that it had been given."""
    subscription = await post.subscribe(ours, shop_server.url)
    await place(p1, ours)
    monkeypatch.setattr(limits, "DELIVERY_LANE_LEASE_S", 1)
    monkeypatch.setattr(limits, "DELIVERY_LANE_WORK_S", 0.5)
    answering = asyncio.Event()

    async def answer_later(heard: Heard, writer: asyncio.StreamWriter) -> None:
        await answering.wait()
        await accept(heard, writer)

    shop_server.behave = answer_later
    async with wire_to(url) as wire, process(wire.url) as stalled, post_of(stalled) as late:
        claimed = wire.stop_after("COMMIT", skip=1)  # the first is that of claiming PINGs
        coming = asyncio.create_task(late.sender.send_due(stalled.database, CLOCK))
        await claimed.reached()
        monkeypatch.setattr(limits, "DELIVERY_LANE_LEASE_S", 30)
        async with asyncio.timeout(10):
            while not shop_server.told:
                await post.sender.send_due(p1.database, CLOCK)
                await asyncio.sleep(0.05)
        claimed.release()
        await coming
        while await late.sender.send_due(stalled.database, CLOCK):
            assert len(shop_server.told) == 1
        answering.set()
    await post.send()
    assert len(shop_server.told) == 1
    assert await post.waiting(subscription) == 0


async def test_what_waits_for_a_subscription_that_was_off_is_not_dropped_when_it_is_on(
    url: str, p1: Process, ours: Shop, post: Post, shop_server: Receiver
) -> None:
    subscription = await post.subscribe(ours, shop_server.url)
    key = (ours.business_id, subscription.id)
    await place(p1, ours)
    now = await post.now()
    await p1.database.transaction(
        lambda one: subscriptions.switch_off(one, *key, OffReason.BY_HAND, now)
    )
    async with wire_to(url) as wire, process(wire.url) as stalled:
        found = wire.stop_before("WITH gone")
        dropping = asyncio.create_task(stalled.database.transaction(delivery_log.drop_some))
        await found.reached()
        assert await p1.database.transaction(delivery_log.drop_some) == 1
        await p1.database.transaction(lambda one: subscriptions.connect(one, *key, now))
        await post.send()
        assert (await post.look(ours, subscription.id)).state is SubscriptionState.ON
        later = await place(p1, ours)
        found.release()
        assert await dropping == 0
    await post.send()
    assert [heard.json["orderId"] for heard in shop_server.told] == [later]
