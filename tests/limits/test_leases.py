"""What processes borrow of limits and give back; here each set of leases is one process."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from entrepot import limits
from entrepot.contract.request_limits import Budget
from entrepot.db.budget_leases import BudgetLeases, Lease
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.parallel_places import Gate, ParallelPlaces
from entrepot.db.request_budgets import BudgetKey
from entrepot.db.transaction import Database, open_database
from tests.races.wire import wire_to
from tests.support.serving import advance_clock

PROCESSES = 4
KEY = BudgetKey(1001, "campaignId 50001", "createOrder")
HOUR_S = 3600


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await open_database(database_url)
    yield opened
    await opened.close()


def processes(database: Database, amount: int, **named: bool) -> list[tuple[BudgetLeases, Lease]]:
    """Leases of one budget in several processes."""
    budget = Budget(amount, HOUR_S)
    found = []
    for _ in range(PROCESSES):
        leases = BudgetLeases(database, Clock(movable=named.get("movable", False)))
        found.append((leases, leases.lease(KEY, budget)))
    return found


async def hammer(leases: BudgetLeases, lease: Lease, tries: int, count: int = 1) -> int:
    """Take as fast as can be; gives how much was granted."""
    granted = await asyncio.gather(*(leases.take(lease, count) for _ in range(tries)))
    return count * sum(granted)


@pytest.mark.parametrize("amount", [1, 7, 60])
async def test_a_small_budget_is_given_out_exactly(database: Database, amount: int) -> None:
    told = await asyncio.gather(
        *(hammer(leases, lease, 40) for leases, lease in processes(database, amount))
    )
    assert sum(told) == amount


async def test_a_large_budget_is_never_exceeded_and_what_is_idle_comes_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LEASE_IDLE_S", 0.0)
    monkeypatch.setattr(limits, "EXHAUSTED_BELIEVED_S", 0.0)
    amount = 2_000
    sharing = processes(database, amount)
    granted = 0
    for leases, lease in sharing:
        for _ in range(100):
            granted += await leases.take(lease, 1)
    assert granted == 100 * PROCESSES
    assert any(lease.left for _, lease in sharing), "nothing was borrowed in advance"
    for leases, _ in sharing[1:]:
        await leases.return_idle()
    granted += await hammer(*sharing[0], 2 * amount)
    assert granted == amount


async def test_nothing_is_given_back_twice(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the connection is lost after the commit: nobody knows then that it was given."""
    monkeypatch.setattr(limits, "LEASE_IDLE_S", 0.0)
    amount = 2_000
    others = processes(database, amount)
    for leases, lease in others:
        assert await leases.take(lease, 100)
    async with wire_to(database_url) as wire:
        behind = await open_database(wire.url)
        leases = BudgetLeases(behind, Clock(movable=False))
        lease = leases.lease(KEY, Budget(amount, HOUR_S))
        for _ in range(10):
            assert await leases.take(lease, 1)
        assert lease.left
        committed = wire.stop_after("COMMIT")
        returning = asyncio.create_task(leases.return_idle())
        await committed.reached()
        committed.cut()
        await returning
        await behind.close()
    granted = 10 + 100 * PROCESSES + await hammer(*others[0], 2 * amount)
    assert granted <= amount


async def test_a_process_that_was_killed_takes_no_more_than_a_block_with_it(
    database: Database,
) -> None:
    amount = 3_200
    (killed, lost), (leases, lease), *_ = processes(database, amount)
    for _ in range(20):
        assert await killed.take(lost, 1)
    assert 0 < lost.left <= amount // 32
    granted = 20
    while await leases.take(lease, 1):
        granted += 1
    assert amount - amount // 32 <= granted == amount - lost.left


async def test_a_moved_clock_begins_a_window_in_every_process(database: Database) -> None:
    sharing = processes(database, 10, movable=True)
    for expected in (10, 10, 10):
        told = await asyncio.gather(*(hammer(leases, lease, 8) for leases, lease in sharing))
        assert sum(told) == expected
        ends = {lease.ends_at for _, lease in sharing}
        assert len(ends) == 1
        await advance_clock(database, HOUR_S)
    assert ends.pop().timestamp() % HOUR_S == 0


async def test_what_is_left_of_a_window_does_not_reach_the_next(database: Database) -> None:
    (leases, lease), (other, others), *_ = processes(database, 6_400, movable=True)
    for _ in range(50):
        assert await leases.take(lease, 1)
    assert lease.left > 0
    ended = lease.ends_at
    await advance_clock(database, HOUR_S)
    assert await other.take(others, 1)
    assert others.ends_at == ended + timedelta(hours=1)
    await leases.return_all()  # of the window that is over
    assert await leases.take(lease, 1)
    assert lease.ends_at == others.ends_at
    assert lease.remaining + others.left == 6_400 - 2


