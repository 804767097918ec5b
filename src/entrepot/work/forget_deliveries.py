"""What nobody waits for any more: queues of subscriptions that are off, and the old log."""

from entrepot.db import delivery_log
from entrepot.db.clock import Clock
from entrepot.db.transaction import Database
from entrepot.work.duty import Duty


async def drop_deliveries(database: Database, _clock: Clock) -> int:
    """Drop some of what waits for a subscription that is not on; gives how many."""
    return await database.transaction(delivery_log.drop_some)


async def forget_attempts(database: Database, _clock: Clock) -> int:
    """Remove some of the log past its days; gives how many lines."""
    return await database.transaction(delivery_log.forget_some)


DROP_DELIVERIES = Duty("drop notifications", drop_deliveries, delivery_log.next_dropped)
FORGET_ATTEMPTS = Duty("forget attempts", forget_attempts, delivery_log.next_forgotten)
