"""Putting back: the goods of a cancelled order leave totes, parcels and the gate."""

from entrepot.db import handovers, locks
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.put_backs import set_put_back
from entrepot.db.transaction import Database


async def put_back(database: Database, clock: Clock, business_id: int, order_id: int) -> bool:
    """Say that the goods of an order are back; False when it is not cancelled, or never begun.

    A parcel of it that stands on an open act is taken off: there is no such parcel any more.

    Raises:
        DatabaseUnavailable: the database cannot be asked.
    """

    async def work(connection: Connection) -> bool:
        await clock.hold(connection)
        await locks.lock_orders(connection, business_id, [order_id])
        acts = await handovers.read_acts_of_order(connection, business_id, order_id)
        for act in acts:
            await locks.lock_handover(connection, business_id, act)
        now = await clock.now(connection)
        if not await set_put_back(connection, business_id, order_id, now):
            return False
        for act in acts:
            await handovers.take_order_off(connection, business_id, order_id, act)
        return True

    return await database.transaction(work)
