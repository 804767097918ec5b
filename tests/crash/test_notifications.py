"""Senders are killed in the middle of a thousand notifications: none is missing, all in order."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from entrepot.contract.notifications import NotificationKind
from entrepot.db import subscriptions
from entrepot.db.clock import advance
from entrepot.db.connection import Connection
from entrepot.db.migrate import migrate
from entrepot.db.subscriptions import NewSubscription
from entrepot.domain.order_moves import READY_TO_SHIP, SHIPPED
from tests.crash.processes import kill
from tests.crash.service import CrashingService
from tests.races.books import assert_books_agree
from tests.races.test_moves import move, moved
from tests.races.world import (
    CLOCK,
    OFFERS,
    Process,
    Shop,
    command,
    make_world,
    order_id_of,
    outsider,
    process,
)
from tests.support.databases import Databases
from tests.support.receiver import Receiver, receiver

pytestmark = pytest.mark.crash

ORDERS = 334
IN_ORDER = ["ORDER_CREATED", "READY_TO_SHIP", "SHIPPED"]
KILLS = 2
HEARD_BETWEEN_KILLS = 150
WAIT_S_MAX = 120

_END_LEASES = "UPDATE delivery_lane SET leased_until = '-infinity'"


@pytest.fixture
async def server() -> AsyncIterator[Receiver]:
    """The shop's server."""
    async with receiver() as made:
        yield made


@pytest.fixture
async def url(databases: Databases) -> AsyncIterator[str]:
    """A database of the test's own."""
    made = databases.create_empty()
    yield made
    databases.drop(made)


async def owe(where: Process, shop: Shop, receiver_url: str) -> list[int]:
    """Queue the notifications of orders that are placed, packed and shipped; gives their ids."""
    kinds = (NotificationKind.ORDER_CREATED, NotificationKind.ORDER_STATUS_UPDATED)
    wanted = NewSubscription(shop.business_id, None, receiver_url, kinds, None)

    async def subscribe(connection: Connection) -> None:
        made = await subscriptions.create_subscription(connection, wanted)
        assert made is not None
        now = await CLOCK.now(connection)
        assert await subscriptions.switch_on(connection, shop.business_id, made, now)

    await where.database.transaction(subscribe)
    await where.stock(shop, **dict.fromkeys(OFFERS, ORDERS))
    outcomes = await where.place(*(command(shop, {"apple": 1}) for _ in range(ORDERS)))
    order_ids = [order_id_of(outcome) for outcome in outcomes]
    for stage in (READY_TO_SHIP, SHIPPED):
        await moved(where, *(move(shop, order_id, stage) for order_id in order_ids))
    return order_ids


def step(heard: dict[str, str]) -> str:
    """What of an order a notification tells."""
    return heard.get("substatus") or heard["notificationType"]


async def until_heard(server: Receiver, number: int) -> None:
    async with asyncio.timeout(WAIT_S_MAX):
        while len(server.told) < number:  # noqa: ASYNC110 - other processes' doing
            await asyncio.sleep(0.01)


async def until_none_is_owed(connection: Any) -> None:
    """Let time pass for what must be sent again: an answer may have been late on a busy machine."""
    async with asyncio.timeout(WAIT_S_MAX):
        while await connection.fetchval("SELECT count(*) FROM delivery"):
            await asyncio.sleep(0.5)
            async with connection.transaction():
                await advance(connection, 1)


async def test_killed_senders_lose_nothing(url: str, server: Receiver, tmp_path: Path) -> None:
    await migrate(url)
    shop = (await make_world(url)).ours
    async with process(url) as where:
        order_ids = await owe(where, shop, server.url)
    service = CrashingService(url, tmp_path)
    try:
        await service.until_ready()
        async with outsider(url) as connection:
            for _ in range(KILLS):
                await until_heard(server, len(server.told) + HEARD_BETWEEN_KILLS)
                workers = service.workers()
                kill(service.supervisor, *workers)
                # As if half a minute had passed: then the leases of the dead have ended.
                await service.start_again(workers, before=lambda: connection.execute(_END_LEASES))
            await until_none_is_owed(connection)
    finally:
        service.stop()
    told: dict[int, list[str]] = {order_id: [] for order_id in order_ids}
    for heard in server.told:
        told[heard.json["orderId"]].append(step(heard.json))
    for order_id, steps in told.items():
        # What was sent and not yet written when its sender died comes again, and nothing earlier.
        assert list(dict.fromkeys(steps)) == IN_ORDER, f"{order_id}: {steps}"
    await assert_books_agree(url)
