"""The loops of duties: each for itself, sooner when something falls due, until told to stop."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from entrepot import limits
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database, open_database
from entrepot.figures import WorkFigures
from entrepot.work import loop
from entrepot.work.duty import Duty, not_by_the_clock

CLOCK = Clock(movable=True)
NEVER_S = 3600.0
PATIENCE_S = 20.0


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await open_database(database_url)
    yield opened
    await opened.close()


async def run_until(database: Database, event: asyncio.Event, *duties: Duty) -> WorkFigures:
    """Run duties until something has happened; gives what was counted meanwhile."""
    stopping, figures = asyncio.Event(), WorkFigures()
    running = asyncio.create_task(loop.run(database, CLOCK, duties, stopping, figures))
    async with asyncio.timeout(PATIENCE_S):
        await event.wait()
        stopping.set()
        await running
    return figures


async def test_a_duty_that_takes_long_keeps_no_other_waiting(database: Database) -> None:
    others, release = asyncio.Event(), asyncio.Event()
    rounds = 0

    async def slow(_database: Database, _clock: Clock) -> int:
        await release.wait()
        return 0

    async def quick(_database: Database, _clock: Clock) -> int:
        nonlocal rounds
        rounds += 1
        if rounds == 3:
            others.set()
            release.set()
        return 1

    await run_until(
        database,
        others,
        Duty("slow", slow, not_by_the_clock),
        Duty("quick", quick, not_by_the_clock),
    )


async def test_what_falls_due_soon_shortens_the_rest(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WORK_PERIOD_S", NEVER_S)
    due: datetime | None = None
    again = asyncio.Event()

    async def do(database: Database, clock: Clock) -> int:
        nonlocal due
        if due is not None:
            again.set()
        due = await database.read(clock.now) + timedelta(milliseconds=50)
        return 0

    async def next_due(_connection: Connection) -> datetime | None:
        return due

    stopping = asyncio.Event()
    running = asyncio.create_task(
        loop.run(database, CLOCK, [Duty("soon", do, next_due)], stopping, WorkFigures())
    )
    async with asyncio.timeout(PATIENCE_S):
        await again.wait()
        stopping.set()
        await running


async def test_a_duty_that_fails_is_tried_again_and_ends_no_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WORK_PERIOD_S", 0.01)
    failures = 0
    enough = asyncio.Event()

    async def fail(_database: Database, _clock: Clock) -> int:
        nonlocal failures
        failures += 1
        if failures == 3:
            enough.set()
        raise ZeroDivisionError

    done = 0

    async def work(_database: Database, _clock: Clock) -> int:
        nonlocal done
        done += 1
        return 0

    figures = await run_until(
        database, enough, Duty("fail", fail, not_by_the_clock), Duty("work", work, not_by_the_clock)
    )
    assert done > 1
    assert figures.failures == {"fail": failures}
    assert sum(figures.seconds["work"].counts) == done
    assert figures.late_s == {"work": 0.0}
