"""One batch of commands in one transaction, which `batch_ways` fills, and what may go wrong.

What a batch may meet on its way, and what it does then:

- a draft that has run out holds what is short: give the drafts back (`release`), run again;
- what was decided ahead of its locks does not hold under them: run again under locks;
- another transaction was first with a key, PostgreSQL asks for a repetition: run again;
- a row is locked for longer than `lock_timeout`: the commands that need it get `RowsBusyError`,
  the others are placed without them;
- the connection is lost: nobody knows what happened; run again with the same order ids until
  it is known, or until `limits.UNKNOWN_OUTCOME_S_MAX` is over;
- data that the database refuses, or a fault of ours: halve the batch until the one command
  that causes it stands alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from entrepot import limits
from entrepot.db.balances import BalanceKeys, together
from entrepot.db.busy_rows import find_busy
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.network_cache import NetworkCache
from entrepot.db.order_ids import OrderIds
from entrepot.db.transaction import (
    Database,
    DatabaseUnavailable,
    connection_was_lost,
    may_repeat,
    sqlstate,
)
from entrepot.domain.network import Network
from entrepot.domain.placement import Decision, Outcome, PlaceCommand, stock_wanted
from entrepot.domain.stock import StockKey
from entrepot.fulfilment.batch_ways import (
    Batch,
    BatchWays,
    Encode,
    NetworkMovedError,
    NotAheadError,
    Overdue,
    OverdueDraftsError,
    gather,
)
from entrepot.fulfilment.release import release_orders_once

log = structlog.get_logger()

_LOCK_NOT_AVAILABLE = "55P03"


class RowsBusyError(Exception):
    """The command needs rows that another transaction holds for too long; nothing was decided."""


class CommandsWaitError(Exception):
    """Some commands of a batch need rows that another transaction holds for too long."""

    def __init__(self, waiting: Sequence[bool]) -> None:
        """Tell for each command of the batch whether it must wait."""
        super().__init__("rows are locked by another transaction")
        self.waiting = waiting


Way = Callable[[Connection, Batch], Awaitable[Decision]]


class PlaceBatch:
    """Places batches; one instance a process."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        network: NetworkCache,
        order_ids: OrderIds,
        encode: Encode,
        *,
        days_ahead: int,
    ) -> None:
        """Use these parts; `encode` writes the answers kept under an `Idempotency-Key`."""
        self._database = database
        self._clock = clock
        self._network = network
        self._order_ids = order_ids
        self._ways = BatchWays(clock, encode, days_ahead=days_ahead)
        # How many batches still go under locks, since something was short and not known to be.
        self._wary_batches = 0
        # What was short when it was last asked for.
        self._short: set[StockKey] = set()

    async def place(self, commands: Sequence[PlaceCommand]) -> list[Outcome | Exception]:
        """Place a batch; each command gets its outcome, or the fault that befell it.

        A command that must wait for rows which others hold gets `RowsBusyError`, and may be
        given again, as it is.
        """
        doubtful = self._doubtful(commands)
        if any(doubtful) and not all(doubtful):
            return await self._place_apart(commands, doubtful)
        try:
            return list(await self._until_known(commands))
        except CommandsWaitError as busy:
            return await self._place_free(commands, busy.waiting)
        except DatabaseUnavailable as error:
            return [error] * len(commands)
        except Exception as error:  # the one command that causes it must not fail the others
            if len(commands) == 1:
                log.exception("placing failed", business_id=commands[0].business_id)
                return [error]
            return await self._place_halves(commands)

    def _doubtful(self, commands: Sequence[PlaceCommand]) -> list[bool]:
        """Tell of each command whether it asks for what is known to be short."""
        short = self._short
        if not short:
            return [False] * len(commands)
        return [not short.isdisjoint(stock_wanted(command)) for command in commands]

    async def _place_apart(
        self, commands: Sequence[PlaceCommand], doubtful: Sequence[bool]
    ) -> list[Outcome | Exception]:
        """Place doubtful commands, which must go under locks, behind the others, which need not."""
        pairs = list(zip(commands, doubtful, strict=True))
        certain = iter(await self.place([command for command, doubt in pairs if not doubt]))
        uncertain = iter(await self.place([command for command, doubt in pairs if doubt]))
        return [next(uncertain if doubt else certain) for doubt in doubtful]

    async def _place_halves(self, commands: Sequence[PlaceCommand]) -> list[Outcome | Exception]:
        middle = len(commands) // 2
        return await self.place(commands[:middle]) + await self.place(commands[middle:])

    async def _place_free(
        self, commands: Sequence[PlaceCommand], waiting: Sequence[bool]
    ) -> list[Outcome | Exception]:
        """Place the commands that need not wait."""
        if len(commands) == 1 or all(waiting):
            return [RowsBusyError() for _ in commands]
        if not any(waiting):  # they wait for keys that another transaction is inserting
            return await self._place_halves(commands)
        free = [command for command, waits in zip(commands, waiting, strict=True) if not waits]
        outcomes = iter(await self.place(free))
        return [RowsBusyError() if waits else next(outcomes) for waits in waiting]

    async def _until_known(self, commands: Sequence[PlaceCommand]) -> list[Outcome]:
        """Run the batch until it is known what became of it."""
        deadline = asyncio.get_running_loop().time() + limits.UNKNOWN_OUTCOME_S_MAX
        repeats, lost = 0, False
        while True:
            try:
                return await self._make_way(commands)
            except CommandsWaitError as busy:
                if lost and not any(busy.waiting):
                    # The lost attempt is still going on, and has the keys of all their orders.
                    raise CommandsWaitError([True] * len(commands)) from busy
                raise
            except Exception as error:
                if not may_repeat(error) and not isinstance(error, DatabaseUnavailable):
                    raise
                repeats += 1
                lost = connection_was_lost(error) or isinstance(error, DatabaseUnavailable)
                if asyncio.get_running_loop().time() > deadline or (
                    not lost and repeats > limits.BATCH_REPEATS_MAX
                ):
                    raise DatabaseUnavailable(str(error)) from error
                if lost:
                    self._order_ids.drop()
                    await asyncio.sleep(0.1)

    async def _make_way(self, commands: Sequence[PlaceCommand]) -> list[Outcome]:
        """Run the batch, and again when what stood in its way is out of it.

        Raises:
            CommandsWaitError: some commands must wait for rows that others hold.
            OverdueDraftsError: even after many releases; a smaller batch would need fewer.
        """
        alone = len(commands) == 1
        releases_left = limits.RELEASES_PER_COMMAND_MAX if alone else limits.RELEASES_PER_BATCH_MAX
        overdue = Overdue()
        ahead = True
        while True:
            try:
                await release_orders_once(self._database, self._clock, overdue.drafts)
                overdue = Overdue()
                return await self._attempt(commands, ahead=ahead)
            except NotAheadError:
                ahead = False
            except OverdueDraftsError as found:
                if not releases_left:
                    raise
                releases_left -= 1
                overdue = found.overdue
            except NetworkMovedError as moved:
                await self._database.read(_reload(self._network, moved.version))
            except Exception as error:
                if sqlstate(error) != _LOCK_NOT_AVAILABLE:
                    raise
                raise CommandsWaitError(await self._who_waits(commands, overdue)) from error

    def _usual_way(self, batch: Batch) -> Way:
        """Choose ahead of locks, unless something is or may well be short."""
        if (
            self._wary_batches
            or any(command.fake for command in batch.commands)
            or not self._short.isdisjoint(batch.stock)
        ):
            return self._ways.under_locks
        return self._ways.ahead_of_locks

    async def _attempt(self, commands: Sequence[PlaceCommand], *, ahead: bool) -> list[Outcome]:
        network = self._network.current
        if network is None:
            network = await self._database.read(self._network.latest)
        batch = gather(commands, network)
        way = self._usual_way(batch) if ahead else self._ways.under_locks

        async def work(connection: Connection) -> Decision:
            return await way(connection, batch)

        decision = await self._database.transaction_once(work)
        self._learn(batch, decision)
        return decision.outcomes

    def _learn(self, batch: Batch, decision: Decision) -> None:
        """Remember what was short, and forget what is not any more."""
        if decision.short_slots or not decision.short_stock <= self._short:
            self._wary_batches = limits.WARY_BATCHES
        elif self._wary_batches:
            self._wary_batches -= 1
        self._short -= batch.stock
        if len(self._short) < limits.SHORT_REMEMBERED_MAX:
            self._short |= decision.short_stock

    async def _who_waits(self, commands: Sequence[PlaceCommand], overdue: Overdue) -> list[bool]:
        """Tell which commands wait for rows that another transaction holds.

        `overdue` has the drafts that had to be ended first: who lacks what they hold waits for
        them.
        """
        network = self._network.current
        assert network is not None, "a batch was tried without a network"
        wanted = [gather([command], network) for command in commands]
        wanted_keys = together(BalanceKeys(one.stock, one.slots) for one in wanted)

        async def probe(connection: Connection) -> BalanceKeys:
            return await find_busy(connection, wanted_keys, overdue.short, overdue.drafts)

        busy = await self._database.transaction_once(probe)
        return [bool(one.stock & busy.stock) or bool(one.slots & busy.slots) for one in wanted]


def _reload(cache: NetworkCache, version: int) -> Callable[[Connection], Awaitable[Network]]:
    async def reload(connection: Connection) -> Network:
        return await cache.at_version(connection, version)

    return reload
