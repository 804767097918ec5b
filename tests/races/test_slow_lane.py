"""A row that somebody holds for long delays those who need it, and nobody else."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from entrepot import limits
from entrepot.db.transaction import DatabaseUnavailable
from entrepot.domain.destination import ToPoint
from tests.races.wire import wire_to
from tests.races.world import (
    NARROW_POINT,
    Process,
    Shop,
    command,
    outsider,
    process,
    told,
)

HELD_S = 2.0
PATIENCE_S = 1.5
"""Far above what a batch and two lock waits take, also on a busy machine; below HELD_S."""

_HOLD_STOCK = "SELECT 1 FROM stock WHERE business_id = $1 AND offer_id = 'apple' FOR UPDATE"


@asynccontextmanager
async def apples_held(url: str, shop: Shop) -> AsyncIterator[Any]:
    """Hold the apples' stock row, as a person with psql does who went for coffee."""
    async with outsider(url) as holder, holder.transaction():
        await holder.execute(_HOLD_STOCK, shop.business_id)
        yield holder


async def test_others_go_on(url: str, ours: Shop, theirs: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=9, bread=9)
    await p1.stock(theirs, apple=9)
    async with apples_held(url, ours):
        began = time.monotonic()
        apple = asyncio.create_task(p1.order(command(ours, {"apple": 1, "bread": 1})))
        others = await asyncio.gather(
            *(p1.order(command(ours, {"bread": 1})) for _ in range(5)),
            *(p1.order(command(theirs, {"apple": 1})) for _ in range(5)),
        )
        assert {told(outcome) for outcome in others} == {"Placed"}
        assert time.monotonic() - began < PATIENCE_S
        assert not apple.done()
    assert told(await apple) == "Placed"


async def test_others_go_on_while_more_keep_asking_for_it(
    url: str, ours: Shop, p1: Process
) -> None:
    """A hot offer that is held: in every batch there is somebody who wants it."""
    await p1.stock(ours, apple=500, bread=500)
    waits: list[float] = []
    apples: list[asyncio.Task[Any]] = []
    breads: list[asyncio.Task[Any]] = []

    async def bread() -> None:
        began = time.monotonic()
        assert told(await p1.order(command(ours, {"bread": 1}))) == "Placed"
        waits.append(time.monotonic() - began)

    async with apples_held(url, ours):
        until = time.monotonic() + HELD_S
        while time.monotonic() < until:
            apples.append(asyncio.create_task(p1.order(command(ours, {"apple": 1}))))
            breads.append(asyncio.create_task(bread()))
            await asyncio.sleep(0.02)
        assert sum(task.done() for task in breads) > len(breads) / 2
        assert not any(task.done() for task in apples)
    await asyncio.gather(*breads)
    assert max(waits) < PATIENCE_S
    assert {told(outcome) for outcome in await asyncio.gather(*apples)} == {"Placed"}


async def test_one_who_waits_does_not_keep_another_who_waited(
    url: str, ours: Shop, p1: Process
) -> None:
    """Two rows are held; the one given back first is sold first."""
    await p1.stock(ours, apple=9, bread=9)
    async with apples_held(url, ours), outsider(url) as holder:
        async with holder.transaction():
            await holder.execute("SELECT 1 FROM stock WHERE offer_id = 'bread' FOR UPDATE")
            apple = asyncio.create_task(p1.order(command(ours, {"apple": 1})))
            bread = asyncio.create_task(p1.order(command(ours, {"bread": 1})))
            await asyncio.sleep(2 * 0.2)
        async with asyncio.timeout(PATIENCE_S):
            assert told(await bread) == "Placed"
        assert not apple.done()
    assert told(await apple) == "Placed"


async def test_a_slot_that_another_process_is_making(url: str, ours: Shop, p1: Process) -> None:
    """The other process stalls in the middle of its transaction; its slot has no row yet."""
    await p1.stock(ours, apple=9, bread=9, cup=9)
    narrow = ToPoint(NARROW_POINT)
    async with wire_to(url) as wire, process(wire.url) as other:
        stalled = wire.stop_before("COMMIT")
        first = asyncio.create_task(other.order(command(ours, {"apple": 1}, to=narrow)))
        await stalled.reached()
        second = asyncio.create_task(p1.order(command(ours, {"bread": 1}, to=narrow)))
        async with asyncio.timeout(2 * PATIENCE_S):
            others = await asyncio.gather(*(p1.order(command(ours, {"cup": 1})) for _ in range(6)))
        assert {told(outcome) for outcome in others} == {"Placed"}
        assert not second.done()
        stalled.release()
        assert [told(await first), told(await second)] == ["Placed", "Placed"]


async def test_an_external_id_that_another_process_is_taking(
    url: str, ours: Shop, p1: Process
) -> None:
    await p1.stock(ours, apple=9, bread=9, cup=9)
    async with wire_to(url) as wire, process(wire.url) as other:
        stalled = wire.stop_before("COMMIT")
        first = asyncio.create_task(other.order(command(ours, {"apple": 1}, external="A-1")))
        await stalled.reached()
        second = asyncio.create_task(
            p1.order(command(ours, {"bread": 1}, external="A-1", days_later=(1,)))
        )
        async with asyncio.timeout(2 * PATIENCE_S):
            others = await asyncio.gather(
                *(p1.order(command(ours, {"cup": 1}, days_later=(2,))) for _ in range(6))
            )
        assert {told(outcome) for outcome in others} == {"Placed"}
        stalled.release()
        assert [told(await first), told(await second)] == ["Placed", "ORDER_ALREADY_EXISTS"]


async def test_who_waits_too_long_is_told_so(
    url: str, ours: Shop, p1: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PLACE_DEADLINE_S", 0.5)
    await p1.stock(ours, apple=9, bread=9)
    async with apples_held(url, ours):
        wanted = command(ours, {"apple": 1})
        with pytest.raises(DatabaseUnavailable):
            await p1.order(wanted)
    # It was dropped before it was taken: its external id is still free.
    assert told(await p1.order(wanted)) == "Placed"


@pytest.mark.parametrize("statement", ["WITH placed", "SELECT s.business_id"])
async def test_a_lost_attempt_of_which_the_server_does_not_hear(
    url: str, ours: Shop, p1: Process, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    """It keeps the keys of its orders, or rows as well, until the server has waited long enough."""
    monkeypatch.setattr(limits, "SILENCE_MS_MAX", 4_000)
    await p1.stock(ours, apple=12, bread=3)
    async with wire_to(url) as wire, process(wire.url) as other:
        gate = wire.stop_after(statement)
        lost = [asyncio.create_task(other.order(command(ours, {"apple": 1}))) for _ in range(12)]
        await gate.reached()
        gate.strand()
        breads = [asyncio.create_task(other.order(command(ours, {"bread": 1}))) for _ in range(3)]
        async with asyncio.timeout(2 * PATIENCE_S):
            assert {told(one) for one in await asyncio.gather(*breads)} == {"Placed"}
        assert not any(one.done() for one in lost)
        assert {told(one) for one in await asyncio.gather(*lost)} == {"Placed"}
