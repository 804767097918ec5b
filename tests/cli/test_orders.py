"""`entrepot orders erase`."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from entrepot.db.connection import Connection
from entrepot.fulfilment.release import release_overdue
from tests.cli.conftest import Entrepot
from tests.races.books import assert_books_agree
from tests.races.world import HOUR, Process, Shop, command, order_id_of, process

PERSONAL = (
    "first_name", "last_name", "middle_name", "phone", "full_address", "entrance", "floor",
    "apartment", "notes",
)  # fmt: skip


def acting(url: str, work: Callable[[Process], Awaitable[Any]]) -> Any:
    async def act() -> Any:
        async with process(url) as made:
            return await work(made)

    return asyncio.run(act())


def row(url: str, order_id: int) -> dict[str, Any]:
    async def read() -> dict[str, Any]:
        connection = await asyncpg.connect(url)
        try:
            found = await connection.fetchrow("SELECT * FROM orders WHERE id = $1", order_id)
            assert found is not None
            return dict(found)
        finally:
            await connection.close()

    return asyncio.run(read())


def draft(url: str, shop: Shop) -> int:
    """A draft with everything told that can be told of a recipient."""

    async def tell(connection: Connection) -> None:
        await connection.execute(
            """
            UPDATE orders SET middle_name = 'Ивановна', full_address = 'Москва, Арбат, 1',
              entrance = '3', floor = 4, apartment = '56', notes = 'the bell is broken'
            WHERE erased_at IS NULL
            """
        )

    async def work(made: Process) -> int:
        await made.stock(shop, apple=10)
        placed = await made.place_one(command(shop, {"apple": 2}, draft=True))
        await made.database.transaction(tell)
        return order_id_of(placed)

    found: int = acting(url, work)
    return found


def end(url: str, shop: Shop, order_id: int) -> None:
    async def work(made: Process) -> None:
        await made.advance(HOUR)
        await release_overdue(made.database, made.clock, shop.business_id, [order_id])

    acting(url, work)


def test_of_an_ended_order_the_recipient_is_erased_and_nothing_else(
    entrepot: Entrepot, ours: Shop, url: str
) -> None:
    order_id = draft(url, ours)
    end(url, ours, order_id)
    before = row(url, order_id)
    assert all(before[name] for name in PERSONAL)
    erase = ("orders", "erase", order_id, "--business", ours.business_id)
    said = entrepot(*erase, "--json")
    assert (said.code, said.json) == (0, {"erased": [order_id], "erasedBefore": []})
    after = row(url, order_id)
    assert {name: after[name] for name in PERSONAL} == dict.fromkeys(PERSONAL)
    assert after["erased_at"] is not None
    kept = before.keys() - {*PERSONAL, "erased_at"}
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert entrepot(*erase, "--json").json == {"erased": [], "erasedBefore": [order_id]}
    assert row(url, order_id) == after
    asyncio.run(assert_books_agree(url))


def test_an_order_under_way_keeps_its_recipient(entrepot: Entrepot, ours: Shop, url: str) -> None:
    ended, live = draft(url, ours), 0
    end(url, ours, ended)
    live = draft(url, ours)
    said = entrepot("orders", "erase", ended, live, "--business", ours.business_id)
    assert said.code != 0
    assert f"Still under way: {live} (RESERVED)" in said.err
    assert "Nothing was erased." in said.err
    assert row(url, ended)["phone"]


def test_an_order_of_another_business_is_not_there(
    entrepot: Entrepot, ours: Shop, theirs: Shop, url: str
) -> None:
    order_id = draft(url, ours)
    end(url, ours, order_id)
    said = entrepot("orders", "erase", order_id, "--business", theirs.business_id)
    assert said.code != 0
    assert f"The business has no order {order_id}." in said.err
    assert row(url, order_id)["phone"]
