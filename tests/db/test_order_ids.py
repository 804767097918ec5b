"""Order ids: each is handed out once, whoever takes how many."""

import asyncio

from entrepot.db.order_ids import BLOCK_SIZE, OrderIds
from entrepot.db.transaction import Database


async def test_what_is_at_hand_is_handed_out_without_asking(database: Database) -> None:
    ids = OrderIds(database)
    assert ids.at_hand(1) is None
    (first,) = await ids.take(1)
    assert ids.at_hand(2) == (first + 1, first + 2)
    assert await ids.take(1) == (first + 3,)
    assert ids.at_hand(BLOCK_SIZE) is None
    ids.drop()
    assert ids.at_hand(1) is None


async def test_more_than_a_block_has_comes_from_several(database: Database) -> None:
    ids = OrderIds(database)
    taken = await asyncio.gather(*(ids.take(BLOCK_SIZE // 3 * 2) for _ in range(4)))
    at_hand = ids.at_hand(1) or ()
    assert len(at_hand) == 1
    all_ids = {one for some in (*taken, at_hand) for one in some}
    assert len(all_ids) == 4 * (BLOCK_SIZE // 3 * 2) + 1
