"""What a process has borrowed of budgets of requests: most requests are counted by a subtraction.

A lease ends with its window. Until then by the process's monotonic clock, counted from before
the question, so never later than by the database's; a sandbox, whose clock can be moved, asks
for the moment each time. Leases begin at what is asked for and double; what has not been used
for a while is given back, so that one process does not sit on what another could use.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime

from entrepot import limits
from entrepot.contract.request_limits import Budget
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.gathering import Gathering
from entrepot.db.request_budgets import BudgetKey, BudgetWish, Lent, lend, window_end
from entrepot.db.transaction import Database

_UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)


class Lease:
    """What one process holds of one budget."""

    __slots__ = (
        "amount", "asked", "block", "ends_at", "exhausted_until", "forgotten", "good_until", "key",
        "left", "rest", "until", "used_at", "wanted", "window_s",
    )  # fmt: skip

    def __init__(self, key: BudgetKey) -> None:
        """Hold nothing yet."""
        self.key = key
        self.amount = -1
        self.window_s = 0
        self.left = 0
        self.rest = 0  # of the window, beside what is left here
        self.wanted = 0  # by those who wait for the next flight
        self.asked = 0
        self.block = 0
        self.ends_at = _UNKNOWN
        self.good_until = 0.0
        self.exhausted_until = 0.0
        self.used_at = 0.0
        self.until: tuple[bytes, bytes] | None = None  # a header that tells the end
        self.forgotten = False

    @property
    def remaining(self) -> int:
        """How much is left of the window, as far as this process knows."""
        return self.left + self.rest


class BudgetLeases:
    """The leases of one process."""

    def __init__(
        self, database: Database, clock: Clock, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Borrow nothing yet.

        Args:
            database: where to borrow.
            clock: tells by whose time windows end.
            monotonic: a clock in seconds that never goes back.
        """
        self._database = database
        self._clock = clock
        self._monotonic = monotonic
        self._leases: dict[BudgetKey, Lease] = {}
        self._lending = Gathering(self._borrow, limits.LEASES_PER_TRANSACTION_MAX)
        self._returning = Gathering(self._give_back, limits.LEASES_PER_TRANSACTION_MAX)

    def lease(self, key: BudgetKey, budget: Budget) -> Lease:
        """Give the lease of a budget; other figures than before begin a new one."""
        found = self._leases.get(key)
        if found is None:
            found = self._leases[key] = Lease(key)
        if found.amount != budget.amount or found.window_s != budget.window_s:
            found.amount, found.window_s = budget.amount, budget.window_s
            found.left = found.block = 0
            found.good_until = found.exhausted_until = 0.0
            found.ends_at = _UNKNOWN
        return found

    def try_take(self, lease: Lease, count: int) -> bool:
        """Take what is here already; False says nothing."""
        if lease.left < (count or 1) or self._clock.movable:
            return False
        now = self._monotonic()
        if now >= lease.good_until:
            return False
        lease.left -= count
        lease.used_at = now
        return True

    async def take(self, lease: Lease, count: int) -> bool:
        """Take from a budget; False when the window has not that much left.

        To take nothing asks whether there is anything left.

        Raises:
            DatabaseUnavailable: the process has nothing left and cannot borrow.
        """
        needed = count or 1
        now = self._monotonic()
        good = now < lease.good_until
        if self._clock.movable:
            good = await self._database.read(self._clock.now) < lease.ends_at
            now = self._monotonic()
        if good and lease.left >= needed:
            lease.left -= count
            lease.used_at = now
            return True
        if good and now < lease.exhausted_until and lease.wanted + needed > lease.left:
            return False
        return await self._borrow_and_take(lease, count, needed)

    async def return_idle(self) -> None:
        """Give back what has not been used for a while; forget what has ended."""
        now = self._monotonic()
        for lease in list(self._leases.values()):
            if lease.wanted or now - lease.used_at < limits.LEASE_IDLE_S:
                continue
            if lease.left and now < lease.good_until:
                self._returning.join(lease)
            elif now >= lease.good_until:
                lease.forgotten = True
                del self._leases[lease.key]
        await self._returning.finish()

    async def return_all(self) -> None:
        """Give everything back: the process ends."""
        for lease in self._leases.values():
            if lease.left:
                self._returning.join(lease)
        await self._returning.finish()

    async def _borrow_and_take(self, lease: Lease, count: int, needed: int) -> bool:
        lease.wanted += needed
        try:
            while True:
                future = self._lending.join(lease)
                await asyncio.shield(future)
                if lease.left >= needed:
                    lease.left -= count
                    lease.used_at = self._monotonic()
                    return True
                if lease.exhausted_until:
                    return False  # the database had less than everybody here wanted
        finally:
            lease.wanted -= needed

    async def _borrow(self, leases: list[Lease]) -> None:
        asked_at = self._monotonic()

        async def work(connection: Connection) -> tuple[datetime, dict[BudgetKey, Lent]]:
            moment = await self._clock.now(connection)
            wishes = [_wish(lease, window_end(moment, lease.window_s)) for lease in leases]
            return moment, await lend(connection, wishes)

        moment, lent = await self._database.transaction(work)
        for lease in leases:
            _note(lease, lent[lease.key], moment, asked_at)

    async def _give_back(self, leases: list[Lease]) -> None:
        wishes = []
        for lease in leases:
            wishes.append(BudgetWish(lease.key, lease.amount, lease.ends_at, -lease.left, 0))
            lease.rest += lease.left
            lease.left = lease.block = 0
        # Once: what was committed unheard would be given back twice, and more lent than there is.
        await self._database.transaction_once(lambda connection: lend(connection, wishes))


def _wish(lease: Lease, ends_at: datetime) -> BudgetWish:
    held = lease.left if lease.ends_at == ends_at else 0
    lease.asked = max(lease.wanted - held, 0)
    most = max(limits.LEASE_BLOCK_MAX, lease.amount // limits.LEASE_PART_MAX)
    hoped = min(max(lease.block * 2, lease.asked, 1), most)
    return BudgetWish(lease.key, lease.amount, ends_at, lease.asked, hoped)


def _note(lease: Lease, lent: Lent, moment: datetime, asked_at: float) -> None:
    """Note an answer; the window may end sooner by this process's clock, never later."""
    if lent.ends_at != lease.ends_at:
        lease.ends_at = lent.ends_at
        lease.left = lease.block = 0
        ends_at = format_datetime(lent.ends_at, usegmt=True).encode("ascii")
        lease.until = (b"x-ratelimit-resource-until", ends_at)
    lease.good_until = asked_at + (lent.ends_at - moment).total_seconds()
    lease.left += lent.lent
    lease.block = max(lease.block, lent.lent)
    lease.rest = max(lease.amount - lent.taken, 0)
    short = lent.lent < lease.asked
    lease.exhausted_until = asked_at + limits.EXHAUSTED_BELIEVED_S if short else 0.0
