"""Operations whose time has come are ended; see `fulfilment.finish_operations`."""

from entrepot.db import order_operations
from entrepot.db.clock import Clock
from entrepot.db.network_cache import NetworkCache
from entrepot.db.transaction import Database
from entrepot.fulfilment.finish_operations import Finisher, finish_operations
from entrepot.work.duty import Duty


def finish_operations_duty(network: NetworkCache, days_ahead: int) -> Duty:
    """Make the duty, which moves orders to intervals of this network that far ahead."""

    async def finish(database: Database, clock: Clock) -> int:
        return await finish_operations(Finisher(database, clock, network, days_ahead))

    return Duty("finish operations", finish, order_operations.next_due)
