"""Which rows others have locked: who has to wait. Never decides a balance."""

from collections.abc import Collection
from itertools import groupby

from entrepot.db import locks, releases
from entrepot.db.balances import BalanceKeys, together
from entrepot.db.connection import Connection
from entrepot.db.releases import OrderKey


async def find_busy(
    connection: Connection, wanted: BalanceKeys, short: BalanceKeys, drafts: Collection[OrderKey]
) -> BalanceKeys:
    """Find what is wanted and cannot be had because of others' locks, waiting for nobody.

    That is what others have locked, and what is short while it is held by a draft that cannot
    be ended: one that is locked itself, or holds anything else that is.
    """
    held = await _held_by(connection, drafts)
    locked = await locks.busy_orders(connection, held)
    everything = together([wanted, *held.values()])
    busy = BalanceKeys(*await locks.busy_balances(connection, everything.stock, everything.slots))
    stuck = together(
        keys
        for draft, keys in held.items()
        if draft in locked or keys.stock & busy.stock or keys.slots & busy.slots
    )
    return BalanceKeys(
        busy.stock | (stuck.stock & short.stock), busy.slots | (stuck.slots & short.slots)
    )


async def _held_by(
    connection: Connection, drafts: Collection[OrderKey]
) -> dict[OrderKey, BalanceKeys]:
    held: dict[OrderKey, BalanceKeys] = {}
    for business_id, of_business in groupby(sorted(drafts), key=lambda key: key.business_id):
        order_ids = [key.order_id for key in of_business]
        found = await releases.read_holds(connection, business_id, order_ids)
        held.update((OrderKey(business_id, order_id), each) for order_id, each in found.items())
    return held
