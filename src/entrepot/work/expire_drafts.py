"""The sweep: drafts past their hour are ended, so that what they hold need not be sought.

A draft that somebody has locked is left for the next time: it must not keep the others.
"""

from entrepot import limits
from entrepot.db import locks, releases
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.releases import OrderKey
from entrepot.db.transaction import Database
from entrepot.fulfilment.release import release_orders
from entrepot.work.duty import Duty


async def expire_drafts(database: Database, clock: Clock) -> int:
    """End the drafts that ran out first; gives how many this call ended."""

    async def find(connection: Connection) -> list[OrderKey]:
        overdue = await releases.find_overdue(
            connection, limits.RELEASED_ORDERS_PER_TRANSACTION_MAX
        )
        busy = await locks.busy_orders(connection, overdue)
        return [key for key in overdue if key not in busy]

    return await release_orders(database, clock, await database.read(find))


EXPIRE_DRAFTS = Duty("expire drafts", expire_drafts, releases.next_overdue)
