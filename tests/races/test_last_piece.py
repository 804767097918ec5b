"""The last piece, the last place in a slot, an external id: wanted by two processes at once."""

import asyncio

from entrepot.domain.destination import ToPoint
from tests.races.wire import wire_to
from tests.races.world import (
    NARROW_CAPACITY,
    NARROW_POINT,
    Process,
    Shop,
    command,
    order_id_of,
    outsider,
    process,
    told,
    until_waiting_for_lock,
)

NARROW = ToPoint(NARROW_POINT)


async def test_who_comes_second_waits_and_finds_nothing(url: str, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=1)
    async with wire_to(url) as wire, process(wire.url) as other, outsider(url) as watcher:
        decided = wire.stop_before("WITH taken")
        first = asyncio.create_task(other.order(command(ours, {"apple": 1})))
        await decided.reached()
        second = asyncio.create_task(p1.order(command(ours, {"apple": 1})))
        await until_waiting_for_lock(watcher)
        decided.release()
        assert told(await first) == "Placed"
        assert told(await second) == "NOT_ENOUGH_STOCK"


async def test_who_comes_second_gets_what_the_first_lost(url: str, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=1)
    async with wire_to(url) as wire, process(wire.url) as other, outsider(url) as watcher:
        at_commit = wire.stop_before("COMMIT")
        first = asyncio.create_task(other.order(command(ours, {"apple": 1})))
        await at_commit.reached()
        second = asyncio.create_task(p1.order(command(ours, {"apple": 1})))
        await until_waiting_for_lock(watcher)
        again = wire.stop_before("BEGIN")
        at_commit.cut()
        assert told(await second) == "Placed"
        await again.reached()
        again.release()
        assert told(await first) == "NOT_ENOUGH_STOCK"


async def test_many_want_few_pieces(ours: Shop, p1: Process, p2: Process) -> None:
    await p1.stock(ours, apple=7)
    outcomes = await asyncio.gather(
        *(
            process.order(command(ours, {"apple": 1 + number % 2}))
            for number in range(60)
            for process in (p1, p2)
        )
    )
    words = [told(outcome) for outcome in outcomes]
    assert set(words) == {"Placed", "NOT_ENOUGH_STOCK"}
    sold = sum(1 + number // 2 % 2 for number, word in enumerate(words) if word == "Placed")
    # Orders of one piece are among them, so that no piece can be left.
    assert sold == 7


async def test_a_slot_that_nobody_used_before(url: str, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=2, bread=2)
    async with wire_to(url) as wire, process(wire.url) as other:
        decided = wire.stop_before("INSERT INTO slot")
        two = (command(ours, {"apple": 1}, to=NARROW) for _ in range(2))
        first = asyncio.create_task(other.place(*two))
        await decided.reached()
        second = await p1.place(*(command(ours, {"bread": 1}, to=NARROW) for _ in range(2)))
        decided.release()
        assert [told(outcome) for outcome in second] == ["Placed", "Placed"]
        outcomes = await first
        assert [told(outcome) for outcome in outcomes] == ["Placed", "INVALID_DELIVERY_OPTION"]


async def test_the_last_place_in_a_slot(ours: Shop, p1: Process, p2: Process) -> None:
    await p1.stock(ours, apple=50, bread=50)
    outcomes = await asyncio.gather(
        *(p1.order(command(ours, {"apple": 1}, to=NARROW)) for _ in range(10)),
        *(p2.order(command(ours, {"bread": 1}, to=NARROW)) for _ in range(10)),
    )
    words = [told(outcome) for outcome in outcomes]
    assert words.count("Placed") == NARROW_CAPACITY
    assert words.count("INVALID_DELIVERY_OPTION") == 20 - NARROW_CAPACITY


async def test_an_external_id_goes_to_one(url: str, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=5, bread=5)
    async with wire_to(url) as wire, process(wire.url) as other:
        decided = wire.stop_before("WITH taken")
        wanted = command(ours, {"apple": 1}, external="A-1")
        first = asyncio.create_task(other.order(wanted))
        await decided.reached()
        second = await p1.order(command(ours, {"bread": 1}, external="A-1"))
        decided.release()
        order_id_of(second)
        assert told(await first) == "ORDER_ALREADY_EXISTS"
        assert await _orders(p1) == 1


async def test_an_external_id_under_many_hands(ours: Shop, p1: Process, p2: Process) -> None:
    await p1.stock(ours, apple=200)
    outcomes = await asyncio.gather(
        *(
            process.order(command(ours, {"apple": 1}, external="A-1"))
            for _ in range(50)
            for process in (p1, p2)
        )
    )
    words = sorted(told(outcome) for outcome in outcomes)
    assert words == ["ORDER_ALREADY_EXISTS"] * 99 + ["Placed"]


async def test_an_external_id_is_a_business_s_own(
    ours: Shop, theirs: Shop, p1: Process, p2: Process
) -> None:
    await p1.stock(ours, apple=1)
    await p1.stock(theirs, apple=1)
    outcomes = await asyncio.gather(
        p1.order(command(ours, {"apple": 1}, external="A-1")),
        p2.order(command(theirs, {"apple": 1}, external="A-1")),
    )
    assert [told(outcome) for outcome in outcomes] == ["Placed", "Placed"]


async def test_a_fake_uses_up_an_external_id_and_nothing_else(ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=1)
    fake = await p1.order(command(ours, {"apple": 1}, external="A-1", fake=True))
    assert told(fake) == "Placed"
    real = await p1.order(command(ours, {"apple": 1}, external="A-1"))
    assert told(real) == "ORDER_ALREADY_EXISTS"
    assert told(await p1.order(command(ours, {"apple": 1}))) == "Placed"


async def _orders(one: Process) -> int:
    async with one.database.connection() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM orders"))
