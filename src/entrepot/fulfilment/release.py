"""Ending drafts that have run out.

The sweep, corrections and batches all come here. A draft that somebody wants to move after its
hour is ended by that very attempt (`change_orders`); there is no other way for a draft to expire.
"""

from collections.abc import Collection, Sequence
from itertools import groupby

from entrepot import limits
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.releases import OrderKey
from entrepot.db.transaction import Database, Work
from entrepot.domain.order_changes import Move
from entrepot.domain.order_events import TIMER
from entrepot.domain.order_moves import EXPIRED
from entrepot.fulfilment.change_orders import Moved, move_within


async def release_overdue(
    database: Database, clock: Clock, business_id: int, order_ids: Collection[int]
) -> int:
    """End those of these orders that are drafts past their hour; gives how many.

    Transactions of their own, in lock order, of bounded size. Safe to call with any order at
    any time, from several processes at once.
    """
    ordered = sorted(set(order_ids))
    size = limits.RELEASED_ORDERS_PER_TRANSACTION_MAX
    released = 0
    for start in range(0, len(ordered), size):
        work = _release_of(clock, business_id, ordered[start : start + size])
        released += await database.transaction(work)
    return released


async def release_orders(database: Database, clock: Clock, keys: Sequence[OrderKey]) -> int:
    """End overdue drafts of several businesses, one business after the other."""
    released = 0
    for business_id, of_business in groupby(sorted(keys), key=lambda key: key.business_id):
        order_ids = [key.order_id for key in of_business]
        released += await release_overdue(database, clock, business_id, order_ids)
    return released


async def release_orders_once(database: Database, clock: Clock, keys: Sequence[OrderKey]) -> None:
    """Try once to end overdue drafts, a transaction for each business; errors are the caller's."""
    for business_id, of_business in groupby(sorted(keys), key=lambda key: key.business_id):
        order_ids = sorted({key.order_id for key in of_business})
        await database.transaction_once(_release_of(clock, business_id, order_ids))


def _release_of(clock: Clock, business_id: int, order_ids: Sequence[int]) -> Work[int]:
    moves = [
        Move(business_id=business_id, order_id=order_id, target=EXPIRED, actor=TIMER)
        for order_id in order_ids
    ]

    async def work(connection: Connection) -> int:
        outcomes = await move_within(connection, clock, moves)
        return sum(isinstance(outcome, Moved) and outcome.changed for outcome in outcomes)

    return work
