"""What must leave a warehouse, by the day of shipment, then in the order of ordering."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from entrepot.db.connection import Connection
from entrepot.domain.picking import WorkStep

# One expression of where an order stands in the warehouse, for counting and for listing.
_STEP = """
    CASE WHEN o.substatus = 'READY_TO_SHIP' THEN 'PACKED'
         WHEN o.substatus = 'SHIPPED' THEN 'HANDED_OVER'
         WHEN w.step IN ('PICKING', 'PICKED', 'ASIDE') THEN w.step
         WHEN w.step IS NOT NULL THEN 'PICKED'
         ELSE 'WAITING' END
"""
_QUEUE = """
    FROM orders o
    LEFT JOIN order_work w ON w.business_id = o.business_id AND w.order_id = o.id
    WHERE o.warehouse_id = $1 AND o.status = 'PROCESSING' AND NOT o.fake
"""
_COUNT = f"""
    SELECT o.shipment_day, {_STEP} AS step, count(*)
    {_QUEUE}
    GROUP BY 1, 2
    ORDER BY 1
"""
_LIST = f"""
    SELECT o.business_id, o.id, o.external_order_id, o.shipment_day, o.created_at, {_STEP} AS step,
      w.pick_list_id, w.tote, o.cancellation IS NOT NULL AS cancelling
    {_QUEUE}
      AND (o.shipment_day, o.created_at, o.business_id, o.id) > ($2, $3, $4, $5)
      AND ($6::text[] IS NULL OR {_STEP} = ANY($6::text[]))
      AND ($7::bigint IS NULL OR o.business_id = $7)
    ORDER BY o.shipment_day, o.created_at, o.business_id, o.id
    LIMIT $8
"""


_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


class QueuePosition(msgspec.Struct, frozen=True):
    """Where a page of the queue ended."""

    shipment_day: date
    created_at: Annotated[datetime, Meta(tz=True)]
    business_id: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    order_id: Annotated[int, Meta(ge=0, le=2**63 - 1)]


class QueuedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that must leave."""

    business_id: int
    order_id: int
    external_order_id: str
    shipment_day: date
    created_at: datetime
    step: WorkStep
    pick_list_id: int | None
    tote: int | None
    cancelling: bool

    @property
    def position(self) -> QueuePosition:
        """Where the queue goes on after it."""
        return QueuePosition(self.shipment_day, self.created_at, self.business_id, self.order_id)


class StepCount(msgspec.Struct, frozen=True):
    """How many orders of a day stand at a step."""

    shipment_day: date
    step: WorkStep
    orders: int


async def count_queue(connection: Connection, warehouse_id: int) -> tuple[StepCount, ...]:
    """Count what must leave, by day and step."""
    rows = await connection.fetch(_COUNT, warehouse_id)
    return tuple(StepCount(row[0], WorkStep(row[1]), row[2]) for row in rows)


async def read_queue(
    connection: Connection,
    warehouse_id: int,
    after: QueuePosition | None,
    orders_max: int,
    *,
    steps: Sequence[WorkStep] | None = None,
    business_id: int | None = None,
) -> list[QueuedOrder]:
    """Read a page of what must leave, the most urgent first."""
    begin: tuple[object, ...] = (date.min, _BEFORE_ALL, 0, 0)
    if after is not None:
        begin = msgspec.structs.astuple(after)
    rows = await connection.fetch(
        _LIST,
        warehouse_id,
        *begin,
        None if steps is None else list(steps),
        business_id,
        orders_max,
    )
    return [
        QueuedOrder(
            business_id=row["business_id"],
            order_id=row["id"],
            external_order_id=row["external_order_id"],
            shipment_day=row["shipment_day"],
            created_at=row["created_at"],
            step=WorkStep(row["step"]),
            pick_list_id=row["pick_list_id"],
            tote=row["tote"],
            cancelling=row["cancelling"],
        )
        for row in rows
    ]
