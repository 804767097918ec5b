"""Networks that are not in force any more, or never were, are removed piece by piece."""

from entrepot.db import network_editions, network_readers
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database
from entrepot.work.duty import Duty, not_by_the_clock


async def forget_networks(database: Database, _clock: Clock) -> int:
    """Remove some rows of an edition that nobody needs; gives how many.

    Their age is told by PostgreSQL's own time: see `network_editions`.
    """

    async def work(connection: Connection) -> int:
        version = await network_editions.find_deleting(connection)
        if version is not None:
            return await network_editions.delete_some(connection, version)
        if await network_editions.find_left_over(connection):
            await network_editions.mark_left_over(connection)
        await network_readers.forget_silent(connection)
        return 0

    return await database.transaction(work)


FORGET_NETWORKS = Duty("forget networks", forget_networks, not_by_the_clock)
