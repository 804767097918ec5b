"""Networks are loaded beside the one in force: by one loader at a time, whole or not at all."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import msgspec
import pytest

from entrepot import limits
from entrepot.db import network_editions
from entrepot.db.connection import Connection
from entrepot.db.network import read_edition, read_network, read_version
from entrepot.db.network_editions import LoadRefusedError
from entrepot.db.network_load import LoadProgress, LoadResult, load_network
from entrepot.db.network_readers import leave, say_read
from entrepot.db.network_rows import rows_of
from entrepot.db.transaction import Database, open_database
from entrepot.domain.delivery.calendar import OwnDays
from entrepot.domain.delivery.goods import ParcelLimits
from entrepot.domain.network import NetworkDescription, Tariff
from entrepot.domain.regions import InvalidNetworkError
from entrepot.work.forget_networks import forget_networks
from tests.domain import networks
from tests.races.wire import wire_to
from tests.races.world import CLOCK

_AGE_LOADER = "UPDATE network_edition SET changed_at = now() - interval '31 s' WHERE version = $1"
_AGE_READERS = "UPDATE network_reader SET seen_at = now() - interval '16 s'"
_ROWS = "SELECT count(*) FROM network_row WHERE version = $1"
_STATES = "SELECT version, state FROM network_edition ORDER BY version"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await open_database(database_url)
    yield opened
    await opened.close()


async def execute(database: Database, statement: str, *values: object) -> None:
    await database.transaction(lambda one: one.execute(statement, *values))


async def rows(database: Database, version: int) -> int:
    return int(await database.read(lambda one: one.fetchval(_ROWS, version)))


async def states(database: Database) -> dict[int, str]:
    return {row[0]: row[1] for row in await database.read(lambda one: one.fetch(_STATES))}


async def begin(database: Database, *, pieces: int = 1) -> int:
    """Begin to load, and write so many rows."""

    async def work(connection: Connection) -> int:
        version = await network_editions.begin_edition(connection, "somebody")
        some = list(rows_of(networks.described()))[:pieces]
        await network_editions.write_rows(connection, version, some)
        return version

    return await database.transaction(work)


async def sweep(database: Database) -> None:
    """Do the duty until there is nothing to do."""
    for _ in range(3):
        while await forget_networks(database, CLOCK):
            pass


async def test_a_load_is_in_force_when_it_ends(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "NETWORK_ROWS_PER_WRITE_MAX", 7)
    before = await database.read(read_version)
    told: list[LoadProgress] = []
    result = await load_network(database, networks.described(), told.append)
    assert result == LoadResult(before + 1, ready=0, behind=0)
    stored = await database.read(read_network)
    assert stored.version == before + 1
    assert {point.id for point in stored.described.points} == {101, 102, 103}
    assert told[0].rows == 0
    assert [step.rows for step in told] == sorted(step.rows for step in told)
    assert told[-1].rows == told[-1].rows_total == len(list(rows_of(networks.described())))
    found = await states(database)
    assert (found[before], found[before + 1]) == ("RETIRED", "IN_FORCE")


async def test_a_network_that_contradicts_itself_is_not_written(database: Database) -> None:
    before = await states(database)
    twice = networks.described(lanes=networks.described().lanes * 2)
    with pytest.raises(InvalidNetworkError):
        await load_network(database, twice)
    assert await states(database) == before


async def test_a_second_loader_is_told_who_the_first_is(database: Database) -> None:
    version = await begin(database)
    with pytest.raises(LoadRefusedError, match=rf"somebody, version {version}, heard of 0 s ago"):
        await load_network(database, networks.described())
    with pytest.raises(LoadRefusedError):
        await database.transaction(
            lambda one: network_editions.replace_network(one, networks.described())
        )
    # The first is not disturbed by that.
    await database.transaction(lambda one: network_editions.stay(one, version))


async def test_one_of_two_that_begin_at_once_is_refused(database: Database) -> None:
    outcomes = await asyncio.gather(
        *(load_network(database, networks.described()) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "LoadRefusedError",
        "LoadResult",
    ]


async def test_a_silent_loader_is_replaced_and_changes_nothing_any_more(
    database: Database,
) -> None:
    silent = await begin(database)
    await execute(database, _AGE_LOADER, silent)
    result = await load_network(database, networks.described())
    assert result.version == silent + 1
    row = list(rows_of(networks.described()))[5:6]
    attempts: list[Callable[[Connection], Awaitable[None]]] = [
        lambda one: network_editions.write_rows(one, silent, row),
        lambda one: network_editions.finish_edition(one, silent, 1),
        lambda one: network_editions.put_in_force(one, silent),
    ]
    for attempt in attempts:
        with pytest.raises(LoadRefusedError, match=f"Version {silent} of the network was given up"):
            await database.transaction(attempt)
    assert await database.read(read_version) == silent + 1
    await sweep(database)
    assert await rows(database, silent) == 0


async def test_what_is_put_in_force_twice_is_in_force_once(database: Database) -> None:
    """The reply to the first COMMIT may have been lost."""
    result = await load_network(database, networks.described())
    before = await states(database)
    await database.transaction(lambda one: network_editions.put_in_force(one, result.version))
    assert await states(database) == before


async def test_a_load_that_is_interrupted_leaves_the_way_free(database: Database) -> None:
    before = await database.read(read_version)
    await database.transaction(lambda one: say_read(one, uuid4(), "a process", 0))
    waits = asyncio.Event()

    def progress(step: LoadProgress) -> None:
        if step.processes_total:
            waits.set()

    loading = asyncio.create_task(load_network(database, networks.described(), progress))
    await waits.wait()
    loading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loading
    assert await database.read(read_version) == before
    await execute(database, _AGE_READERS)
    assert (await load_network(database, networks.described())).version == before + 2


async def test_it_waits_for_processes_that_live(database: Database) -> None:
    before = await database.read(read_version)
    ours, gone, dead = uuid4(), uuid4(), uuid4()
    await database.transaction(lambda one: say_read(one, dead, "dead", before))
    await execute(database, _AGE_READERS)
    for reader in (ours, gone):
        await database.transaction(lambda one, each=reader: say_read(one, each, "lives", before))
    told: list[LoadProgress] = []
    waits = asyncio.Event()

    def progress(step: LoadProgress) -> None:
        told.append(step)
        if step.processes_total:
            waits.set()

    loading = asyncio.create_task(load_network(database, networks.described(), progress))
    await waits.wait()
    assert told[-1][2:] == (0, 2)
    assert await database.read(read_version) == before
    await database.transaction(lambda one: leave(one, gone))
    await database.transaction(lambda one: say_read(one, ours, "lives", before + 1))
    assert await loading == LoadResult(before + 1, ready=1, behind=0)
    assert await database.read(read_version) == before + 1


async def test_it_does_not_wait_for_ever(database: Database) -> None:
    before = await database.read(read_version)
    await database.transaction(lambda one: say_read(one, uuid4(), "slow", before))
    result = await load_network(database, networks.described(), wait_s_max=0.2)
    assert result == LoadResult(before + 1, ready=0, behind=1)


async def test_what_nobody_needs_is_removed_and_nothing_else(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "NETWORK_ROWS_PER_WRITE_MAX", 40)
    first = await database.read(read_version)
    second = (await load_network(database, networks.described())).version
    loading = await begin(database)
    await sweep(database)
    # The retired one may still be being read, and the loader may live.
    assert [(await states(database))[each] for each in (first, second, loading)] == [
        "RETIRED",
        "IN_FORCE",
        "LOADING",
    ]
    await execute(
        database,
        "UPDATE network_edition SET changed_at = now() - interval '61 s'",
    )
    await sweep(database)
    assert await states(database) == {second: "IN_FORCE"}
    assert (await rows(database, first), await rows(database, loading)) == (0, 0)
    assert await rows(database, second) == len(list(rows_of(networks.described())))
    assert (await begin(database)) == loading + 1


async def test_an_edition_that_goes_while_it_is_read_is_not_taken_for_whole(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "NETWORK_ROWS_PER_READ_MAX", 2)
    first = (await load_network(database, networks.described())).version
    fewer = networks.described(points=networks.described().points[:1])

    async with wire_to(database_url) as wire:
        behind = await open_database(wire.url)
        piece = wire.stop_before("SELECT convert_to", skip=4)
        reading = asyncio.create_task(behind.read(read_network))
        await piece.reached()
        await load_network(database, fewer)
        await execute(
            database, "UPDATE network_edition SET state = 'DELETING' WHERE version = $1", first
        )
        await sweep(database)
        piece.release()
        stored = await reading
        assert await behind.read(lambda one: read_edition(one, first)) is None
        await behind.close()
    assert stored.version == first + 1
    assert len(stored.described.points) == 1


async def test_every_field_survives_storing(database: Database) -> None:
    """A round trip of values that have no field at its default."""
    described = networks.described()
    own = OwnDays(closed=frozenset({networks.day("05-09")}))
    parcels = ParcelLimits(weight_g=30_000, volume_mm3=10**9, value_kopecks=10**7)
    replace = msgspec.structs.replace
    full = NetworkDescription(
        regions=described.regions,
        calendars=described.calendars,
        warehouses=tuple(
            replace(each, goods_kinds=frozenset({"COLD", "GENERAL"}), own_days=own, block="2")
            for each in described.warehouses
        ),
        points=tuple(
            replace(each, parcel_limits=parcels, own_days=own) for each in described.points
        ),
        zones=tuple(replace(each, parcel_limits=parcels, own_days=own) for each in described.zones),
        lanes=tuple(
            replace(
                each,
                pickup=Tariff(1, 2, 3, 4),
                courier=None,
                item_limits=networks.SMALL,
                parcel_limits=parcels,
            )
            for each in described.lanes
        ),
    )
    await load_network(database, full)
    stored = (await database.read(read_network)).described
    for name in NetworkDescription.__struct_fields__:
        assert set(getattr(stored, name)) == set(getattr(full, name)), name
