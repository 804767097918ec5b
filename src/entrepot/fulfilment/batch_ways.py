"""The two ways to place a batch in one transaction. Both come to the same outcomes.

Under locks: lock what is wanted, read, decide, write. Whatever is short is known for certain.

Ahead of locks: read, decide as if there were plenty of everything, write the orders, and only
then lock what they take, see that it is there, and take it. Nearly all the work is to write the
orders, and nobody waits for that: others see nothing of them before the commit. So rows are
held for a fraction of the time. What was read before the locks is compared with what is in
force after them; where anything does not hold the transaction is rolled back.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from entrepot import limits
from entrepot.contract.errors import Refusal
from entrepot.db import balances, locks, placements, releases, stored_answers
from entrepot.db.balances import BalanceKeys
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.goods_cache import GoodsCache
from entrepot.db.locks import Held
from entrepot.db.placements import Versions
from entrepot.db.releases import OrderKey
from entrepot.db.transaction import LostRaceError, repeated_key
from entrepot.domain.delivery.routes import Routes
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
from entrepot.domain.plenty import holds, plenty_of
from entrepot.domain.stock import StockKey

_DRAFT_LIFE = timedelta(seconds=limits.DRAFT_LIFE_S)
_ANSWER_LIFE = timedelta(seconds=limits.IDEMPOTENCY_KEY_LIFE_S)

# Gives HTTP status and body of an outcome, to be kept under an Idempotency-Key.
Encode = Callable[[Outcome], tuple[int, bytes]]


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


class NotAheadError(Exception):
    """What was decided ahead of the locks does not hold under them: decide there."""


class Batch(msgspec.Struct, frozen=True):
    """Commands and everything they need to know, each kind without repetition.

    But for `places` and `by_command`, the stock each one takes: one for each command.
    """

    commands: Sequence[PlaceCommand]
    network: Network
    places: list[Place | Refusal] = []
    by_command: list[dict[StockKey, int]] = []
    stock: set[StockKey] = set()
    slots: set[SlotKey] = set()
    external_ids: set[tuple[int, bytes]] = set()
    retry_keys: set[tuple[int, bytes]] = set()

    @property
    def offers(self) -> set[tuple[int, str]]:
        """The offers, each with its business."""
        return {(key.business_id, key.offer_id) for key in self.stock}


def gather(commands: Sequence[PlaceCommand], network: Network) -> Batch:
    """Find out what commands need to know."""
    batch = Batch(commands, network)
    for command in commands:
        business_id = command.business_id
        place = find_place(network, command.destination)
        batch.places.append(place)
        batch.external_ids.add((business_id, command.external_id_hash))
        if command.retry_key is not None:
            batch.retry_keys.add((business_id, command.retry_key.key_hash))
        stock = stock_wanted(command)
        batch.by_command.append(stock)
        batch.stock.update(stock)
        if not isinstance(place, Place):
            continue
        kind, place_id = place.kind, place.target.id
        batch.slots.update(
            [
                SlotKey(kind, place_id, parcel.day, parcel.from_minute, parcel.to_minute)
                for parcel in command.parcels
            ]
        )
    return batch


class BatchWays:
    """Both ways, within a transaction that the caller opens and commits."""

    def __init__(self, clock: Clock, encode: Encode, *, days_ahead: int) -> None:
        """Use these parts; `encode` writes the answers kept under an `Idempotency-Key`."""
        self._clock = clock
        self._goods = GoodsCache()
        self._encode = encode
        self._days_ahead = days_ahead
        self._routes: Routes | None = None

    async def under_locks(self, connection: Connection, batch: Batch) -> Decision:
        """Lock, read, decide and write.

        Raises:
            OverdueDraftsError: something is short that drafts past their hour hold.
            NetworkMovedError: the batch was prepared with another version of the network.
            LostRaceError: another transaction was first with a key.
        """
        await self._clock.hold(connection)
        held = await locks.lock_balances(connection, batch.stock, batch.slots)
        situation, _ = await self._read(connection, batch, held)
        decision = decide(batch.commands, situation)
        if decision.lacks:
            drafts = await releases.find_overdue_on(
                connection,
                decision.short_stock,
                decision.short_slots,
                limits.RELEASED_ORDERS_PER_TRANSACTION_MAX,
            )
            if drafts:
                short = BalanceKeys(decision.short_stock, decision.short_slots)
                raise OverdueDraftsError(Overdue(drafts, short))
        if decision.parcels:
            await placements.write_orders(connection, decision.parcels, situation.now)
            await _take(connection, decision, held, situation)
        await self._keep_answers(connection, batch, decision, situation)
        return decision

    async def ahead_of_locks(self, connection: Connection, batch: Batch) -> Decision:
        """Read, decide and write as if there were plenty, then lock and see whether there is.

        Not for fakes, which must find what they do not take.

        Raises:
            NotAheadError: there is not, or what was read before the locks does not hold, or
                another transaction was first with a key: what it did is seen under locks. A
                client that sends its orders to two processes at once could win such races again
                and again while we wait for our locks.
            NetworkMovedError: another version of the network is in force, or came to be.
        """
        try:
            return await self._ahead(connection, batch)
        except Exception as error:
            # Of our orders: an attempt whose connection was lost committed after we had looked.
            if isinstance(error, LostRaceError) or repeated_key(error):
                raise NotAheadError from error
            raise

    async def _ahead(self, connection: Connection, batch: Batch) -> Decision:
        await self._clock.hold(connection)
        plenty = Held(plenty_of(batch.stock), {})
        situation, versions = await self._read(connection, batch, plenty)
        decision = decide(batch.commands, situation)
        if decision.lacks:
            raise NotAheadError
        if decision.parcels:
            await placements.write_orders(connection, decision.parcels, situation.now)
            held = await locks.lock_balances(
                connection, decision.stock_taken.keys(), decision.slots_taken.keys()
            )
            if not holds(decision, held.stock, held.slots, batch.network):
                raise NotAheadError
            in_force = await _take(connection, decision, held, situation)
            if in_force.network != versions.network:
                raise NetworkMovedError(in_force.network)
            if not in_force.catalogues.items() <= versions.catalogues.items():
                raise NotAheadError
        await self._keep_answers(connection, batch, decision, situation)
        return decision

    async def _read(
        self, connection: Connection, batch: Batch, held: Held
    ) -> tuple[Situation, Versions]:
        """Read what a decision depends on besides stock and slots."""
        present = await placements.read_present(connection, batch.external_ids)
        versions = present.versions
        if versions.network != batch.network.version:
            raise NetworkMovedError(versions.network)
        situation = Situation(
            now=present.now,
            network=batch.network,
            routes=self._routes_at(batch.network, present.now),
            draft_life=_DRAFT_LIFE,
            places=batch.places,
            wanted=batch.by_command,
            offers=await self._goods.read(connection, batch.offers, versions.catalogues),
            stock=held.stock,
            slots_held=held.slots,
            used=present.used,
            answers=await stored_answers.read_answers(connection, batch.retry_keys, present.now),
        )
        return situation, versions

    def _routes_at(self, network: Network, now: datetime) -> Routes:
        before = self._routes or Routes(network, now=now, days_ahead=self._days_ahead)
        self._routes = before.at(network, now)
        return self._routes

    async def _keep_answers(
        self, connection: Connection, batch: Batch, decision: Decision, situation: Situation
    ) -> None:
        """Keep the first answers under each key; a repeated one is kept already."""
        answers: dict[tuple[int, bytes], StoredAnswer] = {}
        for command, outcome in zip(batch.commands, decision.outcomes, strict=True):
            retry_key = command.retry_key
            if retry_key is None:
                continue
            key = (command.business_id, retry_key.key_hash)
            if key not in answers and key not in situation.answers:
                answers[key] = StoredAnswer(retry_key.fingerprint, *self._encode(outcome))
        now = situation.now
        await stored_answers.insert_answers(
            connection, answers, now=now, expires_at=now + _ANSWER_LIFE
        )


async def _take(
    connection: Connection, decision: Decision, held: Held, situation: Situation
) -> Versions:
    """Take external ids, stock and slots, whose rows must be locked; gives what is in force."""
    taken, known = decision.slots_taken, held.slots
    in_force = await placements.take(
        connection,
        decision.parcels,
        decision.stock_taken,
        {key: count for key, count in taken.items() if key in known},
        situation.now,
    )
    await balances.insert_slots(
        connection, {key: count for key, count in taken.items() if key not in known}
    )
    return in_force
