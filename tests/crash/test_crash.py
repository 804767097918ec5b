"""Under load, processes and connections are killed at random moments; no promise is broken.

`ENTREPOT_CRASH_ROUNDS=200 script/test -m crash` goes on for longer, `ENTREPOT_CRASH_SEED`
repeats the choices of a run (its moments are the machine's).
"""

import asyncio
import os
import random
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from asyncpg.exceptions import PostgresError

from entrepot.db.embedded import embedded_postgres
from entrepot.db.embedded_layout import remove_abandoned_homes
from entrepot.db.migrate import migrate
from tests.crash.load import Load
from tests.crash.processes import kill, postmaster_of
from tests.crash.reckoning import assert_promises_kept, until_operations_end
from tests.crash.service import CrashingService
from tests.races.wire import Gate, Wire, wire_to
from tests.races.world import HOUR, Shop, World, make_world, outsider, process
from tests.support.databases import Databases

pytestmark = pytest.mark.crash

BUYERS = 24
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
ROUNDS = int(os.environ.get("ENTREPOT_CRASH_ROUNDS") or (12 if IN_CI else 4))
CALM_S = (0.02, 0.4)
"""How long buyers buy before it happens, and while it is being mended."""
ROUND_S_MAX = 90.0

Strike = Callable[[], Awaitable[None]]
MUCH, LITTLE = 10**6, 150


@pytest.fixture
def rolls() -> random.Random:
    """The choices of this run; a failure shows by which seed they were made."""
    seed = int(os.environ.get("ENTREPOT_CRASH_SEED") or random.randrange(2**32))
    sys.stdout.write(f"ENTREPOT_CRASH_SEED={seed}\n")
    return random.Random(seed)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that is removed: pytest would keep it, and a cluster is forty megabytes."""
    yield tmp_path
    shutil.rmtree(tmp_path)
    if os.geteuid() == 0:
        remove_abandoned_homes()


@pytest.fixture
def shared_url(databases: Databases) -> Iterator[str]:
    """An empty database of the tests' server, which nobody kills."""
    url = databases.create_empty()
    yield url
    databases.drop(url)


@pytest.fixture
async def own_url(folder: Path) -> AsyncIterator[str]:
    """A PostgreSQL of the test's own, which is started again whenever it dies."""
    async with embedded_postgres(folder / "data") as url:
        yield url


async def stocked_world(url: str) -> World:
    """Make the world in an empty database: plenty of some goods, little of others."""
    await migrate(url)
    world = await make_world(url)
    async with process(url) as storekeeper:
        for shop in (world.ours, world.theirs):
            await storekeeper.stock(shop, apple=MUCH, bread=MUCH, cup=LITTLE)
            await storekeeper.stock(shop, "novosibirsk", drum=MUCH)
    return world


class Drill:
    """Round after round: buyers buy, something happens, all is mended, and accounts are settled."""

    def __init__(
        self, url: str, service: CrashingService, load: Load, rolls: random.Random
    ) -> None:
        self.url = url
        self.service = service
        self.load = load
        self.rolls = rolls

    async def run(self, strike: Strike) -> None:
        """Strike in the middle of each round; the books must agree after it."""
        for number in range(ROUNDS):
            async with asyncio.timeout(ROUND_S_MAX):
                self.load.begin(BUYERS)
                await asyncio.sleep(self.rolls.uniform(*CALM_S))
                await strike()
                await asyncio.sleep(self.rolls.uniform(*CALM_S))
                await self._pause()
                await until_operations_end(self.url)
                await assert_promises_kept(self.url, self.load.ledger)
                if number % 4 == 3:
                    await self._let_drafts_expire()

    async def _pause(self) -> None:
        try:
            await self.load.pause()
        except TimeoutError:
            told = dict(self.load.ledger.told)
            pytest.fail(f"somebody waits for an answer still; told: {told}; {self.service.log()}")

    async def _let_drafts_expire(self) -> None:
        async with process(self.url) as hand_of_the_clock:
            await hand_of_the_clock.advance(HOUR)


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """What is closed at the end, whatever happened."""
    async with AsyncExitStack() as opened:
        yield opened


