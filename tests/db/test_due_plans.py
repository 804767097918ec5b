"""What duties ask every second is read from an index in its order, however much lies there."""

import re

import asyncpg
import pytest

from entrepot.db import order_operations, releases

_POLLED = {
    "drafts that have run out": (releases._FIND_OVERDUE, [256]),
    "the next draft": (releases._NEXT_OVERDUE, []),
    "parcels stored too long": (releases._FIND_STORED, [256]),
    "the next such parcel": (releases._NEXT_STORAGE_END, []),
    "the next operation": (order_operations._NEXT_DUE, []),
    "the oldest operation": (order_operations._OLDEST, []),
}


@pytest.mark.parametrize("polled", _POLLED)
async def test_it_is_read_in_the_order_of_an_index(database_url: str, polled: str) -> None:
    statement, values = _POLLED[polled]
    # A small table would be read whole and sorted; a large one must not need to be.
    settings = {"enable_seqscan": "off", "enable_bitmapscan": "off"}
    connection = await asyncpg.connect(database_url, server_settings=settings)
    try:
        rows = await connection.fetch(f"EXPLAIN {statement}", *values)
    finally:
        await connection.close()
    plan = "\n".join(row[0] for row in rows)
    assert not re.search(r"Sort|Seq Scan on (orders|operation)\b", plan), plan
    assert re.search(r"Index (Only )?Scan using", plan), plan
