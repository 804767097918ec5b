"""The sweep: drafts past their hour are ended, so that what they hold need not be sought."""

from entrepot import limits
from entrepot.db import releases
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.releases import OrderKey
from entrepot.db.transaction import Database
from entrepot.fulfilment.release import release_orders


async def expire_drafts(database: Database, clock: Clock) -> int:
    """End the drafts that ran out first; gives how many this call ended."""

    async def find(connection: Connection) -> list[OrderKey]:
        return await releases.find_overdue(connection, limits.RELEASED_ORDERS_PER_TRANSACTION_MAX)

    return await release_orders(database, clock, await database.read(find))
