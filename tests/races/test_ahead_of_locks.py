"""Orders are written before anything is locked: nobody waits for that, and it decides nothing."""

import asyncio
from typing import Any

import pytest

from entrepot import limits
from entrepot.domain.placement import Placed
from tests.races.test_network_moves import NARROW
from tests.races.wire import Wire, wire_to
from tests.races.world import (
    HOUR,
    NARROW_CAPACITY,
    Process,
    Shop,
    command,
    order_id_of,
    outsider,
    process,
    told,
)

_WRITES, _LOCKS, _TAKES = "WITH placed", "SELECT s.business_id", "WITH taken"
_TRY_STOCK = "SELECT 1 FROM stock WHERE offer_id = $1 FOR UPDATE NOWAIT"


def steps(wire: Wire) -> list[str]:
    """Tell in which order orders were written, rows locked and taken, since the last time."""
    marks = (_WRITES, _LOCKS, _TAKES)
    seen = [one.strip() for one in wire.statements]
    wire.statements.clear()
    return [mark for one in seen for mark in marks if one.startswith(mark)]


AHEAD = [_WRITES, _LOCKS, _TAKES]
UNDER_LOCKS = [_LOCKS, _WRITES, _TAKES]


async def orders_in(where: Process) -> set[int]:
    """Read the ids of all orders there are."""
    async with where.database.connection() as connection:
        rows: list[Any] = await connection.fetch("SELECT id FROM orders")
    return {row["id"] for row in rows}


async def test_nothing_is_locked_while_orders_are_written(
    url: str, ours: Shop, p1: Process
) -> None:
    await p1.stock(ours, apple=9)
    async with wire_to(url) as wire, process(wire.url) as other, outsider(url) as watcher:
        written = wire.stop_after(_WRITES)
        placing = asyncio.create_task(other.order(command(ours, {"apple": 1})))
        await written.reached()
        await watcher.fetchval(_TRY_STOCK, "apple")
        assert told(await p1.order(command(ours, {"apple": 1}))) == "Placed"
        written.release()
        assert told(await placing) == "Placed"
        assert steps(wire) == AHEAD


async def test_the_last_piece_goes_while_orders_are_written(
    url: str, ours: Shop, p1: Process
) -> None:
    await p1.stock(ours, apple=2, bread=9)
    async with wire_to(url) as wire, process(wire.url) as other:
        written = wire.stop_after(_WRITES)
        batch = [command(ours, {"apple": 1}), command(ours, {"apple": 1, "bread": 1})]
        placing = asyncio.create_task(other.place(*batch))
        await written.reached()
        rival = order_id_of(await p1.order(command(ours, {"apple": 1})))
        written.release()
        assert [told(one) for one in await placing] == ["Placed", "NOT_ENOUGH_STOCK"]
        assert steps(wire) == [_WRITES, _LOCKS, *UNDER_LOCKS]
        assert await orders_in(p1) == {rival, *batch[0].order_ids}


async def test_a_slot_fills_while_orders_are_written(url: str, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=99)
    async with wire_to(url) as wire, process(wire.url) as other:
        written = wire.stop_after(_WRITES)
        placing = asyncio.create_task(other.order(command(ours, {"apple": 1}, to=NARROW)))
        await written.reached()
        rivals = [command(ours, {"apple": 1}, to=NARROW) for _ in range(NARROW_CAPACITY)]
        assert {told(one) for one in await p1.place(*rivals)} == {"Placed"}
        written.release()
        assert told(await placing) == "INVALID_DELIVERY_OPTION"
        assert await orders_in(p1) == {one.order_ids[0] for one in rivals}


async def test_the_same_command_is_placed_after_it_was_looked_for(
    url: str, ours: Shop, p1: Process
) -> None:
    """As when the first attempt, of which nothing was heard any more, commits only now."""
    await p1.stock(ours, apple=9)
    twice = command(ours, {"apple": 1})
    async with wire_to(url) as wire, process(wire.url) as other:
        looked = wire.stop_after("SELECT m.moment")
        placing = asyncio.create_task(other.place(twice, command(ours, {"apple": 1})))
        await looked.reached()
        assert told(await p1.place_one(twice)) == "Placed"
        looked.release()
        outcomes = await placing
    assert outcomes[0] == Placed(twice.order_ids)
    assert told(outcomes[1]) == "Placed"
    assert len(await orders_in(p1)) == 2


