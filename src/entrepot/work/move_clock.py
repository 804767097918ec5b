"""Moving a sandbox's clock, and doing on the way all that falls due, in its order.

The clock is moved from one due moment to the next, and everything that is due then is done
before it goes on, also by other processes: what they are in the middle of is waited for. So
what happens later sees what happened earlier, and each thing happens at its own moment. Where
moments lie closer together than a second, a second's are taken together.

A mover that dies leaves the clock where it has come to; nothing is lost, and the next one goes
on from there.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from entrepot import limits
from entrepot.contract.errors import Refusal
from entrepot.contract.sandbox_errors import CLOCK_BACKWARD, CLOCK_TOO_FAR, CLOCK_UNFINISHED
from entrepot.db import clock as db_clock
from entrepot.db.clock import Clock, ClockState
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database, DatabaseUnavailable, Work
from entrepot.work.duty import Duty

log = structlog.get_logger()

Aim = Callable[[datetime], datetime]

_STEP = timedelta(seconds=limits.CLOCK_STEP_S)
_SETTLE = timedelta(seconds=limits.CLOCK_SETTLE_S)
_LOOK_AGAIN_S = 0.02
_LOOK_AGAIN_S_MAX = 0.25


async def move_clock(
    database: Database, clock: Clock, duties: Sequence[Duty], aim: Aim
) -> ClockState | Refusal:
    """Move the clock to where `aim` says from the moment that it is, doing what falls due.

    Movers take turns. Whoever finds that things do not come to an end is told how far it went.

    Raises:
        DatabaseUnavailable: the database cannot be asked.
    """
    patience_until = asyncio.get_running_loop().time() + limits.CLOCK_MOVE_S_MAX

    async def move(connection: Connection) -> ClockState | Refusal:
        now = await clock.now(connection)
        target = aim(now)
        if target < now:
            return CLOCK_BACKWARD(now=now.isoformat(), wanted=target.isoformat())
        if target > now + timedelta(seconds=limits.CLOCK_ADVANCE_S_MAX):
            return CLOCK_TOO_FAR(
                most_s=limits.CLOCK_ADVANCE_S_MAX, now=now.isoformat(), wanted=target.isoformat()
            )
        return await _Journey(database, clock, duties, target, patience_until).go()

    return await _alone(database, patience_until, move)


async def change_clock(database: Database, change: Work[None]) -> ClockState | Refusal:
    """Freeze the clock or let it go on, when nobody moves it."""
    patience_until = asyncio.get_running_loop().time() + limits.CLOCK_MOVE_S_MAX

    async def work(_connection: Connection) -> ClockState:
        await database.transaction(change)
        return await database.read(db_clock.read_state)

    return await _alone(database, patience_until, work)


async def _alone(
    database: Database, patience_until: float, work: Work[ClockState | Refusal]
) -> ClockState | Refusal:
    """Do something as the only mover there is."""

    # A transaction that stays open and changes nothing: its lock goes with its connection.
    async def alone(connection: Connection) -> ClockState | Refusal:
        await db_clock.may_be_silent(connection)
        while not await db_clock.try_become_mover(connection):
            if asyncio.get_running_loop().time() > patience_until:
                now = (await db_clock.read_state(connection)).now
                return CLOCK_UNFINISHED(now=now.isoformat(), waiting="another move of the clock")
            await asyncio.sleep(_LOOK_AGAIN_S)
        return await work(connection)

    return await database.transaction_once(alone)


class _Due(NamedTuple):
    """When the earliest row of a duty falls due."""

    moment: datetime
    number: int
    duty: Duty


class _Outlook(NamedTuple):
    """The moment, and what falls due first."""

    now: datetime
    first: _Due | None


class _Journey:
    """One move of the clock, from where it is to its target."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        duties: Sequence[Duty],
        target: datetime,
        patience_until: float,
    ) -> None:
        self._database = database
        self._clock = clock
        self._duties = duties
        self._target = target
        self._patience_until = patience_until
        # What is due later than this came after us, and is not waited for: it would never end.
        self._ours_until = target + _SETTLE
        self._stepped: datetime | None = None
        self._pause_s = _LOOK_AGAIN_S

    async def go(self) -> ClockState | Refusal:
        time = asyncio.get_running_loop().time
        still_since = time()
        seen: datetime | None = None
        while True:
            now, first = await self._database.read(self._look)
            if first is None or first.moment > min(self._ours_until, max(now, self._target)):
                if now >= self._target:
                    return await self._database.read(db_clock.read_state)
                await self._move_to(self._target)
                continue
            if first.moment > now:
                await self._step_to(first.moment)
                continue
            if await self._do(first, now) or first.moment != seen:
                still_since, seen, self._pause_s = time(), first.moment, _LOOK_AGAIN_S
            elif time() - still_since > limits.CLOCK_STILL_S_MAX:
                return CLOCK_UNFINISHED(now=now.isoformat(), waiting=first.duty.name)
            else:  # in other hands: they will be done with it soon
                await asyncio.sleep(self._pause_s)
                self._pause_s = min(self._pause_s * 2, _LOOK_AGAIN_S_MAX)
            if time() > self._patience_until:
                return CLOCK_UNFINISHED(now=now.isoformat(), waiting=first.duty.name)

    async def _look(self, connection: Connection) -> _Outlook:
        due = []
        for number, duty in enumerate(self._duties):
            moment = await duty.next_due(connection)
            if moment is not None:
                due.append(_Due(moment, number, duty))
        return _Outlook(await self._clock.now(connection), min(due, default=None))

    async def _do(self, due: _Due, now: datetime) -> int:
        """Do a piece; what follows from our own things is ours too."""
        try:
            done = await due.duty.do(self._database, self._clock)
        except DatabaseUnavailable:
            raise
        except Exception:  # as in its loop: it is tried again
            log.exception("a duty failed", duty=due.duty.name)
            return 0
        if done and due.moment <= self._target:
            self._ours_until = max(self._ours_until, now + _SETTLE)
        return done

    async def _step_to(self, moment: datetime) -> None:
        if self._stepped is not None and moment - self._stepped < _STEP:
            moment = min(self._target, self._stepped + _STEP)
        self._stepped = moment
        await self._move_to(moment)

    async def _move_to(self, moment: datetime) -> None:
        await self._database.transaction(lambda one: db_clock.move_to(one, moment))
