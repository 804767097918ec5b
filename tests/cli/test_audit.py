"""`entrepot audit`."""

import asyncio

import asyncpg

from tests.cli.conftest import Entrepot
from tests.domain.networks import MOSCOW_WAREHOUSE
from tests.races.world import Shop, command, process


def furnish(url: str, shop: Shop) -> None:
    async def act() -> None:
        async with process(url) as made:
            await made.stock(shop, apple=10)
            await made.place_one(command(shop, {"apple": 2}))

    asyncio.run(act())


def spoil(url: str) -> None:
    async def act() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute("UPDATE stock SET held = 3")
        await connection.close()

    asyncio.run(act())


def test_a_sound_database_is_passed_in_a_line(entrepot: Entrepot, ours: Shop, url: str) -> None:
    furnish(url, ours)
    said = entrepot("audit")
    assert (said.code, said.out, said.err) == (0, "Nothing found, 4 rows checked.\n", "")
    said = entrepot("audit", "--json")
    assert said.json == {"findings": [], "rowsChecked": 4, "complete": True}


def test_what_is_found_is_a_table_and_ends_with_1(
    entrepot: Entrepot, ours: Shop, theirs: Shop, url: str
) -> None:
    furnish(url, ours)
    spoil(url)
    row = f"stock of offer apple in warehouse {MOSCOW_WAREHOUSE}"
    said = entrepot("audit")
    assert said.code == 1
    assert row in said.out
    assert "held is 3, orders hold 2" in said.out
    assert said.err == "1 found, 4 rows checked.\n"
    said = entrepot("audit", "--json", "--business", ours.business_id)
    assert said.code == 1
    assert said.json["findings"] == [
        {
            "check": "stock",
            "businessId": ours.business_id,
            "row": row,
            "reason": "held is 3, orders hold 2",
        }
    ]
    assert entrepot("audit", "--business", theirs.business_id).code == 0
    assert entrepot("audit", "--business", 404).code == 1
