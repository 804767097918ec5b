"""A network is loaded while orders are placed: by processes that go on, and by one that dies."""

import asyncio
import contextlib
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest

from entrepot import limits
from entrepot.db.network import read_network, read_version
from entrepot.db.network_editions import LoadRefusedError
from entrepot.db.network_load import LoadResult, load_network
from entrepot.db.transaction import Database
from entrepot.domain.destination import ToPoint
from entrepot.work.follow_network import NetworkFollower
from entrepot.work.forget_networks import forget_networks
from tests.races.buyer import Buyer, order_body
from tests.races.network_loader import FIRST_FURTHER_REGION, with_capacity
from tests.races.wire import Wire, wire_to
from tests.races.world import (
    CLOCK,
    NARROW_POINT,
    Process,
    Shop,
    command,
    outsider,
    process,
    told,
)
from tests.support.serving import Server

NARROW = ToPoint(NARROW_POINT)
LOADER = "tests.races.network_loader"
PATIENCE_S = 1.5
"""Far above what a batch takes, also on a busy machine; far below what is waited for here."""

_AGE = "UPDATE network_edition SET changed_at = changed_at - interval '1 hour'"
_LEFT = "SELECT EXISTS (SELECT FROM network_edition WHERE state <> 'IN_FORCE')"
_HELD = "SELECT coalesce(max(held), 0) FROM slot WHERE place_id = $1"

_numbers = count(1)


@asynccontextmanager
async def following(where: Process) -> AsyncIterator[NetworkFollower]:
    """Let a process keep up with the network, as a serving one does."""
    stopping = asyncio.Event()
    follower = NetworkFollower(where.database, where.network)
    await follower.look()
    running = asyncio.create_task(follower.run(stopping))
    try:
        yield follower
    finally:
        stopping.set()
        await running


async def load(database: Database, capacity: int, *, regions: int = 0) -> LoadResult:
    return await load_network(database, with_capacity(capacity, regions=regions))


