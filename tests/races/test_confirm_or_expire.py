"""The confirmation of a draft against its end, in the same instant; whoever is first, wins."""

import asyncio
from datetime import timedelta

import pytest

from entrepot.contract.errors import Refusal
from entrepot.fulfilment.release import release_overdue
from entrepot.fulfilment.shop_requests import Granted
from entrepot.work.expire_drafts import expire_drafts
from tests.races.wire import wire_to
from tests.races.world import (
    CLOCK,
    HOUR,
    PRODUCTION,
    Process,
    Shop,
    command,
    order_id_of,
    outsider,
    process,
    told,
    until_waiting_for_lock,
)

SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
CONFIRMED = [("CREATED", "RESERVED"), ("STATUS_CHANGED", "PROCESSING")]
EXPIRED = [("CREATED", "RESERVED"), ("STATUS_CHANGED", "CANCELLED")]


@pytest.fixture
async def draft(ours: Shop, p1: Process) -> int:
    """A draft that holds the only apple."""
    await p1.stock(ours, apple=1)
    return order_id_of(await p1.order(command(ours, {"apple": 1}, draft=True)))


@pytest.mark.parametrize("before", [SECOND, MICROSECOND])
async def test_in_time(ours: Shop, p1: Process, draft: int, before: timedelta) -> None:
    await p1.advance(HOUR - before)
    assert isinstance(await p1.confirm(ours, draft), Granted)
    await p1.advance(HOUR)
    assert await expire_drafts(p1.database, CLOCK) == 0
    assert await _history(p1, draft) == CONFIRMED
    assert told(await p1.order(command(ours, {"apple": 1}))) == "NOT_ENOUGH_STOCK"


@pytest.mark.parametrize("after", [timedelta(0), MICROSECOND, SECOND])
async def test_too_late(ours: Shop, p1: Process, draft: int, after: timedelta) -> None:
    await p1.advance(HOUR + after)
    refused = await p1.confirm(ours, draft)
    assert isinstance(refused, Refusal)
    assert refused.message == "No transition found: CANCELLED -> PROCESSING"
    assert await _history(p1, draft) == EXPIRED
    assert await p1.confirm(ours, draft) == refused
    assert told(await p1.order(command(ours, {"apple": 1}))) == "Placed"


async def test_a_second_confirmation_does_no_harm(
    ours: Shop, p1: Process, p2: Process, draft: int
) -> None:
    answers = await asyncio.gather(
        *(where.confirm(ours, draft) for where in (p1, p2) for _ in range(3))
    )
    assert len(set(answers)) == 1
    assert isinstance(answers[0], Granted)
    await p1.advance(2 * HOUR)
    assert await p1.confirm(ours, draft) == answers[0]
    assert await _history(p1, draft) == CONFIRMED


async def test_the_confirmation_is_first(url: str, ours: Shop, p1: Process, draft: int) -> None:
    async with wire_to(url) as wire, process(wire.url) as other, outsider(url) as watcher:
        await p1.advance(HOUR - MICROSECOND)
        at_commit = wire.stop_before("COMMIT")
        confirming = asyncio.create_task(other.confirm(ours, draft))
        await at_commit.reached()
        # The clock cannot strike while somebody decides by it.
        striking = asyncio.create_task(p1.advance(MICROSECOND))
        await until_waiting_for_lock(watcher)
        at_commit.release()
        assert isinstance(await confirming, Granted)
        await striking
    assert await release_overdue(p1.database, CLOCK, ours.business_id, [draft]) == 0
    assert await _history(p1, draft) == CONFIRMED


async def test_the_clock_strikes_first(url: str, ours: Shop, p1: Process, draft: int) -> None:
    async with wire_to(url) as wire, process(wire.url) as other, outsider(url) as watcher:
        await p1.advance(HOUR - MICROSECOND)
        at_commit = wire.stop_before("COMMIT")
        striking = asyncio.create_task(other.advance(MICROSECOND))
        await at_commit.reached()
        confirming = asyncio.create_task(p1.confirm(ours, draft))
        await until_waiting_for_lock(watcher)
        at_commit.release()
        await striking
        assert told_stage(await confirming) == "STATUS_NOT_ALLOWED"
    assert await _history(p1, draft) == EXPIRED


