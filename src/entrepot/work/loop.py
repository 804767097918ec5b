"""Everything that happens later: a loop for each duty, so that a slow one keeps no other waiting.

Nothing here decides what is true: reads and decisions see what is overdue whether or not a duty
has run. So it is enough to look once in a while, and a little sooner when something falls due.
"""

import asyncio
import time
from collections.abc import Iterable

import structlog

from entrepot import limits
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database, DatabaseUnavailable
from entrepot.figures import WorkFigures
from entrepot.work.duty import Duty

log = structlog.get_logger()


async def run(
    database: Database,
    clock: Clock,
    duties: Iterable[Duty],
    stopping: asyncio.Event,
    figures: WorkFigures,
) -> None:
    """Do what is due until told to stop; a duty that fails is tried again next time."""
    async with asyncio.TaskGroup() as tasks:
        for duty in duties:
            doing = _keep_doing(duty, database, clock, stopping, figures)
            tasks.create_task(doing, name=duty.name)


async def _keep_doing(
    duty: Duty,
    database: Database,
    clock: Clock,
    stopping: asyncio.Event,
    figures: WorkFigures,
) -> None:
    while not stopping.is_set():
        rest_s = await _attempt(duty, database, clock, figures)
        if rest_s:
            await _rest(stopping, rest_s)
        else:
            await asyncio.sleep(0)  # a duty that never waits for anything must not keep the others


async def _attempt(duty: Duty, database: Database, clock: Clock, figures: WorkFigures) -> float:
    """Do a piece; gives for how long there is nothing more to do."""
    began = time.perf_counter()
    try:
        done = await duty.do(database, clock)
        figures.done[duty.name] += done
        figures.seconds[duty.name].observe(time.perf_counter() - began)
        if done:
            return 0.0
        due_in_s = await _until_due(duty, database, clock)
    except DatabaseUnavailable as error:
        figures.failures[duty.name] += 1
        log.warning("work waits for the database", duty=duty.name, reason=str(error))
    except Exception:  # one duty must not end the others
        figures.failures[duty.name] += 1
        log.exception("a duty failed", duty=duty.name)
    else:
        figures.late_s[duty.name] = max(0.0, -due_in_s)
        # What is due and was left is in other hands, it can wait as well.
        return due_in_s if 0 < due_in_s < limits.WORK_PERIOD_S else limits.WORK_PERIOD_S
    return limits.WORK_PERIOD_S


async def _until_due(duty: Duty, database: Database, clock: Clock) -> float:
    """Tell in how many seconds something falls due; below 0 it has been due for so long."""

    async def read(connection: Connection) -> float:
        due = await duty.next_due(connection)
        if due is None:
            return limits.WORK_PERIOD_S
        return (due - await clock.now(connection)).total_seconds()

    return await database.read(read)


async def _rest(stopping: asyncio.Event, rest_s: float) -> None:
    try:
        async with asyncio.timeout(rest_s):
            await stopping.wait()
    except TimeoutError:
        return
