"""Parcels that nobody fetched go back when their point has kept them long enough.

A parcel that somebody has in hand is left for the next time: it must not keep the others.
"""

from entrepot import limits
from entrepot.db import locks, releases
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.releases import OrderKey
from entrepot.db.transaction import Database
from entrepot.domain.order_changes import Move
from entrepot.domain.order_events import TIMER
from entrepot.domain.order_moves import NOT_FETCHED
from entrepot.fulfilment.change_orders import Moved, move_orders
from entrepot.work.duty import Duty


async def expire_storage(database: Database, clock: Clock) -> int:
    """End the orders whose parcels were kept longest; gives how many this call ended."""

    async def find(connection: Connection) -> list[OrderKey]:
        overdue = await releases.find_stored_too_long(
            connection, limits.MOVED_ORDERS_PER_TRANSACTION_MAX
        )
        busy = await locks.busy_orders(connection, overdue)
        return [key for key in overdue if key not in busy]

    moves = [
        Move(business_id=business_id, order_id=order_id, target=NOT_FETCHED, actor=TIMER)
        for business_id, order_id in await database.read(find)
    ]
    outcomes = await move_orders(database, clock, moves)
    return sum(isinstance(outcome, Moved) and outcome.changed for outcome in outcomes)


EXPIRE_STORAGE = Duty("expire storage", expire_storage, releases.next_storage_end)
