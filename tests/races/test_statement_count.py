"""A batch of five hundred takes as many statements as a batch of one."""

from collections.abc import AsyncIterator, Awaitable

import pytest

from entrepot.domain.destination import ToAddress, ToPoint
from entrepot.fulfilment.release import release_overdue
from tests.domain.networks import MOSCOW_POINT
from tests.races.wire import Wire, wire_to
from tests.races.world import (
    CLOCK,
    HOUR,
    OFFERS,
    Process,
    Shop,
    command,
    order_id_of,
    process,
    told,
)


@pytest.fixture
async def wire(url: str) -> AsyncIterator[Wire]:
    """What goes over the one connection that is used."""
    async with wire_to(url) as made:
        yield made


@pytest.fixture
async def counted(wire: Wire) -> AsyncIterator[Process]:
    """A process whose statements are counted."""
    async with process(wire.url) as made:
        yield made


STATEMENTS_PER_BATCH_MAX = 16


async def statements_of(wire: Wire, work: Awaitable[object]) -> list[str]:
    """Do some work; gives the statements it took."""
    wire.statements.clear()
    await work
    return list(wire.statements)


async def place_everything(where: Process, shop: Shop, size: int) -> None:
    """Place a batch that has something of everything."""
    batch = [
        command(
            shop,
            {OFFERS[number % 4]: 1},
            {OFFERS[(number + 1) % 4]: 1},
            key=f"{size}, {number}",
            draft=number % 3 == 0,
            days_later=(number % 5, 0),
        )
        for number in range(size)
    ]
    outcomes = await where.place(*batch)
    assert {told(outcome) for outcome in outcomes} == {"Placed"}


async def test_placing(wire: Wire, counted: Process, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=999, bread=999, cup=999, drum=999)
    await p1.stock(ours, "novosibirsk", apple=999, bread=999, cup=999, drum=999)
    # The driver asks about types once a connection, and the slots' rows are there afterwards.
    await place_everything(counted, ours, 5)
    few = await statements_of(wire, place_everything(counted, ours, 1))
    many = await statements_of(wire, place_everything(counted, ours, 400))
    assert len(many) == len(few)
    assert len(few) <= STATEMENTS_PER_BATCH_MAX


async def test_refusing(wire: Wire, counted: Process, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=1)

    async def refuse(size: int) -> None:
        batch = [
            command(ours, {offer: 9}, to=to)
            for offer in ("apple", "unknown")
            for to in (ToPoint(MOSCOW_POINT), ToPoint(-1), ToAddress("?"))
            for _ in range(size)
        ]
        assert "Placed" not in {told(outcome) for outcome in await counted.place(*batch)}

    await refuse(1)
    few = await statements_of(wire, refuse(1))
    many = await statements_of(wire, refuse(80))
    assert len(many) == len(few)


async def test_releasing(wire: Wire, counted: Process, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=999, bread=999)

    async def release(size: int) -> list[str]:
        batch = [
            command(ours, {"apple": 1, "bread": 2}, draft=True, days_later=(number % 4,))
            for number in range(size)
        ]
        ids = [order_id_of(outcome) for outcome in await p1.place(*batch)]
        await p1.advance(HOUR)
        releasing = release_overdue(counted.database, CLOCK, ours.business_id, ids)
        return await statements_of(wire, releasing)

    await release(1)
    assert len(await release(150)) == len(await release(1))
