"""The network that an older program stored is in force after migrating, as it was."""

from typing import Any

import alembic.command
import asyncpg
import pytest

from entrepot.contract.enums import RegionType
from entrepot.db.migrate import migrate
from entrepot.db.network import StoredNetwork, read_network
from entrepot.db.transaction import open_database
from entrepot.domain.delivery.calendar import Calendar
from entrepot.domain.delivery.goods import ItemLimits
from entrepot.domain.network import (
    CourierInterval,
    CourierZone,
    Gps,
    Lane,
    LogisticPoint,
    NetworkDescription,
    OpenHours,
    PointAddress,
    Tariff,
    Warehouse,
)
from entrepot.domain.network_build import build_network
from entrepot.domain.regions import Region
from tests.domain.networks import day

_STORED_BEFORE = """
    UPDATE network_version SET version = 7;
    INSERT INTO region (id, parent_id, name, type, country_code, latitude, longitude, aliases)
    VALUES (225, NULL, 'Россия', 'COUNTRY', 'RU', NULL, NULL, '{}'),
      (213, 225, 'Москва', 'CITY', NULL, 55.76, 37.62, '{Столица,"Белокаменная, она"}');
    INSERT INTO calendar VALUES (1, 'Office', '{5,6}', '{2026-06-12}', '{2026-06-13}'),
      (2, 'Every day', '{}', '{}', '{}');
    INSERT INTO warehouse VALUES (11, 'Склад', 213, 'Москва', 'улица', NULL, NULL, '4',
      55.5, 38.15, 'Europe/Moscow', 900, 1, 1);
    INSERT INTO logistic_point VALUES (101, 213, 'Москва, улица, 1', 'Москва', NULL, '1', NULL,
      NULL, 3, 'Вход "со двора"', 55.0, 37.0, 'Europe/Moscow', 2,
      '{NULL,600,600,600,600,600,540}', '{NULL,1260,1260,1260,1260,1260,1080}', 50,
      15000, 600, 400, 300, 1200, 7, true);
    INSERT INTO courier_zone VALUES (201, 'Zone', '{213,225}', 'Europe/Moscow', 2,
      50000, 2000, 1000, 900, 3500);
    INSERT INTO courier_interval VALUES (201, 0, 1080, 1320, 10), (201, 0, 600, 840, 20),
      (201, 6, 600, 840, 5);
    INSERT INTO lane VALUES (11, 213, 0, 2, 15000, 1000);
"""
_BOTH = Tariff(15_000, 1_000)
_READ_NOW = NetworkDescription(
    regions=(
        Region(213, 225, "Москва", RegionType.CITY, None, 55.76, 37.62,
               ("Столица", "Белокаменная, она")),
        Region(225, None, "Россия", RegionType.COUNTRY, "RU"),
    ),
    calendars=(
        Calendar(
            1, "Office", frozenset({5, 6}), frozenset({day("06-12")}), frozenset({day("06-13")})
        ),
        Calendar(2, "Every day"),
    ),
    warehouses=(
        Warehouse(11, "Склад", 213, "Москва", Gps(55.5, 38.15), "Europe/Moscow", (900,) * 7, 1, 1,
                  street="улица", block="4"),
    ),
    points=(
        LogisticPoint(
            101,
            PointAddress("Москва, улица, 1", Gps(55.0, 37.0), 213, "Москва", house="1", km=3,
                         additional='Вход "со двора"'),
            "Europe/Moscow",
            2,
            (None, *(OpenHours(600, 1260),) * 5, OpenHours(540, 1080)),
            50,
            ItemLimits(15_000, 600, 400, 300, 1_200),
            7,
            True,
        ),
    ),
    zones=(
        CourierZone(
            201,
            "Zone",
            (213, 225),
            "Europe/Moscow",
            2,
            (
                (CourierInterval(600, 840, 20), CourierInterval(1080, 1320, 10)),
                *((),) * 5,
                (CourierInterval(600, 840, 5),),
            ),
            ItemLimits(50_000, 2_000, 1_000, 900, 3_500),
        ),
    ),
    lanes=(Lane(11, 213, 0, 2, pickup=_BOTH, courier=_BOTH),),
)  # fmt: skip


async def migrate_to(url: str, revision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what an older program did."""
    upgrade = alembic.command.upgrade

    def up_to(config: Any, _head: str) -> None:
        upgrade(config, revision)

    with monkeypatch.context() as older:
        older.setattr(alembic.command, "upgrade", up_to)
        await migrate(url)


async def read(url: str) -> StoredNetwork:
    database = await open_database(url, connections_max=1)
    try:
        return await database.read(read_network)
    finally:
        await database.close()


async def test_a_stored_network_stays_in_force(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate_to(empty_database_url, "0003", monkeypatch)
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute(_STORED_BEFORE)
    await connection.close()
    await migrate(empty_database_url)
    stored = await read(empty_database_url)
    assert stored == StoredNetwork(7, _READ_NOW)
    build_network(stored.version, stored.described)


async def test_an_empty_one_stays_empty(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate_to(empty_database_url, "0003", monkeypatch)
    await migrate(empty_database_url)
    assert await read(empty_database_url) == StoredNetwork(1, NetworkDescription())