async def test_a_sweep_that_waited_for_the_confirmation(
    url: str, ours: Shop, p1: Process, draft: int
) -> None:
    # In production nobody can hold the clock: it strikes between decision and commit.
    async with (
        wire_to(url) as wire,
        process(wire.url, clock=PRODUCTION) as other,
        outsider(url) as watcher,
    ):
        await p1.advance(HOUR - MICROSECOND)
        decided = wire.stop_before("UPDATE orders")
        confirming = asyncio.create_task(other.confirm(ours, draft))
        await decided.reached()
        await p1.advance(MICROSECOND)
        sweeping = asyncio.create_task(
            release_overdue(p1.database, CLOCK, ours.business_id, [draft])
        )
        await until_waiting_for_lock(watcher)
        decided.release()
        assert isinstance(await confirming, Granted)
        assert await sweeping == 0
    assert await _history(p1, draft) == CONFIRMED


async def test_a_confirmation_that_waited_for_the_sweep(
    url: str, ours: Shop, p1: Process, draft: int
) -> None:
    async with wire_to(url) as wire, process(wire.url) as other, outsider(url) as watcher:
        await p1.advance(HOUR)
        at_commit = wire.stop_before("COMMIT")
        sweeping = asyncio.create_task(
            release_overdue(other.database, CLOCK, ours.business_id, [draft])
        )
        await at_commit.reached()
        confirming = asyncio.create_task(p1.confirm(ours, draft))
        await until_waiting_for_lock(watcher)
        at_commit.release()
        assert await sweeping == 1
        assert told_stage(await confirming) == "STATUS_NOT_ALLOWED"
    assert await _history(p1, draft) == EXPIRED


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
async def test_a_confirmation_whose_reply_was_lost(
    url: str, ours: Shop, p1: Process, draft: int, *, answered: bool
) -> None:
    async with wire_to(url) as wire, process(wire.url) as other:
        stop = wire.stop_after if answered else wire.stop_before
        at_commit = stop("COMMIT")
        confirming = asyncio.create_task(other.confirm(ours, draft))
        await at_commit.reached()
        at_commit.cut()
        assert await confirming == await p1.confirm(ours, draft)
    assert await _history(p1, draft) == CONFIRMED


async def test_every_end_at_once(ours: Shop, p1: Process, p2: Process) -> None:
    await p1.stock(ours, apple=40)
    drafts = [
        order_id_of(outcome)
        for outcome in await p1.place(*(command(ours, {"apple": 1}, draft=True) for _ in range(40)))
    ]
    await p1.advance(HOUR - SECOND)
    answers, *_ = await asyncio.gather(
        asyncio.gather(*(where.confirm(ours, each) for where in (p1, p2) for each in drafts)),
        p2.advance(SECOND),
        expire_drafts(p2.database, CLOCK),
        expire_drafts(p1.database, CLOCK),
    )
    await expire_drafts(p2.database, CLOCK)
    for number, draft in enumerate(drafts):
        confirmed = await _history(p1, draft) == CONFIRMED
        assert confirmed or await _history(p1, draft) == EXPIRED
        answered = {told_stage(answers[number]), told_stage(answers[number + 40])}
        assert answered == {"Moved" if confirmed else "STATUS_NOT_ALLOWED"}


def told_stage(answer: Granted | Refusal) -> str:
    """Tell in a word how a confirmation ended."""
    return answer.code.value if isinstance(answer, Refusal) else "Moved"


async def _history(where: Process, order_id: int) -> list[tuple[str, str]]:
    async with where.database.connection() as connection:
        rows = await connection.fetch(
            "SELECT kind, status FROM order_event WHERE order_id = $1 ORDER BY seq", order_id
        )
    return [tuple(row) for row in rows]
