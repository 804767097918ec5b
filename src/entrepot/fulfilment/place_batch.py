"""One batch of commands in one transaction: lock, read, decide, write, commit.

What a batch may meet on its way, and what it does then:

- a draft that has run out holds what is short: give the drafts back (`release`), run again;
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
from datetime import timedelta
from typing import NamedTuple

import msgspec
import structlog

from entrepot import limits
from entrepot.contract.errors import Refusal
from entrepot.db import balances, locks, placements, releases, stored_answers
from entrepot.db.balances import BalanceKeys, together
from entrepot.db.busy_rows import find_busy
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.goods_cache import GoodsCache
from entrepot.db.network_cache import NetworkCache
from entrepot.db.order_ids import OrderIds
from entrepot.db.releases import OrderKey
from entrepot.db.transaction import (
    Database,
    DatabaseUnavailable,
    connection_was_lost,
    may_repeat,
    sqlstate,
)
from entrepot.domain.delivery.slot import SlotKey
from entrepot.domain.destination import Place, find_place
from entrepot.domain.network import Network
from entrepot.domain.placement import (
    Decision,
    Outcome,
    PlaceCommand,
    Situation,
    StoredAnswer,
    decide,
    stock_wanted,
)
from entrepot.domain.stock import StockKey
from entrepot.fulfilment.release import release_orders_once

log = structlog.get_logger()

_LOCK_NOT_AVAILABLE = "55P03"
_DRAFT_LIFE = timedelta(seconds=limits.DRAFT_LIFE_S)
_ANSWER_LIFE = timedelta(seconds=limits.IDEMPOTENCY_KEY_LIFE_S)

# Gives HTTP status and body of an outcome, to be kept under an Idempotency-Key.
Encode = Callable[[Outcome], tuple[int, bytes]]


class RowsBusyError(Exception):
    """The command needs rows that another transaction holds for too long; nothing was decided."""


class CommandsWaitError(Exception):
    """Some commands of a batch need rows that another transaction holds for too long."""

    def __init__(self, waiting: Sequence[bool]) -> None:
        """Tell for each command of the batch whether it must wait."""
        super().__init__("rows are locked by another transaction")
        self.waiting = waiting


class Overdue(NamedTuple):
    """Drafts that have run out, and everything that was found short."""

    drafts: Sequence[OrderKey] = ()
    short: BalanceKeys = BalanceKeys(set(), set())


class OverdueDraftsError(Exception):
    """Drafts that have run out hold what refused commands lack."""

    def __init__(self, overdue: Overdue) -> None:
        """Name the drafts."""
        super().__init__("overdue drafts hold what is short")
        self.overdue = overdue


class NetworkMovedError(Exception):
    """Another version of the network is in force than the batch was prepared with."""

    def __init__(self, version: int) -> None:
        """Name the version in force."""
        super().__init__(f"network version {version} is in force")
        self.version = version


class Wanted(msgspec.Struct, frozen=True):
    """Everything the commands of a batch need to know, each kind without repetition.

    But for `places` and `by_command`, the stock each one takes: one for each command.
    """

    places: list[Place | Refusal]
    by_command: list[dict[StockKey, int]]
    stock: set[StockKey]
    slots: set[SlotKey]
    offers: set[tuple[int, str]]
    external_ids: set[tuple[int, bytes]]
    retry_keys: set[tuple[int, bytes]]


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
        self._goods = GoodsCache()
        self._encode = encode
        self._days_ahead = days_ahead

    async def place(self, commands: Sequence[PlaceCommand]) -> list[Outcome | Exception]:
        """Place a batch; each command gets its outcome, or the fault that befell it.

        A command that must wait for rows which others hold gets `RowsBusyError`, and may be
        given again, as it is.
        """
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
        repeats = 0
        while True:
            try:
                return await self._make_way(commands)
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
        while True:
            try:
                await release_orders_once(self._database, self._clock, overdue.drafts)
                overdue = Overdue()
                return await self._attempt(commands)
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

    async def _attempt(self, commands: Sequence[PlaceCommand]) -> list[Outcome]:
        network = self._network.current
        if network is None:
            network = await self._database.read(self._network.latest)
        wanted = _wanted(commands, network)

        async def work(connection: Connection) -> list[Outcome]:
            decision, situation = await self._decide(connection, commands, wanted, network)
            if decision.short_stock or decision.short_slots:
                drafts = await releases.find_overdue_on(
                    connection,
                    decision.short_stock,
                    decision.short_slots,
                    limits.RELEASED_ORDERS_PER_TRANSACTION_MAX,
                )
                if drafts:
                    short = BalanceKeys(decision.short_stock, decision.short_slots)
                    raise OverdueDraftsError(Overdue(drafts, short))
            await self._write(connection, commands, decision, situation)
            return decision.outcomes

        return await self._database.transaction_once(work)

    async def _decide(
        self,
        connection: Connection,
        commands: Sequence[PlaceCommand],
        wanted: Wanted,
        network: Network,
    ) -> tuple[Decision, Situation]:
        await self._clock.hold(connection)
        held = await locks.lock_balances(connection, wanted.stock, wanted.slots)
        present = await placements.read_present(connection, wanted.external_ids)
        if present.network_version != network.version:
            raise NetworkMovedError(present.network_version)
        situation = Situation(
            now=present.now,
            network=network,
            days_ahead=self._days_ahead,
            draft_life=_DRAFT_LIFE,
            places=wanted.places,
            wanted=wanted.by_command,
            offers=await self._goods.read(connection, wanted.offers, present.catalogue_versions),
            stock=held.stock,
            slots_held=held.slots,
            used=present.used,
            answers=await stored_answers.read_answers(connection, wanted.retry_keys, present.now),
        )
        return decide(commands, situation), situation

    async def _write(
        self,
        connection: Connection,
        commands: Sequence[PlaceCommand],
        decision: Decision,
        situation: Situation,
    ) -> None:
        now = situation.now
        known, taken = situation.slots_held, decision.slots_taken
        if decision.parcels:
            await placements.write(
                connection,
                decision.parcels,
                decision.stock_taken,
                {key: count for key, count in taken.items() if key in known},
                now,
            )
        await balances.insert_slots(
            connection, {key: count for key, count in taken.items() if key not in known}
        )
        answers = self._answers(commands, decision, situation)
        await stored_answers.insert_answers(
            connection, answers, now=now, expires_at=now + _ANSWER_LIFE
        )

    def _answers(
        self, commands: Sequence[PlaceCommand], decision: Decision, situation: Situation
    ) -> dict[tuple[int, bytes], StoredAnswer]:
        """Encode the first answers under each key; a repeated one is kept already."""
        answers: dict[tuple[int, bytes], StoredAnswer] = {}
        for command, outcome in zip(commands, decision.outcomes, strict=True):
            retry_key = command.retry_key
            if retry_key is None:
                continue
            key = (command.business_id, retry_key.key_hash)
            if key not in answers and key not in situation.answers:
                answers[key] = StoredAnswer(retry_key.fingerprint, *self._encode(outcome))
        return answers

    async def _who_waits(self, commands: Sequence[PlaceCommand], overdue: Overdue) -> list[bool]:
        """Tell which commands wait for rows that another transaction holds.

        `overdue` has the drafts that had to be ended first: who lacks what they hold waits for
        them.
        """
        network = self._network.current
        assert network is not None, "a batch was tried without a network"
        wanted = [_wanted([command], network) for command in commands]
        wanted_keys = together(BalanceKeys(one.stock, one.slots) for one in wanted)

        async def probe(connection: Connection) -> BalanceKeys:
            return await find_busy(connection, wanted_keys, overdue.short, overdue.drafts)

        busy = await self._database.transaction_once(probe)
        return [bool(one.stock & busy.stock) or bool(one.slots & busy.slots) for one in wanted]


def _wanted(commands: Sequence[PlaceCommand], network: Network) -> Wanted:
    wanted = Wanted([], [], set(), set(), set(), set(), set())
    for command in commands:
        business_id = command.business_id
        place = find_place(network, command.destination)
        wanted.places.append(place)
        wanted.external_ids.add((business_id, command.external_id_hash))
        if command.retry_key is not None:
            wanted.retry_keys.add((business_id, command.retry_key.key_hash))
        stock = stock_wanted(command)
        wanted.by_command.append(stock)
        wanted.stock.update(stock)
        wanted.offers.update([(business_id, key.offer_id) for key in stock])
        for parcel in command.parcels:
            if isinstance(place, Place):
                wanted.slots.add(
                    SlotKey(
                        place.kind,
                        place.target.id,
                        parcel.day,
                        parcel.from_minute,
                        parcel.to_minute,
                    )
                )
    return wanted


def _reload(cache: NetworkCache, version: int) -> Callable[[Connection], Awaitable[Network]]:
    async def reload(connection: Connection) -> Network:
        return await cache.at_version(connection, version)

    return reload
