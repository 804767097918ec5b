"""The places for parallel requests that one process holds: most requests take one by a count.

A process holds what it has lately used at once, for some seconds more than it needs it. When
another process wants more than is left, each gives back what it does not use (it looks often),
and for a while keeps none beyond the answer: then a request is refused when, and only when,
all places are in use. One process alone knows that without asking.
"""

import asyncio
import time
import uuid
from collections.abc import Callable

from entrepot import limits
from entrepot.db.connection import Connection
from entrepot.db.gathering import Gathering
from entrepot.db.parallel_holds import Places, PlacesWish, ask_places, read_wanted_places
from entrepot.db.request_budgets import BudgetKey
from entrepot.db.transaction import Database


class Gate:
    """What one process holds and uses of the places of one entity."""

    __slots__ = (
        "contended_until", "forgotten", "good_until", "held", "in_use", "key", "most",
        "others_tight", "peak", "renewed_at", "short", "waiting",
    )  # fmt: skip

    def __init__(self, key: BudgetKey) -> None:
        """Hold nothing yet."""
        self.key = key
        self.most = 0
        self.held = 0
        self.in_use = 0
        self.waiting = 0
        self.peak = 0  # most in use since the holds were last set
        self.good_until = 0.0
        self.renewed_at = 0.0
        self.contended_until = 0.0
        self.others_tight = True
        self.forgotten = False
        self.short = False  # fewer were to be had than asked for


class ParallelPlaces:
    """The gates of one process."""

    def __init__(self, database: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Hold nothing yet.

        Args:
            database: where processes agree.
            monotonic: a clock in seconds that never goes back.
        """
        self._database = database
        self._monotonic = monotonic
        self._holder = uuid.uuid4().hex
        self._gates: dict[BudgetKey, Gate] = {}
        self._asking = Gathering(self._ask, limits.LEASES_PER_TRANSACTION_MAX)

    def gate(self, key: BudgetKey, most: int) -> Gate:
        """Give the gate of an entity, with its figure as it is now."""
        found = self._gates.get(key)
        if found is None:
            found = self._gates[key] = Gate(key)
        found.most = most
        return found

    def try_enter(self, gate: Gate) -> bool:
        """Take a place that is held already; False says nothing."""
        in_use = gate.in_use + 1
        if in_use > gate.held or in_use + gate.waiting > gate.most:
            return False
        if self._monotonic() >= gate.good_until:
            return False
        gate.in_use = in_use
        gate.peak = max(gate.peak, in_use)
        return True

    async def enter(self, gate: Gate) -> bool:
        """Take a place; False when all are in use. Whoever has one leaves.

        Raises:
            DatabaseUnavailable: this process holds none and cannot ask.
        """
        if gate.in_use + gate.waiting >= gate.most:
            return False
        if self.try_enter(gate):
            return True
        gate.waiting += 1
        try:
            entered = await self._wait(gate)
        finally:
            gate.waiting -= 1
        if entered:
            gate.in_use += 1
            gate.peak = max(gate.peak, gate.in_use)
        return entered

    def leave(self, gate: Gate) -> asyncio.Future[None] | None:
        """Free a place. Where others want it, the future is done once they can have it."""
        gate.in_use -= 1
        if gate.contended_until and self._monotonic() < gate.contended_until:
            return self._asking.join(gate)
        return None

    async def look(self) -> None:
        """Give back what others want, confirm what is held, forget what is not."""
        now = self._monotonic()
        for gate in list(self._gates.values()):
            if not (gate.held or gate.in_use or gate.waiting):
                gate.forgotten = True
                del self._gates[gate.key]
            elif gate.held and now - gate.renewed_at > limits.PARALLEL_HOLD_RENEWED_S:
                self._asking.join(gate)
        if self._gates:
            for key in await self._database.read(read_wanted_places):
                self._give_up_idle(key, now)
        await self._asking.finish()

    async def return_all(self) -> None:
        """Hold nothing any more: the process ends."""
        for gate in self._gates.values():
            gate.in_use = gate.peak = 0
            self._asking.join(gate)
        await self._asking.finish()

    def _give_up_idle(self, key: BudgetKey, now: float) -> None:
        gate = self._gates.get(key)
        lately = now + limits.PARALLEL_CONTENDED_S / 2
        if gate is not None and gate.contended_until < lately:
            gate.contended_until = now + limits.PARALLEL_CONTENDED_S
            self._asking.join(gate)

    async def _wait(self, gate: Gate) -> bool:
        patience = self._monotonic() + limits.PARALLEL_WAIT_S_MAX
        while True:
            await asyncio.shield(self._asking.join(gate))
            if gate.in_use < gate.held:
                return True
            if gate.in_use >= gate.most or self._monotonic() > patience:
                return False
            if gate.short:
                if gate.others_tight:
                    return False
                await asyncio.sleep(limits.PARALLEL_ASK_AGAIN_S)

    async def _ask(self, gates: list[Gate]) -> None:
        asked_at = self._monotonic()
        wishes = [self._wish(gate, asked_at) for gate in gates]

        async def work(connection: Connection) -> dict[BudgetKey, Places]:
            return await ask_places(connection, self._holder, wishes)

        found = await self._database.transaction(work)
        for gate, wish in zip(gates, wishes, strict=True):
            places = found[gate.key]
            gate.held, gate.others_tight = places
            gate.renewed_at = asked_at
            gate.good_until = asked_at + limits.PARALLEL_HOLD_LIFE_S
            gate.short = places.held < wish.asked
            if gate.short:
                gate.contended_until = asked_at + limits.PARALLEL_CONTENDED_S

    def _wish(self, gate: Gate, now: float) -> PlacesWish:
        needed = gate.in_use + gate.waiting
        tight = now < gate.contended_until
        asked = needed if tight else max(needed, gate.peak)
        gate.peak = gate.in_use
        # What is not asked for is given up from now on: nobody here may take it meanwhile.
        gate.held = min(gate.held, asked)
        return PlacesWish(gate.key, min(asked, gate.most), tight, gate.most)
