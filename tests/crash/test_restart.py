"""What holds across a restart: stored answers, the end of drafts, and the restart itself."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrepot.db.migrate import migrate
from tests.crash.processes import kill, until_gone
from tests.crash.service import CrashingService
from tests.races.books import assert_books_agree
from tests.races.buyer import Buyer, NoReplyError, order_body
from tests.races.wire import wire_to
from tests.races.world import HOUR, Shop, make_world, process
from tests.support.databases import Databases

pytestmark = pytest.mark.crash


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    """A database of the test's own."""
    made = databases.create_empty()
    yield made
    databases.drop(made)


@pytest.fixture
async def shop(url: str) -> Shop:
    """A shop that has two apples."""
    await migrate(url)
    world = await make_world(url)
    async with process(url) as storekeeper:
        await storekeeper.stock(world.ours, apple=2)
    return world.ours


async def killed_and_started_again(service: CrashingService) -> None:
    """Kill everything of the service, and start it anew."""
    workers = service.workers()
    kill(service.supervisor, *workers)
    await service.start_again(workers)


async def test_first_answers_are_repeated_byte_for_byte(
    url: str, shop: Shop, tmp_path: Path
) -> None:
    service = CrashingService(url, tmp_path)
    try:
        await service.until_ready()
        buyer = Buyer(service.base_url, shop)
        placed_body = order_body("A-1", {"apple": 2})
        refused_body = order_body("A-2", {"apple": 3})
        placed = await buyer.order(placed_body, key="placed")
        refused = await buyer.order(refused_body, key="refused")
        assert (placed.word, refused.word) == ("OK", "NOT_ENOUGH_STOCK")
        for _ in range(2):
            assert await buyer.order(placed_body, key="placed") == placed
            assert await buyer.order(refused_body, key="refused") == refused
            other = await buyer.order(order_body("A-3", {"apple": 1}), key="placed")
            assert (other.status, other.word) == (400, "BAD_REQUEST")
            buyer.hang_up()
            await killed_and_started_again(service)
    finally:
        service.stop()
    await assert_books_agree(url)


async def test_a_draft_ends_while_nobody_runs(url: str, shop: Shop, tmp_path: Path) -> None:
    service = CrashingService(url, tmp_path)
    try:
        await service.until_ready()
        buyer = Buyer(service.base_url, shop)
        draft = (await buyer.order(order_body("A-1", {"apple": 2}, draft=True))).order_ids[0]
        workers = service.workers()
        buyer.hang_up()
        kill(service.supervisor, *workers)
        async with process(url) as hand_of_the_clock:
            await hand_of_the_clock.advance(HOUR)
        await service.start_again(workers)
        bought = await buyer.order(order_body("A-2", {"apple": 2}))
        confirmed = await buyer.confirm(draft)
        shown = await buyer.ask("GET", f"/v2/campaigns/{shop.campaign_id}/orders/{draft}")
        assert bought.word == "OK"
        assert confirmed.word == "STATUS_NOT_ALLOWED"
        order = shown.json["order"]
        assert (order["status"], order["substatus"]) == ("CANCELLED", "RESERVATION_EXPIRED")
        buyer.hang_up()
    finally:
        service.stop()
    await assert_books_agree(url)


async def test_a_worker_that_cannot_start_is_started_again(
    url: str, shop: Shop, tmp_path: Path
) -> None:
    """The database is away when a killed worker comes back; it must not hang on half started."""
    async with wire_to(url) as wire:
        service = CrashingService(wire.url, tmp_path)
        try:
            await service.until_ready()
            workers = service.workers()
            wire.break_off()
            kill(*workers)
            await until_gone(*workers)
            while not service.workers():  # noqa: ASYNC110 - another process's event
                await asyncio.sleep(0.02)
            await until_gone(*service.workers())  # they end, since they cannot start
            wire.mend()
            async with asyncio.timeout(30):
                for _ in range(20):  # over both workers
                    await _until_served(Buyer(service.base_url, shop))
        finally:
            await asyncio.to_thread(service.stop)


async def _until_served(buyer: Buyer) -> None:
    while True:
        try:
            reply = await buyer.ask("GET", f"/v2/campaigns/{buyer.shop.campaign_id}")
        except NoReplyError:
            await asyncio.sleep(0.05)
        else:
            assert reply.status == 200
            return
        finally:
            buyer.hang_up()
