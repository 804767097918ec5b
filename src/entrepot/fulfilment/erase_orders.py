"""Erasing the personal data of orders: the one place where that happens."""

from collections.abc import Collection

import msgspec

from entrepot import limits
from entrepot.contract.enums import OrderStatus
from entrepot.db import locks
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.personal_data import erase_recipients, read_statuses
from entrepot.db.transaction import Database
from entrepot.domain.holds import ENDED


class Erased(msgspec.Struct, frozen=True):
    """Orders that say nothing about their recipients any more.

    `already` were erased before: asking twice does no harm.
    """

    orders: tuple[int, ...]
    already: tuple[int, ...]


class NotErased(msgspec.Struct, frozen=True):
    """Why nothing was erased: orders that are not there, and those still under way."""

    unknown: tuple[int, ...]
    under_way: dict[int, OrderStatus]


async def erase_orders(
    database: Database, clock: Clock, business_id: int, order_ids: Collection[int]
) -> Erased | NotErased:
    """Erase what these orders say about their recipients, all of them or none.

    The order itself, its items, its history and the journal of stock stay as they are.

    Raises:
        DatabaseUnavailable: it could not be brought to an end in time.
    """
    wanted = frozenset(order_ids)
    assert len(wanted) <= limits.ERASED_ORDERS_PER_TRANSACTION_MAX

    async def work(connection: Connection) -> Erased | NotErased:
        await clock.hold(connection)
        await locks.lock_orders(connection, business_id, wanted)
        statuses = await read_statuses(connection, business_id, wanted)
        # An order on its way needs its recipient: the courier could not find the door.
        unknown = tuple(sorted(wanted - statuses.keys()))
        under_way = {i: status for i, status in sorted(statuses.items()) if status not in ENDED}
        if unknown or under_way:
            return NotErased(unknown, under_way)
        erased = await erase_recipients(connection, business_id, wanted)
        return Erased(tuple(erased), tuple(sorted(wanted - frozenset(erased))))

    return await database.transaction(work)
