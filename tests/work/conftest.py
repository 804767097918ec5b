"""A small world whose orders somebody wants to hear of."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from entrepot.contract.notifications import NotificationKind
from entrepot.db import delivery_lanes, delivery_log, subscriptions
from entrepot.db.deliveries import Attempt
from entrepot.db.subscriptions import NewSubscription, Subscription
from entrepot.domain.notifications import SUBSCRIBED_KINDS
from entrepot.outbound.addresses import Reach
from entrepot.outbound.client import Outbound
from entrepot.work.send_notifications import Sender
from tests.races.conftest import ours, p1, p2, races_template, theirs, url
from tests.races.world import CLOCK, Process, Shop
from tests.support.receiver import Receiver, receiver

__all__ = ["ours", "p1", "p2", "races_template", "theirs", "url"]


class Post:
    """Subscribes and sends for one process."""

    def __init__(self, process: Process, sender: Sender) -> None:
        self.process = process
        self.sender = sender

    async def subscribe(
        self,
        shop: Shop,
        receiver_url: str,
        kinds: Iterable[NotificationKind] = SUBSCRIBED_KINDS,
        *,
        of_campaign: bool = False,
        secret: str | None = None,
    ) -> Subscription:
        """Make a subscription and have its receiver asked."""
        wanted = NewSubscription(
            shop.business_id,
            shop.campaign_id if of_campaign else None,
            receiver_url,
            tuple(kinds),
            secret,
        )
        database = self.process.database
        made = await database.transaction(
            lambda one: subscriptions.create_subscription(one, wanted)
        )
        assert made is not None
        await self.send()
        return await self.look(shop, made)

    async def look(self, shop: Shop, subscription_id: int) -> Subscription:
        """Read a subscription."""
        found = await self.process.database.read(
            lambda one: subscriptions.read_subscription(one, shop.business_id, subscription_id)
        )
        assert found is not None
        return found

    async def log(self, subscription: Subscription) -> list[Attempt]:
        """What was attempted, the first at first, without the PINGs."""
        lines = await self.process.database.read(
            lambda one: delivery_log.read_log(
                one, subscription.business_id, subscription.id, lines_max=1000
            )
        )
        return [line for line in reversed(lines) if line.kind is not NotificationKind.PING]

    async def send(self) -> None:
        """Send what is due at this moment."""
        while await self.sender.send_due(self.process.database, CLOCK):
            pass

    async def waiting(self, subscription: Subscription) -> int:
        """How many notifications wait."""
        return await self.process.database.read(
            lambda one: subscriptions.count_waiting(
                one, subscription.business_id, subscription.id, 10_000
            )
        )

    async def next_due(self) -> datetime | None:
        """When the next attempt is due."""
        return await self.process.database.read(delivery_lanes.next_due)

    async def now(self) -> datetime:
        """The moment."""
        return await self.process.database.read(CLOCK.now)

    async def jump(self, **by: float) -> None:
        """Move the clock."""
        await self.process.advance(timedelta(**by))


@asynccontextmanager
async def post_of(process: Process, reach: Reach = Reach.SANDBOX) -> AsyncIterator[Post]:
    """Send for a process."""
    outbound = Outbound(reach)
    sender = Sender(outbound)
    try:
        yield Post(process, sender)
    finally:
        await sender.close()
        await outbound.close()


@pytest.fixture
async def post(p1: Process) -> AsyncIterator[Post]:
    """What sends in the first process."""
    async with post_of(p1) as made:
        yield made


@pytest.fixture
async def shop_server() -> AsyncIterator[Receiver]:
    """A shop's server."""
    async with receiver() as made:
        yield made


@pytest.fixture
async def other_server() -> AsyncIterator[Receiver]:
    """Another shop's server."""
    async with receiver() as made:
        yield made