async def test_the_external_id_is_taken_after_it_was_looked_for(
    url: str, ours: Shop, p1: Process
) -> None:
    await p1.stock(ours, apple=9)
    async with wire_to(url) as wire, process(wire.url) as other:
        looked = wire.stop_after("SELECT m.moment")
        batch = [command(ours, {"apple": 1}, external=external) for external in ("A-1", "A-2")]
        placing = asyncio.create_task(other.place(*batch))
        await looked.reached()
        first = order_id_of(await p1.order(command(ours, {"apple": 1}, external="A-1")))
        looked.release()
        assert [told(one) for one in await placing] == ["ORDER_ALREADY_EXISTS", "Placed"]
        assert steps(wire) == [*AHEAD, *UNDER_LOCKS]
        assert await orders_in(p1) == {first, *batch[1].order_ids}


async def test_what_is_overdue_is_given_back_first(ours: Shop, p1: Process, p2: Process) -> None:
    await p1.stock(ours, apple=1)
    assert told(await p1.order(command(ours, {"apple": 1}, draft=True))) == "Placed"
    await p1.advance(HOUR)
    assert told(await p2.order(command(ours, {"apple": 1}))) == "Placed"


async def test_where_something_is_short_batches_stay_under_locks_for_a_while(
    url: str, ours: Shop, p1: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WARY_BATCHES", 2)
    await p1.stock(ours, apple=9)
    async with wire_to(url) as wire, process(wire.url) as other:
        assert told(await other.order(command(ours, {"apple": 10}))) == "NOT_ENOUGH_STOCK"
        steps(wire)
        for expected in (UNDER_LOCKS, UNDER_LOCKS, AHEAD, AHEAD):
            assert told(await other.order(command(ours, {"apple": 1}))) == "Placed"
            assert steps(wire) == expected


async def test_who_asks_for_what_is_sold_out_does_not_keep_others_under_locks(
    url: str, ours: Shop, p1: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WARY_BATCHES", 0)
    await p1.stock(ours, apple=1, bread=9)
    async with wire_to(url) as wire, process(wire.url) as other:

        async def place(*apples: int) -> list[str]:
            baskets = [{"apple": pieces} if pieces else {"bread": 1} for pieces in apples]
            return [told(one) for one in await other.place(*(command(ours, b) for b in baskets))]

        assert await place(0, 2) == ["Placed", "NOT_ENOUGH_STOCK"]
        assert steps(wire) == [_WRITES, _LOCKS, *UNDER_LOCKS]
        for _ in range(2):
            assert await place(2, 0, 0) == ["NOT_ENOUGH_STOCK", "Placed", "Placed"]
            assert steps(wire) == [*AHEAD, _LOCKS]
        await p1.stock(ours, apple=9)
        assert await place(0, 2) == ["Placed", "Placed"]
        assert steps(wire) == [*AHEAD, *UNDER_LOCKS]
        assert await place(0, 2) == ["Placed", "Placed"]
        assert steps(wire) == AHEAD


async def test_fakes_find_what_they_do_not_take_under_locks(
    url: str, ours: Shop, p1: Process
) -> None:
    await p1.stock(ours, apple=1)
    async with wire_to(url) as wire, process(wire.url) as other:
        batch = [command(ours, {"apple": 1}, fake=fake) for fake in (True, False, True)]
        outcomes = await other.place(*batch)
        assert [told(one) for one in outcomes] == ["Placed", "Placed", "NOT_ENOUGH_STOCK"]
        assert steps(wire) == UNDER_LOCKS


async def test_who_is_refused_for_other_reasons_locks_nothing(
    url: str, ours: Shop, p1: Process
) -> None:
    async with wire_to(url) as wire, process(wire.url) as other:
        refused = await other.order(command(ours, {"unknown": 1}, key="kept"))
        assert told(refused) == "OFFER_NOT_FOUND"
        assert steps(wire) == []
        assert told(await p1.order(command(ours, {"unknown": 1}, key="kept"))) == "Replayed"
