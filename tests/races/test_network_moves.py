"""The network is replaced while orders are being placed: the one in force decides."""

import asyncio
from typing import Any

import msgspec
import pytest

from entrepot.db.network_editions import replace_network
from entrepot.domain.destination import ToPoint
from entrepot.domain.network import NetworkDescription
from tests.domain import networks
from tests.races.wire import wire_to
from tests.races.world import (
    NARROW_POINT,
    WIDE_POINT,
    Process,
    Shop,
    command,
    described,
    process,
    told,
)

NARROW = ToPoint(NARROW_POINT)


async def replace(where: Process, network: NetworkDescription) -> None:
    """Put a network in force."""

    async def work(connection: Any) -> None:
        await replace_network(connection, network)

    await where.database.transaction(work)


def with_capacity(capacity: int) -> NetworkDescription:
    """Give the world's network with other room at the narrow point."""
    network = described()
    others = tuple(point for point in network.points if point.id != NARROW_POINT)
    narrow = networks.point(NARROW_POINT, networks.MOSCOW, capacity=capacity)
    return msgspec.structs.replace(network, points=(*others, narrow))


@pytest.mark.parametrize(
    ("capacity", "words"),
    [
        (4, ["Placed"] * 4 + ["INVALID_DELIVERY_OPTION"]),
        (1, ["Placed"] + ["INVALID_DELIVERY_OPTION"] * 4),
    ],
)
async def test_while_a_batch_waits_for_its_locks(
    url: str, ours: Shop, p1: Process, capacity: int, words: list[str]
) -> None:
    await p1.stock(ours, apple=9)
    async with wire_to(url) as wire, process(wire.url) as other:
        await other.order(command(ours, {"apple": 1}))
        locked = wire.stop_after("SELECT s.business_id")
        batch = [command(ours, {"apple": 1}, to=NARROW) for _ in range(5)]
        placing = asyncio.create_task(other.place(*batch))
        await locked.reached()
        await replace(p1, with_capacity(capacity))
        locked.release()
        outcomes = await placing
        assert [told(outcome) for outcome in outcomes] == words


async def test_a_capacity_below_what_is_held_keeps_what_is_held(
    ours: Shop, p1: Process, p2: Process
) -> None:
    await p1.stock(ours, apple=9)
    for where in (p1, p2):
        assert told(await where.order(command(ours, {"apple": 1}, to=NARROW))) == "Placed"
    await replace(p1, with_capacity(1))
    for where in (p1, p2):
        outcome = await where.order(command(ours, {"apple": 1}, to=NARROW))
        assert told(outcome) == "INVALID_DELIVERY_OPTION"
    await replace(p2, with_capacity(3))
    assert told(await p1.order(command(ours, {"apple": 1}, to=NARROW))) == "Placed"
    assert told(await p2.order(command(ours, {"apple": 1}, to=NARROW))) != "Placed"


async def test_a_point_that_is_no_more(ours: Shop, p1: Process, p2: Process) -> None:
    await p1.stock(ours, apple=9)
    assert told(await p2.order(command(ours, {"apple": 1}, to=NARROW))) == "Placed"
    network = described()
    left = tuple(point for point in network.points if point.id != NARROW_POINT)
    await replace(p1, msgspec.structs.replace(network, points=left))
    outcomes = await p2.place(
        command(ours, {"apple": 1}, to=NARROW), command(ours, {"apple": 1}, to=ToPoint(WIDE_POINT))
    )
    assert [told(outcome) for outcome in outcomes] == ["INVALID_DELIVERY_OPTION", "Placed"]
    await replace(p1, network)  # the audit wants every order's point to exist


async def test_a_network_that_keeps_moving(ours: Shop, p1: Process, p2: Process) -> None:
    await p1.stock(ours, apple=60)

    async def plan() -> None:
        for capacity in range(20, 30):
            await replace(p2, with_capacity(capacity))

    outcomes, _ = await asyncio.gather(
        asyncio.gather(*(p1.order(command(ours, {"apple": 1}, to=NARROW)) for _ in range(60))),
        plan(),
    )
    placed = [told(outcome) for outcome in outcomes].count("Placed")
    assert 3 <= placed <= 29
