"""Ending drafts that have run out.

The sweep, confirmations, corrections and batches all come here: it is the only way a draft
expires.
"""

from collections.abc import Collection, Sequence
from itertools import groupby

from entrepot import limits
from entrepot.db import locks, releases
from entrepot.db.balances import together
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.releases import OrderKey
from entrepot.db.transaction import Database, Work


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
        order_ids = [key.order_id for key in of_business]
        await database.transaction_once(_release_of(clock, business_id, order_ids))


def _release_of(clock: Clock, business_id: int, order_ids: Sequence[int]) -> Work[int]:
    async def work(connection: Connection) -> int:
        return await _release(connection, clock, business_id, order_ids)

    return work


async def _release(
    connection: Connection, clock: Clock, business_id: int, order_ids: Sequence[int]
) -> int:
    await clock.hold(connection)
    locked = await locks.lock_orders(connection, business_id, order_ids)
    overdue = await releases.read_overdue(connection, business_id, locked)
    if not overdue:
        return 0
    of_each = await releases.read_holds(connection, business_id, overdue)
    holds = together(of_each.values())
    await locks.lock_balances(connection, holds.stock, holds.slots)
    await releases.release_holds(connection, business_id, overdue)
    await releases.expire(connection, business_id, overdue)
    return len(overdue)
