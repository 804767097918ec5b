"""Operations are forgotten a month after they ended."""

from datetime import datetime, timedelta

from entrepot import limits
from entrepot.db import order_operations
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database
from entrepot.work.duty import Duty

_LIFE = timedelta(days=limits.OPERATION_LIFE_DAYS)


async def forget_operations(database: Database, clock: Clock) -> int:
    """Remove some operations past their month; gives how many."""

    async def work(connection: Connection) -> int:
        now = await clock.now(connection)
        return await order_operations.forget(
            connection, now - _LIFE, limits.FORGOTTEN_OPERATIONS_PER_TRANSACTION_MAX
        )

    return await database.transaction(work)


async def next_forgotten(connection: Connection) -> datetime | None:
    """Tell when operations are next to be forgotten, an hour's together.

    Nobody waits for that, and a moved clock need not stop for each of them.
    """
    oldest = await order_operations.oldest_finished(connection)
    if oldest is None:
        return None
    return (oldest + _LIFE).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


FORGET_OPERATIONS = Duty("forget operations", forget_operations, next_forgotten)
