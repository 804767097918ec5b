"""The demo world: complete, the same at every start, and never in the way of a real network."""

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from entrepot.db.accounts import list_keys
from entrepot.db.connection import Connection
from entrepot.db.migrate import migrate
from entrepot.db.network_editions import replace_network
from entrepot.db.operator_keys import list_operator_keys
from entrepot.db.start_refused import StartRefused
from entrepot.db.stock import read_available
from entrepot.db.transaction import Database, open_database
from entrepot.demo.goods import SMALL_OFFERS, household_offers, sports_offers
from entrepot.demo.network import (
    FEW_A_DAY,
    GENEROUS_A_DAY,
    GENEROUS_AN_INTERVAL,
    demo_network,
    easy_point_ids,
)
from entrepot.demo.operator_keys import OPERATOR_KEYS_FILE
from entrepot.demo.seed import KEYS_FILE, DemoBusiness, seed_demo
from entrepot.domain.network_build import build_network
from entrepot.domain.operators import Role
from tests.domain import networks


@pytest.fixture
async def migrated_url(empty_database_url: str) -> str:
    await migrate(empty_database_url)
    return empty_database_url


@pytest.fixture
async def database(migrated_url: str) -> AsyncIterator[Database]:
    opened = await open_database(migrated_url)
    yield opened
    await opened.close()


async def available(database: Database, business: DemoBusiness) -> list[int]:
    async def work(connection: Connection) -> list[int]:
        found = await read_available(
            connection, business.business_id, business.warehouse_ids, business.offer_ids
        )
        return list(found.values())

    return await database.read(work)


async def live_tokens(database: Database, business: DemoBusiness) -> int:
    async def work(connection: Connection) -> int:
        listed = await list_keys(connection, business.business_id)
        return sum(not each.key.revoked for each in listed)

    return await database.read(work)


async def test_a_second_start_finds_the_first_ones_world(
    migrated_url: str, database: Database, tmp_path: Path
) -> None:
    first = await seed_demo(migrated_url, tmp_path)
    assert await seed_demo(migrated_url, tmp_path) == first
    assert stat.S_IMODE((tmp_path / KEYS_FILE).stat().st_mode) == 0o600
    for business in (first.first, first.second):
        assert await live_tokens(database, business) == len(business.keys)
        pieces = await available(database, business)
        assert len(pieces) == len(business.warehouse_ids) * len(business.offer_ids)
        assert min(pieces) >= 5_000


async def test_operator_keys_that_were_lost_are_replaced_and_revoked(
    migrated_url: str, database: Database, tmp_path: Path
) -> None:
    first = await seed_demo(migrated_url, tmp_path)
    assert set(first.operator_keys) == set(Role)
    file = tmp_path / OPERATOR_KEYS_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.unlink()
    again = await seed_demo(migrated_url, tmp_path)
    assert set(again.operator_keys.values()).isdisjoint(first.operator_keys.values())
    assert again.first.keys == first.first.keys
    listed = await database.read(list_operator_keys)
    assert [each.key.revoked for each in listed] == [True] * len(Role) + [False] * len(Role)


@pytest.mark.parametrize("left", [None, b"", b"{", b'{"1": {"all-methods": "ENTR:x"}}'])
async def test_keys_that_were_lost_are_replaced_and_revoked(
    migrated_url: str, database: Database, tmp_path: Path, left: bytes | None
) -> None:
    first = await seed_demo(migrated_url, tmp_path)
    if left is None:
        (tmp_path / KEYS_FILE).unlink()
    else:
        (tmp_path / KEYS_FILE).write_bytes(left)
    again = await seed_demo(migrated_url, tmp_path)
    assert again.first.business_id == first.first.business_id
    assert set(again.first.keys.values()).isdisjoint(first.first.keys.values())
    assert await live_tokens(database, again.first) == len(again.first.keys)
    assert await seed_demo(migrated_url, tmp_path) == again


async def test_keys_of_another_database_are_not_taken_for_this_ones(
    database_url: str, migrated_url: str, tmp_path: Path
) -> None:
    elsewhere = await seed_demo(database_url, tmp_path)
    here = await seed_demo(migrated_url, tmp_path)
    assert here.first.business_id == elsewhere.first.business_id
    assert set(here.first.keys.values()).isdisjoint(elsewhere.first.keys.values())


async def test_a_real_network_is_not_replaced(
    migrated_url: str, database: Database, tmp_path: Path
) -> None:
    async def work(connection: Connection) -> int:
        return await replace_network(connection, networks.described())

    await database.transaction(work)
    with pytest.raises(StartRefused, match="network of its own"):
        await seed_demo(migrated_url, tmp_path)


def test_the_first_offers_fit_every_point() -> None:
    network = build_network(1, demo_network())
    for offers in (household_offers(), sports_offers()):
        assert len({offer.offer_id for offer in offers}) == len(offers)
        for point in network.points.values():
            assert point.limits.fit_all(offers[:SMALL_OFFERS])
        assert any(
            not point.limits.fit(offer) for offer in offers for point in network.points.values()
        )


def test_the_network_is_as_large_as_promised() -> None:
    described = demo_network()
    assert len(described.warehouses) == 3
    assert len(described.points) >= 60
    assert len({point.address.region_id for point in described.points}) >= 15
    assert len(easy_point_ids(described)) >= 40


def test_the_guide_tells_of_this_world() -> None:
    described = demo_network()
    guide = (Path(__file__).parents[2] / "docs/guides/demo-world.md").read_text()
    points, towns = described.points, {point.address.region_id for point in described.points}
    few = [point.id for point in points if point.daily_capacity == FEW_A_DAY]
    lockers = [point.id for point in points if point.limits.weight_g == 15_000]
    no_mondays = [point.id for point in points if point.hours[0] is None]
    no_weekends = [point.id for point in points if point.hours[6] is None]
    for told in (
        f"{len(points)} points in {len(towns)} towns, `{points[0].id}` to `{points[-1].id}`",
        f"takes {GENEROUS_A_DAY} parcels a day, an interval of a courier {GENEROUS_AN_INTERVAL}:",
        f"Every twelfth point (`{few[0]}`, `{few[1]}`, …) takes {FEW_A_DAY} a day",
        f"closed on Mondays (`{no_mondays[0]}`, `{no_mondays[1]}`, …)",
        f"at weekends (`{no_weekends[0]}`,\n  `{no_weekends[1]}`, …)",
        f"Every eighth point (`{lockers[0]}`, `{lockers[1]}`, …) is a locker",
        f"`{household_offers()[-1].offer_id}`",
        f"`{sports_offers()[-1].offer_id}`",
        f"the first {SMALL_OFFERS} offers fit every point",
        *(f"| {warehouse.id} | " for warehouse in described.warehouses),
    ):
        assert told.replace("\n  ", " ") in guide.replace("\n  ", " ").replace("\n", " "), told
