"""A connection that dies at any point of placing: what became of the batch is found out."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from entrepot import limits
from entrepot.db.transaction import DatabaseUnavailable
from entrepot.domain.placement import Outcome, PlaceCommand, Placed
from tests.races.wire import Gate, Wire, wire_to
from tests.races.world import Process, Shop, command, outsider, process, told

BEFORE_AND_AFTER = pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
BatchOf = Callable[[Shop, Process], Awaitable[list[PlaceCommand]]]
STATEMENTS = (
    "BEGIN",
    "SELECT pg_advisory_xact_lock_shared",
    "SELECT s.business_id",
    "SELECT m.moment",
    "WITH placed",
    "WITH taken",
    "INSERT INTO stored_answer",
    "COMMIT",
)


def stop(wire: Wire, statement: str, *, answered: bool) -> Gate:
    """Stop the next such statement before the server sees it, or before it is answered."""
    return wire.stop_after(statement) if answered else wire.stop_before(statement)


async def mixed_batch(ours: Shop, p1: Process) -> list[PlaceCommand]:
    """Commands of every kind; the third finds too little."""
    await p1.stock(ours, apple=5, bread=2)
    await p1.stock(ours, "novosibirsk", apple=1, cup=1)
    return [
        command(ours, {"apple": 2}),
        command(ours, {"apple": 1}, draft=True, key="draft"),
        command(ours, {"apple": 3}, key="refused"),
        command(ours, {"bread": 2}, {"cup": 1}, key="two warehouses"),
        command(ours, {"apple": 9}, fake=True),
        command(ours, {"apple": 1}, fake=True),
        command(ours, {"apple": 2}, {"cup": 1}),
    ]


async def plain_batch(ours: Shop, p1: Process) -> list[PlaceCommand]:
    """Commands that find what they want, so they are written ahead of the locks."""
    await p1.stock(ours, apple=5)
    return [
        command(ours, {"apple": 2}),
        command(ours, {"apple": 1}, draft=True, key="draft"),
        command(ours, {"pear": 1}, key="refused"),
    ]


EXPECTED = [
    "Placed",
    "Placed",
    "NOT_ENOUGH_STOCK",
    "Placed",
    "NOT_ENOUGH_STOCK",
    "Placed",
    "NOT_ENOUGH_STOCK",
]
KINDS = (
    pytest.param(mixed_batch, EXPECTED, id="under locks"),
    pytest.param(plain_batch, ["Placed", "Placed", "OFFER_NOT_FOUND"], id="ahead of locks"),
)


def replayed_as_told(outcome: Outcome | Exception) -> str:
    """Tell an outcome, and of a replayed one what it was the first time."""
    word = told(outcome)
    if word != "Replayed":
        return word
    answer = msgspec.json.decode(outcome.answer.body)  # type: ignore[union-attr]
    return "Placed" if answer["status"] == "OK" else str(answer["errors"][0]["code"])


@BEFORE_AND_AFTER
@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize(("batch_of", "expected"), KINDS)
async def test_the_batch_is_done_once(
    url: str,
    ours: Shop,
    p1: Process,
    statement: str,
    batch_of: BatchOf,
    expected: list[str],
    *,
    answered: bool,
) -> None:
    batch = await batch_of(ours, p1)
    async with wire_to(url) as wire, process(wire.url) as other:
        gate = stop(wire, statement, answered=answered)
        placing = asyncio.create_task(other.place(*batch))
        await gate.reached()
        gate.cut()
        outcomes = await placing
    assert [replayed_as_told(outcome) for outcome in outcomes] == expected
    await assert_done_once(p1, batch, outcomes)


@BEFORE_AND_AFTER
async def test_a_backend_that_is_terminated_at_commit(
    url: str, ours: Shop, p1: Process, *, answered: bool
) -> None:
    batch = await mixed_batch(ours, p1)
    async with wire_to(url) as wire, process(wire.url) as other, outsider(url) as operator:
        gate = stop(wire, "COMMIT", answered=answered)
        placing = asyncio.create_task(other.place(*batch))
        await gate.reached()
        await operator.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        gate.release()
        outcomes = await placing
    assert [replayed_as_told(outcome) for outcome in outcomes] == EXPECTED
    await assert_done_once(p1, batch, outcomes)


async def test_lost_again_and_again(url: str, ours: Shop, p1: Process) -> None:
    batch = await mixed_batch(ours, p1)
    async with wire_to(url) as wire, process(wire.url) as other:
        placing: asyncio.Task[list[Outcome | Exception]] | None = None
        for statement, answered in (
            ("COMMIT", False),
            ("WITH taken", True),
            ("COMMIT", True),
            ("SELECT m.moment", False),
            ("COMMIT", True),
        ):
            gate = stop(wire, statement, answered=answered)
            placing = placing or asyncio.create_task(other.place(*batch))
            await gate.reached()
            gate.cut()
        assert placing is not None
        outcomes = await placing
    assert [replayed_as_told(outcome) for outcome in outcomes] == EXPECTED
    await assert_done_once(p1, batch, outcomes)


async def test_a_server_that_is_away_for_a_while(url: str, ours: Shop, p1: Process) -> None:
    batch = await mixed_batch(ours, p1)
    async with wire_to(url) as wire, process(wire.url) as other:
        gate = wire.stop_after("COMMIT")
        placing = asyncio.create_task(other.place(*batch))
        await gate.reached()
        wire.break_off()
        await asyncio.sleep(1)
        assert not placing.done()
        wire.mend()
        outcomes = await placing
    assert [replayed_as_told(outcome) for outcome in outcomes] == EXPECTED
    await assert_done_once(p1, batch, outcomes)


@BEFORE_AND_AFTER
async def test_a_server_that_stays_away(
    url: str, ours: Shop, p1: Process, monkeypatch: pytest.MonkeyPatch, *, answered: bool
) -> None:
    """Nobody is refused for that; who asks again finds what was decided."""
    monkeypatch.setattr(limits, "UNKNOWN_OUTCOME_S_MAX", 0.3)
    await p1.stock(ours, apple=2)
    batch = [
        command(ours, {"apple": 1}, external="A-1", key="one"),
        command(ours, {"apple": 1}, external="A-2"),
    ]
    async with wire_to(url) as wire, process(wire.url) as other:
        gate = stop(wire, "COMMIT", answered=answered)
        placing = asyncio.create_task(other.place(*batch))
        await gate.reached()
        wire.break_off()
        outcomes = await placing
        assert all(isinstance(outcome, DatabaseUnavailable) for outcome in outcomes)
        again = await p1.place(
            command(ours, {"apple": 1}, external="A-1", key="one"),
            command(ours, {"apple": 1}, external="A-2"),
        )
    expected = ["Replayed", "ORDER_ALREADY_EXISTS"] if answered else ["Placed", "Placed"]
    assert [told(outcome) for outcome in again] == expected


@BEFORE_AND_AFTER
async def test_a_refusal_that_was_stored_stands(
    url: str, ours: Shop, p1: Process, *, answered: bool
) -> None:
    """The goods arrive between the lost commit and the second attempt."""
    async with wire_to(url) as wire, process(wire.url) as other:
        gate = stop(wire, "COMMIT", answered=answered)
        again = wire.stop_before("BEGIN", skip=1)
        placing = asyncio.create_task(other.place(command(ours, {"apple": 1}, key="one")))
        await gate.reached()
        gate.cut()
        await again.reached()
        await p1.stock(ours, apple=1)
        again.release()
        (outcome,) = await placing
    assert replayed_as_told(outcome) == ("NOT_ENOUGH_STOCK" if answered else "Placed")


@BEFORE_AND_AFTER
async def test_the_last_piece_between_two_attempts(
    url: str, ours: Shop, p1: Process, *, answered: bool
) -> None:
    await p1.stock(ours, apple=1)
    async with wire_to(url) as wire, process(wire.url) as other:
        gate = stop(wire, "COMMIT", answered=answered)
        again = wire.stop_before("BEGIN", skip=1)
        placing = asyncio.create_task(other.place(command(ours, {"apple": 1})))
        await gate.reached()
        gate.cut()
        await again.reached()
        rival = await p1.order(command(ours, {"apple": 1}))
        again.release()
        (outcome,) = await placing
    words = ["Placed", "NOT_ENOUGH_STOCK"]
    assert [told(outcome), told(rival)] == (words if answered else words[::-1])


async def assert_done_once(
    where: Process, batch: list[PlaceCommand], outcomes: list[Outcome | Exception]
) -> None:
    """What was placed is there under the ids given beforehand; of the rest there is nothing."""
    placed = {
        order_id
        for wanted, outcome in zip(batch, outcomes, strict=True)
        if replayed_as_told(outcome) == "Placed"
        for order_id in wanted.order_ids
    }
    told_of = {
        order_id
        for outcome in outcomes
        if isinstance(outcome, Placed)
        for order_id in outcome.order_ids
    }
    async with where.database.connection() as connection:
        rows: list[Any] = await connection.fetch("SELECT id FROM orders")
    assert {row["id"] for row in rows} == placed
    assert told_of <= placed
