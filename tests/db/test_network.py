"""The network in the database: a round trip, versions, and what a process remembers of it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from entrepot.contract.enums import RegionType
from entrepot.db.connection import Connection
from entrepot.db.network import read_network, read_version
from entrepot.db.network_cache import NetworkCache
from entrepot.db.network_editions import replace_network
from entrepot.db.transaction import Database, open_database
from entrepot.demo.network import demo_network
from entrepot.domain.network import NetworkDescription
from entrepot.domain.regions import Region
from tests.domain import networks


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await open_database(database_url)
    yield opened
    await opened.close()


async def replace(database: Database, described: NetworkDescription) -> int:
    async def work(connection: Connection) -> int:
        return await replace_network(connection, described)

    return await database.transaction(work)


def ordered(described: NetworkDescription) -> NetworkDescription:
    """The description in the order of its keys: tables have none of their own."""
    return NetworkDescription(
        regions=tuple(sorted(described.regions, key=lambda each: each.id)),
        calendars=tuple(sorted(described.calendars, key=lambda each: each.id)),
        warehouses=tuple(sorted(described.warehouses, key=lambda each: each.id)),
        points=tuple(sorted(described.points, key=lambda each: each.id)),
        zones=tuple(sorted(described.zones, key=lambda each: each.id)),
        lanes=tuple(sorted(described.lanes, key=lambda each: (each.warehouse_id, each.region_id))),
    )


@pytest.mark.parametrize(
    "described",
    [networks.described(), demo_network(), NetworkDescription()],
    ids=["small", "demo", "empty"],
)
async def test_what_is_stored_is_what_is_read(
    database: Database, described: NetworkDescription
) -> None:
    before = await database.read(read_version)
    version = await replace(database, described)
    stored = await database.read(read_network)
    assert version == stored.version == before + 1
    assert ordered(stored.described) == ordered(described)


async def test_a_replacement_that_fails_leaves_the_network_as_it_was(database: Database) -> None:
    before = await database.read(read_network)
    twice = networks.described(lanes=networks.described().lanes * 2)
    with pytest.raises(Exception, match="rows of network version"):
        await replace(database, twice)
    after = await database.read(read_network)
    assert after.version == before.version
    assert ordered(after.described) == ordered(before.described)


async def test_two_loaders_come_one_after_the_other(database: Database) -> None:
    before = await database.read(read_version)
    versions = await asyncio.gather(*(replace(database, networks.described()) for _ in range(2)))
    assert sorted(versions) == [before + 1, before + 2]


async def test_a_process_reads_each_version_once(database: Database) -> None:
    cache = NetworkCache()
    assert cache.current is None
    built = await asyncio.gather(*(database.read(cache.latest) for _ in range(8)))
    assert all(network is built[0] for network in built)
    assert cache.current is built[0]
    await replace(database, networks.described())
    assert cache.current is built[0]
    newer = await database.read(cache.latest)
    assert newer.version == built[0].version + 1
    assert set(newer.warehouses) == {networks.MOSCOW_WAREHOUSE, networks.NOVOSIBIRSK_WAREHOUSE}
    assert await database.read(cache.latest) is newer


async def test_placing_reads_the_version_while_a_network_is_being_loaded(
    database: Database,
) -> None:
    async def work(connection: Connection) -> int:
        await replace_network(connection, networks.described())
        return await database.read(read_version)

    before = await database.read(read_version)
    assert await database.transaction(work) == before
    assert await database.read(read_version) == before + 1


async def test_a_large_network_is_replaced_in_chunks(database: Database) -> None:
    regions = tuple(
        Region(number, None if number == 1 else 1, f"Село {number}", RegionType.VILLAGE)
        for number in range(1, 25_001)
    )
    await replace(database, NetworkDescription(regions=regions))
    stored = await database.read(read_network)
    assert ordered(stored.described).regions == regions
    built = await database.read(NetworkCache().latest)
    assert len(built.regions.by_id) == 25_000