async def test_elements_are_granted_whole_or_not_at_all(database: Database) -> None:
    (leases, lease), (other, others), *_ = processes(database, 100)
    assert await leases.take(lease, 60)
    assert not await other.take(others, 60)
    assert await other.take(others, 40) or await leases.take(lease, 40)
    assert not await leases.take(lease, 0)


async def test_a_new_figure_counts_what_was_taken(database: Database) -> None:
    (leases, lease), *_ = processes(database, 5)
    assert await hammer(leases, lease, 9) == 5
    raised = leases.lease(KEY, Budget(8, HOUR_S))
    assert await hammer(leases, raised, 9) == 3
    lowered = leases.lease(KEY, Budget(2, HOUR_S))
    assert await hammer(leases, lowered, 9) == 0


class Driven:
    """Places of several processes, and how many requests are really in flight."""

    def __init__(self, database: Database, most: int) -> None:
        self.most = most
        self.places = [ParallelPlaces(database) for _ in range(PROCESSES)]
        self.in_flight = 0
        self.entered = 0

    def gate(self, number: int) -> Gate:
        return self.places[number].gate(KEY, self.most)

    async def look_after(self) -> None:
        while True:
            for places in self.places:
                await places.look()
            await asyncio.sleep(0.02)

    async def request(self, number: int, seconds: float) -> bool:
        places, gate = self.places[number], self.gate(number)
        if not await places.enter(gate):
            return False
        self.in_flight += 1
        self.entered += 1
        assert self.in_flight <= self.most
        await asyncio.sleep(seconds)
        self.in_flight -= 1
        given_back = places.leave(gate)
        if given_back is not None:
            await asyncio.wait([given_back])
        return True


async def test_never_more_are_in_flight_than_may_be(database: Database) -> None:
    driven = Driven(database, 4)
    looking = asyncio.create_task(driven.look_after())
    chosen = random.Random(7)

    async def client() -> None:
        for _ in range(25):
            await driven.request(chosen.randrange(PROCESSES), chosen.uniform(0, 0.01))

    await asyncio.gather(*(client() for _ in range(10)))
    assert driven.entered > 25
    looking.cancel()


async def test_those_that_keep_to_the_limit_are_never_refused(database: Database) -> None:
    """Four requests at a time, by turns through all processes."""
    driven = Driven(database, 4)
    looking = asyncio.create_task(driven.look_after())
    chosen = random.Random(5)

    async def client() -> None:
        for _ in range(20):
            assert await driven.request(chosen.randrange(PROCESSES), chosen.uniform(0, 0.01))

    await asyncio.gather(*(client() for _ in range(4)))
    looking.cancel()


async def test_one_process_refuses_at_once(database: Database) -> None:
    driven = Driven(database, 4)
    requests = [asyncio.create_task(driven.request(0, 0.2)) for _ in range(7)]
    assert sorted(await asyncio.gather(*requests)) == [False] * 3 + [True] * 4


async def test_places_of_a_process_that_was_killed_come_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PARALLEL_HOLD_LIFE_S", 1.0)
    driven = Driven(database, 3)
    killed, gate = driven.places[0], driven.gate(0)
    for _ in range(3):
        assert await killed.enter(gate)
    assert not await driven.request(1, 0)
    await asyncio.sleep(1.1)
    assert await driven.request(1, 0)


async def test_a_process_that_lives_confirms_what_it_holds(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PARALLEL_HOLD_LIFE_S", 1.0)
    monkeypatch.setattr(limits, "PARALLEL_HOLD_RENEWED_S", 0.2)
    driven = Driven(database, 1)
    assert await driven.places[0].enter(driven.gate(0))
    looking = asyncio.create_task(driven.look_after())
    await asyncio.sleep(1.5)
    assert not await driven.request(1, 0)
    driven.places[0].leave(driven.gate(0))
    looking.cancel()


async def test_a_process_that_ends_holds_nothing(database: Database) -> None:
    driven = Driven(database, 2)
    assert await driven.request(0, 0)
    await driven.places[0].return_all()

    async def read(connection: Connection) -> str:
        holds: str = await connection.fetchval("SELECT holds FROM parallel_hold")
        return holds

    assert await database.read(read) == "{}"
    assert await driven.request(1, 0)
