"""A client that lost the answer asks again: over real HTTP, at named points."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from entrepot.settings import Settings
from tests.races.buyer import Buyer, NoReplyError, order_body
from tests.races.wire import Wire, wire_to
from tests.races.world import Process, Shop
from tests.support.serving import serve_here


@pytest.fixture
async def wire(url: str) -> AsyncIterator[Wire]:
    """Between the service and its database."""
    async with wire_to(url) as made:
        yield made


@pytest.fixture
async def buyer(wire: Wire, ours: Shop) -> AsyncIterator[Buyer]:
    """A buyer of a service in this process."""
    settings = Settings(sandbox=True, limits_enabled=False)
    async with serve_here(settings, wire.url) as service:
        made = Buyer(service.base_url, ours)
        yield made
        made.hang_up()


@pytest.mark.parametrize("key", [None, "K"])
@pytest.mark.parametrize("point", ["BEGIN", "WITH taken", "COMMIT"])
async def test_who_hung_up_has_ordered(
    wire: Wire, buyer: Buyer, ours: Shop, p1: Process, point: str, key: str | None
) -> None:
    await p1.stock(ours, apple=2)
    body = order_body("A-1", {"apple": 1})
    gate = wire.stop_before(point)
    asking = asyncio.create_task(buyer.order(body, key=key))
    await gate.reached()
    buyer.hang_up()
    await asyncio.wait([asking])
    again = asyncio.create_task(buyer.order(body, key=key))
    await asyncio.sleep(0.05)
    gate.release()
    reply = await again
    assert reply.word == ("ORDER_ALREADY_EXISTS" if key is None else "OK")
    assert isinstance(asking.exception(), NoReplyError)
    assert await _pieces_held(p1) == 1
    assert await buyer.order(body, key=key) == reply


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
async def test_nobody_sees_a_connection_die_at_commit(
    wire: Wire, buyer: Buyer, ours: Shop, p1: Process, *, answered: bool
) -> None:
    await p1.stock(ours, apple=2)
    gate = (wire.stop_after if answered else wire.stop_before)("COMMIT")
    asking = asyncio.create_task(buyer.order(order_body("A-1", {"apple": 1})))
    await gate.reached()
    gate.cut()
    assert (await asking).word == "OK"
    assert await _pieces_held(p1) == 1


async def _pieces_held(where: Process) -> int:
    async with where.database.connection() as connection:
        return int(await connection.fetchval("SELECT sum(held) FROM stock"))
