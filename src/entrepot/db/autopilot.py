"""Finding the orders that an autopilot carries on: those that nobody else has in hand."""

from datetime import datetime, timedelta
from typing import NamedTuple

from entrepot.contract.enums import OrderDelivery, OrderStatus, OrderSubstatus
from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection
from entrepot.domain.delivery.slot import PlaceKind
from entrepot.domain.order_moves import Stage

# What warehouse people have begun is theirs until the carrier has it; what lacks pieces waits
# for them; what is being cancelled goes nowhere. Each status has its own partial index.
_IN_HAND = """
      EXISTS (
        SELECT FROM order_work w WHERE w.business_id = o.business_id AND w.order_id = o.id
      ) OR EXISTS (
        SELECT FROM order_item i
        WHERE i.business_id = o.business_id AND i.order_id = o.id AND i.hold = 'RELEASED'
      )
"""
_CARRIED = f"""
    SELECT o.business_id, o.id, o.status, o.substatus, o.place_kind, o.updated_at
    FROM orders o
    WHERE o.status = 'PROCESSING' AND NOT o.fake AND o.cancellation IS NULL AND NOT ({_IN_HAND})
    UNION ALL
    SELECT o.business_id, o.id, o.status, o.substatus, o.place_kind, o.updated_at
    FROM orders o
    WHERE o.status = 'DELIVERY' AND NOT o.fake AND o.cancellation IS NULL
    UNION ALL
    SELECT o.business_id, o.id, o.status, o.substatus, o.place_kind, o.updated_at
    FROM orders o
    WHERE o.status = 'PICKUP' AND NOT o.fake AND o.cancellation IS NULL
"""
_FIND = f"""
    SELECT c.business_id, c.id, c.status, c.substatus, c.place_kind FROM ({_CARRIED}) c
    WHERE c.updated_at <= {NOW_SQL} - $1::interval
    ORDER BY c.updated_at, c.business_id, c.id
    LIMIT $2
"""
_NEXT = f"SELECT min(c.updated_at) + $1::interval FROM ({_CARRIED}) c"


class Carried(NamedTuple):
    """An order that is to make its next move."""

    business_id: int
    order_id: int
    stage: Stage
    delivery: OrderDelivery


async def find_carried(connection: Connection, pace: timedelta, orders_max: int) -> list[Carried]:
    """Find orders that have been where they are for so long, the longest first."""
    return [
        Carried(
            row["business_id"],
            row["id"],
            Stage(OrderStatus(row["status"]), OrderSubstatus(row["substatus"])),
            OrderDelivery.PICKUP
            if PlaceKind(row["place_kind"]) is PlaceKind.POINT
            else OrderDelivery.DELIVERY,
        )
        for row in await connection.fetch(_FIND, pace, orders_max)
    ]


async def next_carried(connection: Connection, pace: timedelta) -> datetime | None:
    """Tell when the next order is to move; None when there is none."""
    moment: datetime | None = await connection.fetchval(_NEXT, pace)
    return moment
