"""Sending what is owed to subscribers: by lanes under a lease, each lane's orders in their order.

A round looks for lanes with something due and sets a task to work on each; it does not wait for
those that are slow, so one receiver that does not answer delays nobody else. Whatever happens
between sending and writing that it was sent, the notification is sent again: at least once.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import structlog

from entrepot import limits
from entrepot.db import deliveries, delivery_lanes, subscriptions
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.delivery_lanes import FreeLane, Lane, Share
from entrepot.db.subscriptions import Subscription
from entrepot.db.transaction import Database, DatabaseUnavailable
from entrepot.domain.notifications import SubscriptionState
from entrepot.outbound.addresses import Reach
from entrepot.outbound.client import Outbound
from entrepot.work.delivery_batch import DeliveryBatch, send_ping
from entrepot.work.duty import Duty

log = structlog.get_logger()

_CLOSE_S_MAX = 3.0


class Sender:
    """One process's part in the sending."""

    def __init__(self, outbound: Outbound) -> None:
        """Send by this client."""
        self._outbound = outbound
        self._holder = uuid4()
        self._shares: dict[asyncio.Task[None], Share] = {}
        self._pings: set[asyncio.Task[None]] = set()
        self._attempted = 0
        self._closing = False

    async def send_due(self, database: Database, _clock: Clock) -> int:
        """Set to work on what is due; gives how many attempts ended, or are under way."""
        await self._start_pings(database)
        await self._start_shares(database)
        running = {*self._shares, *self._pings}
        if running:
            await asyncio.wait(
                running, timeout=limits.DELIVERY_LOOK_S, return_when=asyncio.FIRST_COMPLETED
            )
        attempted, self._attempted = self._attempted, 0
        return attempted + len(self._shares) + len(self._pings)

    async def close(self) -> None:
        """Begin nothing more, wait a little for what is under way, give every lane back."""
        self._closing = True
        running = {*self._shares, *self._pings}
        if running:
            await asyncio.wait(running, timeout=_CLOSE_S_MAX)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    async def _start_shares(self, database: Database) -> None:
        room = limits.DELIVERY_LANES_PER_PROCESS_MAX
        room -= sum(len(share.lanes) for share in self._shares.values())
        if room <= 0 or self._closing:
            return
        free = await database.read(lambda connection: delivery_lanes.find_free(connection, room))
        wanted = self._choose(free)
        if not wanted:
            return

        async def claim(connection: Connection) -> list[Share]:
            return await delivery_lanes.claim(connection, wanted, self._holder)

        # From before the question: whoever hears late of a lease sends nothing by it.
        until = asyncio.get_running_loop().time() + limits.DELIVERY_LANE_WORK_S
        for share in await database.transaction(claim):
            working = self._guarded(self._work(database, share, until))
            task = asyncio.create_task(working, name="lanes")
            self._shares[task] = share
            task.add_done_callback(self._shares.pop)

    def _choose(self, free: list[FreeLane]) -> list[Lane]:
        """Take one lane at most of a receiver that is failing: it is the others' turn."""
        at_work = {(share.business_id, share.subscription_id) for share in self._shares.values()}
        chosen = []
        for lane, failing in free:
            key = (lane.business_id, lane.subscription_id)
            if failing and key in at_work:
                continue
            at_work.add(key)
            chosen.append(lane)
        return chosen

    async def _work(self, database: Database, share: Share, until: float) -> None:
        """Send what is due in lanes for as long as it is their turn (the event loop's time)."""
        ours = True
        try:
            subscription = await self._read(database, share)
            while ours and subscription is not None:
                batch = await database.read(lambda one: deliveries.read_due(one, share))
                if batch is None:
                    return
                sent = DeliveryBatch(self._outbound, subscription, batch)
                await sent.send(len(share.lanes), lambda: self._closing, until)
                in_turn = asyncio.get_running_loop().time() < until and not self._closing
                more = batch.full and in_turn
                await database.transaction(partial(self._write, share, sent, is_last=not more))
                self._attempted += sent.attempted
                ours = more
        except DatabaseUnavailable:
            raise
        except Exception:
            ours = False  # not free before the lease ends: what fails at once would fail for ever
            raise
        finally:
            if ours:
                await database.transaction(
                    lambda one: delivery_lanes.release(one, share, self._holder)
                )

    async def _read(self, database: Database, share: Share) -> Subscription | None:
        found = await database.read(
            lambda one: subscriptions.read_subscription(
                one, share.business_id, share.subscription_id
            )
        )
        return found if found and found.state is SubscriptionState.ON else None

    async def _write(
        self, share: Share, sent: DeliveryBatch, connection: Connection, *, is_last: bool
    ) -> None:
        await sent.write(connection)
        if is_last:
            await delivery_lanes.release(connection, share, self._holder)

    async def _start_pings(self, database: Database) -> None:
        room = limits.PINGS_AT_ONCE_MAX - len(self._pings)
        if room <= 0 or self._closing:
            return
        found = await database.transaction(lambda one: delivery_lanes.claim_pings(one, room))
        for business_id, subscription_id in found:
            pinging = self._ping(database, business_id, subscription_id)
            task = asyncio.create_task(self._guarded(pinging), name="ping")
            self._pings.add(task)
            task.add_done_callback(self._pings.discard)

    async def _ping(self, database: Database, business_id: int, subscription_id: int) -> None:
        await send_ping(database, self._outbound, (business_id, subscription_id))
        self._attempted += 1

    async def _guarded(self, work: Awaitable[Any]) -> None:
        """A lane that fails is tried again when its lease ends, and disturbs nobody."""
        try:
            await work
        except DatabaseUnavailable as error:
            log.warning("sending waits for the database", reason=str(error))
        except Exception:  # whatever it is, the other lanes go on
            log.exception("sending notifications failed")


@asynccontextmanager
async def sending(reach: Reach) -> AsyncIterator[Duty]:
    """Give the duty of sending notifications, for as long as what it sends with is open."""
    outbound = Outbound(reach)
    sender = Sender(outbound)
    try:
        yield Duty("send notifications", sender.send_due, delivery_lanes.next_due)
    finally:
        await sender.close()
        await outbound.close()