def pieces_read(wire: Wire) -> int:
    """Count the pieces of networks that were asked for over a wire."""
    return sum("convert_to" in statement for statement in wire.statements)


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes look for a network every second; here that would be most of the time."""
    monkeypatch.setattr(limits, "NETWORK_LOOK_S", 0.05)


async def test_a_batch_takes_what_was_prepared(url: str, ours: Shop, p1: Process) -> None:
    """What a process has read before it was in force is not read again."""
    await p1.stock(ours, apple=9)
    async with wire_to(url) as wire, process(wire.url) as other, following(other):
        assert told(await other.order(command(ours, {"apple": 1}))) == "Placed"
        result = await load(p1.database, 1)
        assert (result.ready, result.behind) == (1, 0)
        read = pieces_read(wire)
        outcomes = await other.place(*(command(ours, {"apple": 1}, to=NARROW) for _ in range(2)))
        assert [told(each) for each in outcomes] == ["Placed", "INVALID_DELIVERY_OPTION"]
        assert other.network.current is not None
        assert other.network.current.version == result.version
        assert pieces_read(wire) == read


async def test_looking_late_keeps_what_is_in_force_by_now(
    url: str, ours: Shop, p1: Process
) -> None:
    """A process that looks after the network was put in force, and before a batch took it."""
    await p1.stock(ours, apple=9)
    async with wire_to(url) as wire, process(wire.url) as other, following(other) as follower:
        await load(p1.database, 2)
        read = pieces_read(wire)
        for _ in range(3):
            await follower.look()
        assert told(await other.order(command(ours, {"apple": 1}, to=NARROW))) == "Placed"
        assert pieces_read(wire) == read


async def test_placing_goes_on_while_a_network_is_read(url: str, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=99)
    async with wire_to(url) as wire, process(wire.url) as other, following(other):
        await other.order(command(ours, {"apple": 1}))
        piece = wire.stop_after("SELECT convert_to", skip=1)
        loading = asyncio.create_task(load(p1.database, 1))
        await piece.reached()
        for where in (other, p1):
            began = time.monotonic()
            outcomes = await asyncio.gather(
                *(where.order(command(ours, {"apple": 1})) for _ in range(10))
            )
            assert {told(outcome) for outcome in outcomes} == {"Placed"}
            assert time.monotonic() - began < PATIENCE_S
        assert not loading.done()
        piece.release()
        assert (await loading).ready == 1


async def test_placing_goes_on_while_a_network_is_written(
    url: str, ours: Shop, p1: Process, p2: Process
) -> None:
    await p1.stock(ours, apple=99)
    async with wire_to(url) as wire, process(wire.url) as loader:
        for text in ("INSERT INTO network_row", "UPDATE network_edition", "UPDATE network_version"):
            step = wire.stop_after(text)
            loading = asyncio.create_task(load(loader.database, 2))
            await step.reached()
            began = time.monotonic()
            outcomes = await asyncio.gather(
                *(p2.order(command(ours, {"apple": 1})) for _ in range(10))
            )
            assert {told(outcome) for outcome in outcomes} == {"Placed"}
            assert time.monotonic() - began < PATIENCE_S
            step.release()
            await loading


async def test_a_process_that_is_behind_reads_what_it_meets(
    url: str, ours: Shop, p1: Process
) -> None:
    """It was too slow for the loader: its next batch waits for it, and is right."""
    await p1.stock(ours, apple=9)
    async with wire_to(url) as wire, process(wire.url) as other, following(other):
        await other.order(command(ours, {"apple": 1}))
        piece = wire.stop_before("SELECT convert_to", skip=1)
        network = with_capacity(1)
        result = await load_network(p1.database, network, wait_s_max=0.2)
        assert (result.ready, result.behind) == (0, 1)
        await piece.reached()
        batch = [command(ours, {"apple": 1}, to=NARROW) for _ in range(2)]
        placing = asyncio.create_task(other.place(*batch))
        await asyncio.sleep(0.1)
        piece.release()
        outcomes = await placing
        assert [told(each) for each in outcomes] == ["Placed", "INVALID_DELIVERY_OPTION"]


async def test_capacities_that_change_under_load_are_never_exceeded(
    url: str, ours: Shop, theirs: Shop, p1: Process, p2: Process
) -> None:
    """Lowered or raised while two processes fill the slot: what is held never is above all."""
    for shop in (ours, theirs):
        await p1.stock(shop, apple=500)
    capacities = [12, 5, 20, 1, 9]

    async def plan() -> None:
        for capacity in capacities:
            await load(p1.database, capacity)

    async def fill(where: Process, shop: Shop) -> list[str]:
        words: list[str] = []
        while not planning.done():
            outcome = await where.order(command(shop, {"apple": 1}, to=NARROW))
            words.append(told(outcome))
        return words

    async with following(p1), following(p2):
        planning = asyncio.create_task(plan())
        words = await asyncio.gather(
            *(fill(where, shop) for where in (p1, p2) for shop in (ours, theirs) for _ in range(3))
        )
        await planning
    placed = Counter(word for each in words for word in each)
    async with outsider(url) as connection:
        held = await connection.fetchval(_HELD, NARROW_POINT)
    assert placed.keys() <= {"Placed", "INVALID_DELIVERY_OPTION"}
    assert placed["Placed"] == held
    assert 3 <= held <= max(capacities)
    # The last capacity lies below what is held: nobody comes in, and nobody was thrown out.
    assert told(await p2.order(command(ours, {"apple": 1}, to=NARROW))) != "Placed"


async def test_a_loader_killed_at_any_moment_leaves_nothing_in_force(
    url: str, ours: Shop, p1: Process
) -> None:
    await p1.stock(ours, apple=99)
    rolls = random.Random(5)
    async with following(p1), outsider(url) as connection:
        await load(p1.database, 3)
        for _ in range(6):
            before = await p1.database.read(read_version)
            steps = await _load_and_kill(url, after_steps=rolls.randint(1, 14))
            in_force = await p1.database.read(read_version)
            stored = (await p1.database.read(read_network)).described
            # All of it, or nothing.
            assert len(stored.regions) - len(with_capacity(1).regions) == (
                0 if in_force == before else 5_000
            ), steps
            assert told(await p1.order(command(ours, {"apple": 1}))) == "Placed"
            if in_force == before:
                with contextlib.suppress(LoadRefusedError):  # unless nothing was begun yet
                    await load(p1.database, 3)
            await connection.execute(_AGE)
            while await forget_networks(p1.database, CLOCK) or await connection.fetchval(_LEFT):
                pass
            await load(p1.database, 3)
        await connection.execute(_AGE)
        for _ in range(3):
            while await forget_networks(p1.database, CLOCK):
                pass
        (left,) = await connection.fetch("SELECT DISTINCT version FROM network_row")
        assert left["version"] == await p1.database.read(read_version)


async def _load_and_kill(url: str, *, after_steps: int) -> list[str]:
    """Kill a loader after it has told of so many steps, or when it has ended."""
    loader = await asyncio.create_subprocess_exec(
        sys.executable, "-m", LOADER, url, "2", "5000", stdout=asyncio.subprocess.PIPE
    )
    assert loader.stdout is not None
    steps: list[str] = []
    while len(steps) < after_steps and (line := await loader.stdout.readline()):
        steps.append(line.decode().strip())
    with contextlib.suppress(ProcessLookupError):
        loader.kill()
    await loader.wait()
    return steps


@pytest.fixture
def base_url(url: str, tmp_path: Path) -> Iterator[str]:
    """Two worker processes."""
    server = Server(url, tmp_path, "--workers", "2")
    yield server.wait_until_ready()
    server.stop()


@pytest.mark.races
async def test_processes_take_networks_up_without_a_restart(
    base_url: str, ours: Shop, theirs: Shop, p1: Process
) -> None:
    for shop in (ours, theirs):
        await p1.stock(shop, apple=100_000)
    buyers = [Buyer(base_url, (ours, theirs)[number % 2]) for number in range(24)]
    await asyncio.gather(*(buyer.connect() for buyer in buyers))
    loading = asyncio.create_task(load(p1.database, 1, regions=30_000))
    slowest = await asyncio.gather(*(_buy_until(buyer, loading) for buyer in buyers))
    result = await loading
    assert (result.ready, result.behind) == (2, 0)
    assert max(slowest) < PATIENCE_S
    path = f"/v2/regions/{FIRST_FURTHER_REGION}/children"
    for buyer in buyers:  # whichever process answers
        assert (await buyer.ask("GET", path)).status == 200
        buyer.hang_up()


async def _buy_until(buyer: Buyer, loading: "asyncio.Task[LoadResult]") -> float:
    """Place orders until the network is loaded; gives how long the slowest took."""
    slowest = 0.0
    while not loading.done():
        began = time.monotonic()
        reply = await buyer.order(order_body(f"load {next(_numbers)}", {"apple": 1}))
        assert reply.word == "OK"
        slowest = max(slowest, time.monotonic() - began)
        await asyncio.sleep(0.05)
    return slowest
