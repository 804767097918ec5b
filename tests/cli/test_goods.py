"""`entrepot offers` and `entrepot stock`: files and corrections."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from entrepot.db.connection import Connection
from tests.cli.conftest import Entrepot
from tests.domain.networks import MOSCOW_WAREHOUSE, NOVOSIBIRSK_WAREHOUSE
from tests.races.world import HOUR, Process, Shop, command, order_id_of, process

OFFERS = "offer_id,name,weight_g,length_mm,width_mm,height_mm\n"
STOCK = "warehouse_id,offer_id,fit,defect\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file.csv"


def acting(url: str, work: Callable[[Process], Awaitable[Any]]) -> Any:
    """Do what a service does meanwhile."""

    async def act() -> Any:
        async with process(url) as made:
            return await work(made)

    return asyncio.run(act())


def piles(url: str, shop: Shop) -> dict[tuple[int, str], tuple[int, ...]]:
    async def read(connection: Connection) -> dict[tuple[int, str], tuple[int, ...]]:
        rows = await connection.fetch(
            "SELECT warehouse_id, offer_id, fit, defect FROM stock WHERE business_id = $1",
            shop.business_id,
        )
        return {(row[0], row[1]): tuple(row[2:]) for row in rows}

    found: dict[tuple[int, str], tuple[int, ...]] = acting(
        url, lambda made: made.database.read(read)
    )
    return found


def test_offers_are_loaded_and_loaded_again(entrepot: Entrepot, ours: Shop, file: Path) -> None:
    file.write_text(OFFERS + "n1,Ёлка,1000,100,100,100\napple,Apple,500,100,100,100\n")
    load = ("offers", "load", file, "--business", ours.business_id)
    said = entrepot(*load, "--json")
    assert (said.code, said.err) == (0, "")
    assert said.json == {"created": 1, "changed": 0, "unchanged": 1}
    assert entrepot(*load, "--json").json == {"created": 0, "changed": 0, "unchanged": 2}
    assert "unchanged" in entrepot(*load).out


def test_a_wrong_file_of_offers_changes_nothing(entrepot: Entrepot, ours: Shop, file: Path) -> None:
    rows = ["good,Good,1,1,1,1", "bad,Bad,0,1,x,1", ",Nameless,1,1,1,1", "good,Twice,1,1,1,1"]
    file.write_text(OFFERS + "\n".join(rows))
    said = entrepot("offers", "load", file, "--business", ours.business_id)
    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines() == [
        f"Error: {file}:3: weight_g: expected a whole number >= 1, not '0'",
        f"Error: {file}:3: width_mm: expected a whole number, not 'x'",
        f"Error: {file}:4: offer_id is empty",
        f"Error: {file}:5: this offer_id stands on line 2 already",
        "Nothing was changed.",
    ]
    said = entrepot("offers", "load", file, "--business", ours.business_id, "--json")
    assert said.json["problems"][0] == {
        "file": str(file),
        "line": 3,
        "reason": "weight_g: expected a whole number >= 1, not '0'",
    }
    file.write_text(OFFERS + rows[0])
    said = entrepot("offers", "load", file, "--business", ours.business_id, "--json")
    assert said.json["created"] == 1


def test_offers_need_their_business(entrepot: Entrepot, file: Path) -> None:
    file.write_text(OFFERS)
    assert entrepot("offers", "load", file, "--business", 404).code == 1


def test_many_problems_are_cut_short(entrepot: Entrepot, ours: Shop, file: Path) -> None:
    file.write_text(OFFERS + ",,,,,\n" + "x,y,0,1,1,1\n" * 70)
    said = entrepot("offers", "load", file, "--business", ours.business_id)
    assert len(said.err.splitlines()) == 52
    assert said.err.splitlines()[-2] == "Error: … and 20 more."


def test_stock_is_set_as_counted(entrepot: Entrepot, ours: Shop, file: Path, url: str) -> None:
    file.write_text(
        f"{STOCK}{MOSCOW_WAREHOUSE},apple,10,2\n{NOVOSIBIRSK_WAREHOUSE},apple,0,\n"
        f"{MOSCOW_WAREHOUSE},bread,,3\n"
    )
    load = ("stock", "load", file, "--business", ours.business_id, "--json")
    said = entrepot(*load)
    assert (said.code, said.err) == (0, "")
    assert said.json == {"rows": 3, "pilesChanged": 3}
    assert piles(url, ours) == {
        (MOSCOW_WAREHOUSE, "apple"): (10, 2),
        (NOVOSIBIRSK_WAREHOUSE, "apple"): (0, 0),
        (MOSCOW_WAREHOUSE, "bread"): (0, 3),
    }
    assert entrepot(*load).json == {"rows": 3, "pilesChanged": 0}
    assert entrepot("audit").code == 0


def test_stock_of_what_does_not_exist_is_refused(
    entrepot: Entrepot, ours: Shop, file: Path, url: str
) -> None:
    file.write_text(
        f"{STOCK}{MOSCOW_WAREHOUSE},apple,1,\n404,apple,1,\n{MOSCOW_WAREHOUSE},pie,1,\n"
    )
    said = entrepot("stock", "load", file, "--business", ours.business_id)
    assert said.code == 1
    assert said.err.splitlines() == [
        f"Error: {file}:3: there is no warehouse 404",
        f"Error: {file}:4: there is no offer pie of business {ours.business_id}",
        "Nothing was changed.",
    ]
    assert piles(url, ours) == {}
    said = entrepot("stock", "load", file, "--business", 404)
    assert said.err.startswith("Error: There is no business 404;")


def test_a_load_below_what_is_held_names_the_orders_and_changes_nothing(
    entrepot: Entrepot, ours: Shop, file: Path, url: str
) -> None:
    async def order(made: Process) -> tuple[int, int]:
        await made.stock(ours, apple=10, bread=10)
        first = await made.place_one(command(ours, {"apple": 2}, external="A-1"))
        second = await made.place_one(command(ours, {"apple": 3}, external="A-2", draft=True))
        return order_id_of(first), order_id_of(second)

    first, second = acting(url, order)
    file.write_text(f"{STOCK}{MOSCOW_WAREHOUSE},bread,7,\n{MOSCOW_WAREHOUSE},apple,4,\n")
    load = ("stock", "load", file, "--business", ours.business_id)
    said = entrepot(*load)
    assert said.code == 1
    assert said.err.splitlines() == [
        (
            f"Error: {file}:3: Offer apple in warehouse {MOSCOW_WAREHOUSE}: 4 would be fewer than"
            f" the 5 held: order {first} (A-1) holds 2, order {second} (A-2) holds 3."
        ),
        "Nothing was changed.",
    ]
    assert piles(url, ours)[MOSCOW_WAREHOUSE, "bread"] == (10, 0)
    # Its hour over, a draft holds nothing, whether or not anybody has released it.
    acting(url, lambda made: made.advance(HOUR))
    assert entrepot(*load).code == 0
    assert piles(url, ours)[MOSCOW_WAREHOUSE, "apple"] == (4, 0)
    assert entrepot("audit").code == 0


def test_one_pile_is_adjusted(entrepot: Entrepot, ours: Shop, url: str) -> None:
    acting(url, lambda made: made.stock(ours, apple=10))
    place = ("--business", ours.business_id, "--warehouse", MOSCOW_WAREHOUSE, "--offer", "apple")
    said = entrepot("stock", "adjust", *place, "--by", "-3", "--reason", "broken", "--json")
    assert said.json == [
        {
            "warehouseId": MOSCOW_WAREHOUSE,
            "offerId": "apple",
            "pile": "FIT",
            "change": -3,
            "pieces": 7,
        }
    ]
    assert entrepot("stock", "adjust", *place, "--to", "3", "--pile", "DEFECT").code == 0
    assert piles(url, ours) == {(MOSCOW_WAREHOUSE, "apple"): (7, 3)}
    said = entrepot("stock", "adjust", *place, "--to", "7")
    assert (said.code, said.out) == (0, "It was so already; nothing was changed.\n")
    assert entrepot("audit").code == 0


def test_an_adjustment_below_what_is_held_names_the_orders(
    entrepot: Entrepot, ours: Shop, url: str
) -> None:
    async def order(made: Process) -> int:
        await made.stock(ours, apple=10)
        return order_id_of(await made.place_one(command(ours, {"apple": 4}, external="A-1")))

    order_id = acting(url, order)
    place = ("--business", ours.business_id, "--warehouse", MOSCOW_WAREHOUSE, "--offer", "apple")
    words = (
        f"Offer apple in warehouse {MOSCOW_WAREHOUSE}: 3 would be fewer than the 4 held:"
        f" order {order_id} (A-1) holds 4."
    )
    said = entrepot("stock", "adjust", *place, "--by", "-7")
    assert (said.code, said.err) == (1, f"Error: {words}\n")
    said = entrepot("stock", "adjust", *place, "--to", "3", "--json")
    assert (said.code, said.json) == (1, {"refused": [words]})
    said = entrepot("stock", "adjust", *place, "--by", "-11")
    assert said.err == f"Error: Offer apple in warehouse {MOSCOW_WAREHOUSE}: only 10 lie on FIT.\n"
    assert piles(url, ours)[MOSCOW_WAREHOUSE, "apple"] == (10, 0)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--warehouse", MOSCOW_WAREHOUSE, "--offer", "apple"), 2),
        (("--warehouse", MOSCOW_WAREHOUSE, "--offer", "apple", "--by", 1, "--to", 1), 2),
        (("--warehouse", MOSCOW_WAREHOUSE, "--offer", "apple", "--to", -1), 2),
        (("--warehouse", MOSCOW_WAREHOUSE, "--offer", "apple", "--by", 1, "--reason", " "), 2),
        (("--warehouse", MOSCOW_WAREHOUSE, "--offer", "apple", "--by", 1, "--pile", "HEAP"), 2),
        (("--warehouse", MOSCOW_WAREHOUSE, "--offer", "apple", "--by", 10**9 + 1), 2),
        (("--warehouse", MOSCOW_WAREHOUSE, "--offer", "apple", "--by", 10**30), 2),
        (("--warehouse", 2**63, "--offer", "apple", "--by", 1), 2),
        (("--warehouse", 0, "--offer", "apple", "--by", 1), 2),
        (("--warehouse", 404, "--offer", "apple", "--by", 1), 1),
        (("--warehouse", MOSCOW_WAREHOUSE, "--offer", "pie", "--by", 1), 1),
    ],
)
def test_a_wrong_adjustment_changes_nothing(
    entrepot: Entrepot, ours: Shop, url: str, arguments: tuple[object, ...], code: int
) -> None:
    said = entrepot("stock", "adjust", "--business", ours.business_id, *arguments)
    assert said.code == code
    assert piles(url, ours) == {}
