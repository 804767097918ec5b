"""After a crash: everything that was promised is there, once, and nothing else."""

import asyncio
from typing import Any

from tests.crash.load import Ledger, Name, Placed
from tests.races.books import assert_books_agree
from tests.races.world import outsider

_ORDERS = """
    SELECT business_id, external_order_id, array_agg(id ORDER BY id) AS ids,
      bool_and(fake) AS fake, array_agg(DISTINCT status || '/' || substatus) AS statuses,
      count(*) AS parcels
    FROM orders GROUP BY 1, 2
"""


_UNDER_WAY = "SELECT count(*) FROM operation WHERE status = 'IN_PROGRESS'"


async def until_operations_end(url: str) -> None:
    """Wait until nothing that was asked for is under way any more."""
    async with outsider(url) as connection:
        while await connection.fetchval(_UNDER_WAY):  # noqa: ASYNC110 - the workers' doing
            await asyncio.sleep(0.05)


async def assert_promises_kept(url: str, ledger: Ledger) -> None:
    """Compare the database with what buyers were told, and audit it."""
    async with outsider(url) as connection:
        rows = await connection.fetch(_ORDERS)
    found: dict[Name, Any] = {(row["business_id"], row["external_order_id"]): row for row in rows}
    assert not ledger.placed.keys() - found.keys(), "answered, and gone"
    assert not ledger.refused & found.keys(), "refused, and there"
    assert not found.keys() - ledger.placed.keys(), "there, and nobody knows of it"
    for name, placed in ledger.placed.items():
        _assert_as_told(name, placed, found[name])
    await assert_books_agree(url)


def _assert_as_told(name: Name, placed: Placed, row: Any) -> None:
    assert row["parcels"] == placed.parcels, f"{name} is there more than once, or in part"
    assert row["fake"] == placed.fake
    if placed.order_ids is not None:
        assert tuple(row["ids"]) == tuple(sorted(placed.order_ids)), f"{name} has other ids"
    if placed.cancelled:
        assert row["statuses"] == ["CANCELLED/SHOP_FAILED"], f"{name} is {row['statuses']}"
    elif placed.confirmed or not placed.draft:
        assert row["statuses"] == ["PROCESSING/STARTED"], f"{name} is {row['statuses']}"
