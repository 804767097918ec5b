"""The sandbox's autopilot: orders go through the warehouse and to the door by themselves.

Every order that has been at its stage for the length of the pace makes the next move on the
shortest way to DELIVERED: a real one, made as those would make it whose move it is.
"""

from datetime import datetime, timedelta

from entrepot import limits
from entrepot.db.autopilot import Carried, find_carried, next_carried
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database
from entrepot.domain.order_changes import Move
from entrepot.domain.order_events import Actor, Source
from entrepot.domain.order_moves import DELIVERED, find_path, walker
from entrepot.fulfilment.change_orders import Moved, move_orders
from entrepot.work.duty import Duty

_NAME = "autopilot"


def autopilot(pace_s: int) -> Duty:
    """Make the duty that carries orders on, a move each so many seconds."""
    pace = timedelta(seconds=pace_s)

    async def carry_on(database: Database, clock: Clock) -> int:
        async def find(connection: Connection) -> list[Carried]:
            return await find_carried(connection, pace, limits.MOVED_ORDERS_PER_TRANSACTION_MAX)

        moves = [_next_move(carried) for carried in await database.read(find)]
        outcomes = await move_orders(database, clock, moves)
        return sum(isinstance(one, Moved) and one.changed for one in outcomes)

    async def next_due(connection: Connection) -> datetime | None:
        return await next_carried(connection, pace)

    return Duty(_NAME, carry_on, next_due)


def _next_move(carried: Carried) -> Move:
    path = find_path(carried.stage, DELIVERED, carried.delivery)
    assert path, f"no way leads from {carried.stage} to {DELIVERED}"
    return Move(
        business_id=carried.business_id,
        order_id=carried.order_id,
        actor=Actor(walker(path[0]), _NAME, Source.SANDBOX),
        target=path[0].target,
    )
