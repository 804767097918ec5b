"""Everything that happens later, in one loop over duties.

A duty does what is due, in bounded pieces, and tells how much it did; it is idempotent, so a
crash in the middle is a repeat. Several processes may run the same duty at once. Nothing here
decides what is true: reads and decisions see what is overdue whether or not a duty has run.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from entrepot import limits
from entrepot.db.clock import Clock
from entrepot.db.transaction import Database, DatabaseUnavailable

log = structlog.get_logger()

Duty = Callable[[Database, Clock], Awaitable[int]]


async def run(
    database: Database, clock: Clock, duties: Sequence[Duty], stopping: asyncio.Event
) -> None:
    """Do what is due until told to stop; a duty that fails is tried again next time."""
    while not stopping.is_set():
        done = 0
        for duty in duties:
            done += await _attempt(duty, database, clock)
        if not done:
            await _rest(stopping)


async def _attempt(duty: Duty, database: Database, clock: Clock) -> int:
    try:
        return await duty(database, clock)
    except DatabaseUnavailable as error:
        log.warning("work waits for the database", duty=duty.__module__, reason=str(error))
    except Exception:  # one duty must not end the others
        log.exception("a duty failed", duty=duty.__module__)
    return 0


async def _rest(stopping: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(limits.WORK_PERIOD_S):
            await stopping.wait()
    except TimeoutError:
        return