async def drill_on(
    url: str, through: str, folder: Path, rolls: random.Random, stack: AsyncExitStack
) -> tuple[Drill, CrashingService]:
    """Start a service on a database, which it reaches by another way than the test does."""
    world = await stocked_world(url)
    service = CrashingService(through, folder)
    stack.push_async_callback(asyncio.to_thread, service.stop)
    await service.until_ready()
    shops: tuple[Shop, ...] = (world.ours, world.theirs)
    load = Load(service.base_url, shops, rolls)
    stack.callback(load.cancel)
    return Drill(url, service, load, rolls), service


async def test_the_service_is_killed(
    shared_url: str, folder: Path, rolls: random.Random, stack: AsyncExitStack
) -> None:
    drill, service = await drill_on(shared_url, shared_url, folder, rolls, stack)

    async def strike() -> None:
        workers = service.workers()
        match rolls.choice(("worker", "supervisor", "everything")):
            case "worker":
                kill(rolls.choice(workers))
            case "supervisor":
                kill(service.supervisor)
                await service.start_again(workers)
            case _:
                kill(service.supervisor, *workers)
                await service.start_again(workers)

    await drill.run(strike)


async def test_postgresql_is_killed(
    own_url: str, folder: Path, rolls: random.Random, stack: AsyncExitStack
) -> None:
    drill, service = await drill_on(own_url, own_url, folder, rolls, stack)

    async def strike() -> None:
        workers = service.workers()
        match rolls.choice(("postmaster", "backend", "and a worker", "everything")):
            case "postmaster":
                kill(postmaster_of(own_url))
            case "backend":
                kill(*(await _backends(own_url))[: rolls.randint(1, 3)])
            case "and a worker":
                kill(postmaster_of(own_url), rolls.choice(workers))
            case _:
                kill(service.supervisor, *workers, postmaster_of(own_url))
                await _until_it_answers(own_url)
                await service.start_again(workers)

    await drill.run(strike)


async def test_connections_are_killed(
    shared_url: str, folder: Path, rolls: random.Random, stack: AsyncExitStack
) -> None:
    wire = await stack.enter_async_context(wire_to(shared_url))
    drill, _ = await drill_on(shared_url, wire.url, folder, rolls, stack)

    async def strike() -> None:
        for _ in range(5):
            match rolls.choice(("before", "after", "anywhere", "terminate", "all")):
                case "before":
                    await _cut(wire.stop_before("COMMIT", skip=rolls.randrange(5)))
                case "after":
                    await _cut(wire.stop_after("COMMIT", skip=rolls.randrange(5)))
                case "anywhere":
                    await _cut(wire.stop_after("", skip=rolls.randrange(60)))
                case "terminate":
                    await _terminate(shared_url, rolls)
                case _:
                    await _break_off(wire, rolls)
            await asyncio.sleep(rolls.uniform(0, 0.1))

    await drill.run(strike)


async def _backends(url: str) -> list[int]:
    async with outsider(url) as connection:
        rows = await connection.fetch(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'entrepot'"
        )
    return [row["pid"] for row in rows]


async def _until_it_answers(url: str) -> None:
    while True:
        try:
            await _backends(url)
        except (OSError, PostgresError):
            await asyncio.sleep(0.02)
        else:
            return


async def _terminate(url: str, rolls: random.Random) -> None:
    backends = await _backends(url)
    async with outsider(url) as connection:
        for pid in rolls.sample(backends, rolls.randint(0, len(backends))):
            await connection.execute("SELECT pg_terminate_backend($1)", pid)


async def _cut(gate: Gate) -> None:
    await gate.reached()
    gate.cut()


async def _break_off(wire: Wire, rolls: random.Random) -> None:
    wire.break_off()
    await asyncio.sleep(rolls.uniform(0, 0.3))
    wire.mend()
