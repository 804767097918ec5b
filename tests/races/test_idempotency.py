"""One `Idempotency-Key`, one answer, byte for byte, for a day; whoever asks, wherever."""

import asyncio
from datetime import timedelta

import pytest

from entrepot import limits
from entrepot.domain.placement import Outcome, Replayed
from entrepot.operations.orders.create_order import encode_outcome
from entrepot.work.forget_answers import forget_answers
from tests.races.wire import wire_to
from tests.races.world import (
    Process,
    Shop,
    command,
    outsider,
    process,
    told,
    until_waiting_for_lock,
)

DAY = timedelta(seconds=limits.IDEMPOTENCY_KEY_LIFE_S)
MICROSECOND = timedelta(microseconds=1)


def answer(outcome: Outcome) -> tuple[int, bytes]:
    """Give status and body of an answer."""
    return encode_outcome(outcome)


async def test_the_same_answer_again(ours: Shop, p1: Process, p2: Process) -> None:
    await p1.stock(ours, apple=1)
    first = await p1.order(command(ours, {"apple": 1}, external="A-1", key="K"))
    again = await p2.order(command(ours, {"apple": 1}, external="A-1", key="K"))
    assert isinstance(again, Replayed)
    assert answer(again) == answer(first)


async def test_a_refusal_is_an_answer_too(ours: Shop, p1: Process, p2: Process) -> None:
    first = await p1.order(command(ours, {"apple": 1}, external="A-1", key="K"))
    assert told(first) == "NOT_ENOUGH_STOCK"
    await p1.stock(ours, apple=1)
    again = await p2.order(command(ours, {"apple": 1}, external="A-1", key="K"))
    assert answer(again) == answer(first)
    # Under another key, or none, it is another request.
    assert told(await p2.order(command(ours, {"apple": 1}, external="A-1"))) == "Placed"


async def test_another_request_under_the_key(ours: Shop, p1: Process, p2: Process) -> None:
    await p1.stock(ours, apple=9)
    first = await p1.order(command(ours, {"apple": 1}, external="A-1", key="K", body="one"))
    other = await p2.order(command(ours, {"apple": 1}, external="A-2", key="K", body="two"))
    assert told(other) == "BAD_REQUEST"
    again = await p2.order(command(ours, {"apple": 1}, external="A-1", key="K", body="one"))
    assert answer(again) == answer(first)
    # What was refused for its key has used nothing up.
    assert told(await p2.order(command(ours, {"apple": 1}, external="A-2", key="K 2"))) == "Placed"


async def test_twins_in_one_batch(ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=9)
    outcomes = await p1.place(
        command(ours, {"apple": 1}, external="A-1", key="K"),
        command(ours, {"apple": 1}, external="A-1", key="K"),
        command(ours, {"apple": 2}, external="A-1", key="K", body="another"),
        command(ours, {"apple": 1}, external="A-1", key="K 2"),
        command(ours, {"bread": 1}, external="B-1", key="K 3"),
        command(ours, {"bread": 1}, external="B-1", key="K 3"),
    )
    words = [told(outcome) for outcome in outcomes]
    assert words == [
        "Placed",
        "Placed",
        "BAD_REQUEST",
        "ORDER_ALREADY_EXISTS",
        "NOT_ENOUGH_STOCK",
        "NOT_ENOUGH_STOCK",
    ]
    assert outcomes[0] == outcomes[1]


async def test_twins_in_two_processes(url: str, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=9)
    async with wire_to(url) as wire, process(wire.url) as other, outsider(url) as watcher:
        at_commit = wire.stop_before("COMMIT")
        first = asyncio.create_task(
            other.order(command(ours, {"apple": 1}, external="A-1", key="K"))
        )
        await at_commit.reached()
        second = asyncio.create_task(p1.order(command(ours, {"apple": 1}, external="A-1", key="K")))
        await until_waiting_for_lock(watcher)
        at_commit.release()
        assert answer(await first) == answer(await second)


async def test_twins_that_are_refused_in_two_processes(url: str, ours: Shop, p1: Process) -> None:
    """No row is theirs to lock, so only the key itself keeps them apart."""
    async with wire_to(url) as wire, process(wire.url) as other:
        at_commit = wire.stop_before("COMMIT")
        first = asyncio.create_task(
            other.order(command(ours, {"apple": 1}, external="A-1", key="K"))
        )
        await at_commit.reached()
        second = asyncio.create_task(p1.order(command(ours, {"apple": 1}, external="A-1", key="K")))
        other_body = asyncio.create_task(
            p1.order(command(ours, {"apple": 1}, external="A-2", key="K", body="other"))
        )
        await asyncio.sleep(0.1)
        at_commit.release()
        assert answer(await first) == answer(await second)
        assert told(await other_body) == "BAD_REQUEST"


async def test_many_twins(ours: Shop, p1: Process, p2: Process) -> None:
    await p1.stock(ours, apple=99)
    outcomes = await asyncio.gather(
        *(
            where.order(command(ours, {"apple": 1}, external="A-1", key="K"))
            for _ in range(40)
            for where in (p1, p2)
        )
    )
    assert len({answer(outcome) for outcome in outcomes}) == 1
    async with p1.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM orders") == 1


async def test_a_key_is_a_business_s_own(ours: Shop, theirs: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=9)
    await p1.stock(theirs, apple=9)
    outcomes = [
        await p1.order(command(shop, {"apple": 1}, external="A-1", key="K", body=str(shop)))
        for shop in (ours, theirs)
    ]
    assert [told(outcome) for outcome in outcomes] == ["Placed", "Placed"]


@pytest.mark.parametrize("forgotten", [False, True])
async def test_a_key_is_kept_for_a_day(
    ours: Shop, p1: Process, p2: Process, *, forgotten: bool
) -> None:
    await p1.stock(ours, apple=1)
    wanted = [command(ours, {"apple": 1}, external=f"A-{n}", key="K", body="same") for n in (1, 2)]
    first = await p1.order(wanted[0])
    await p1.advance(DAY - MICROSECOND)
    assert answer(await p2.order(wanted[1])) == answer(first)
    await p1.advance(MICROSECOND)
    if forgotten:
        assert await forget_answers(p1.database, p1.clock) == 1
    later = await p2.order(command(ours, {"bread": 9}, key="K", body="fresh"))
    assert told(later) == "NOT_ENOUGH_STOCK"
    again = await p1.order(command(ours, {"bread": 9}, key="K", body="fresh"))
    assert answer(again) == answer(later)


async def test_expired_twins_in_two_processes(url: str, ours: Shop, p1: Process) -> None:
    """Many expired keys, used again by two processes in opposite order while a sweep runs."""
    keys = [f"K {number}" for number in range(40)]
    await p1.place(*(command(ours, {"apple": 1}, external=key, key=key) for key in keys))
    await p1.advance(DAY)
    async with process(url) as other:
        mine, others, _ = await asyncio.gather(
            p1.place(*(command(ours, {"apple": 1}, external=key, key=key) for key in keys)),
            other.place(
                *(command(ours, {"bread": 1}, external=key, key=key) for key in reversed(keys))
            ),
            forget_answers(other.database, other.clock),
        )
    for one, two in zip(mine, reversed(others), strict=True):
        assert not isinstance(one, Exception)
        assert not isinstance(two, Exception)
        assert answer(one) == answer(two)
