"""getWorkQueue: what must leave a warehouse, and in what order."""

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta

from entrepot import limits
from entrepot.contract.dates import iso_moment
from entrepot.contract.errors import Refusal
from entrepot.db.connection import Connection
from entrepot.db.work_queue import (
    QueuedOrder,
    QueuePosition,
    StepCount,
    count_queue,
    read_queue,
)
from entrepot.domain.delivery.shipping import leaves_at
from entrepot.domain.network import Network, Warehouse
from entrepot.domain.operators import Role
from entrepot.domain.picking import WorkStep
from entrepot.operations.operator.calls import OperatorCall
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Answer, IsoMoment, Paging, PositiveId, Query


class GetWorkQueueQuery(Query):
    """Paging and filters."""

    pageToken: str | None = None
    limit: Annotated[int, Meta(ge=1, le=limits.QUEUE_ORDERS_PER_PAGE_MAX)] = 50
    step: WorkStep | None = None
    businessId: PositiveId | None = None


class CutOff(Answer):
    """A cut-off and the orders that must be handed over by it, by where they stand."""

    shipmentDay: date
    leavesAt: IsoMoment
    overdue: bool
    orders: int
    waiting: int
    picking: int
    picked: int
    aside: int
    packed: int
    handedOver: int


class QueuedOrderView(Answer):
    """An order that must leave; `cancelling` says that the shop is about to cancel it."""

    businessId: int
    orderId: int
    externalOrderId: str
    shipmentDay: date
    leavesAt: IsoMoment
    overdue: bool
    step: WorkStep
    pickListId: int | None = None
    tote: int | None = None
    cancelling: bool | None = None


class GetWorkQueueResponse(Answer):
    """Every cut-off with its counts (first page), and a page of orders, the most urgent first."""

    warehouseId: int
    cutOffs: tuple[CutOff, ...]
    orders: tuple[QueuedOrderView, ...]
    paging: Paging | None = None


@operation(
    "getWorkQueue",
    Method.GET,
    "/operator/v1/warehouses/{warehouseId}/queue",
    api=OPERATOR,
    roles=(Role.ADMIN, Role.WAREHOUSE, Role.SUPPORT),
    section="picking",
)
async def get_work_queue(
    call: OperatorCall, warehouse: Warehouse, query: GetWorkQueueQuery
) -> GetWorkQueueResponse | Refusal:
    """Tell what must leave a warehouse, and in what order.

    Orders stand by the cut-off by which they must be handed over, then as they were ordered; what
    should have left already comes first. Counts come with the first page only; they are of all
    businesses and steps, also when the page is narrowed.
    """
    question = ("getWorkQueue", warehouse.id, query.step, query.businessId)
    tokens = call.platform.page_tokens
    after: QueuePosition | None = None
    if query.pageToken is not None:
        read = tokens.read(query.pageToken, QueuePosition, *question)
        if isinstance(read, Refusal):
            return read
        after = read

    async def work(
        connection: Connection,
    ) -> tuple[Network, datetime, tuple[StepCount, ...], list[QueuedOrder]]:
        return (
            await call.platform.network.latest(connection),
            await call.platform.clock.now(connection),
            () if after is not None else await count_queue(connection, warehouse.id),
            await read_queue(
                connection,
                warehouse.id,
                after,
                query.limit + 1,
                steps=None if query.step is None else (query.step,),
                business_id=query.businessId,
            ),
        )

    network, now, counts, found = await call.platform.database.read(work)
    shown = found[: query.limit]
    more = len(found) > query.limit
    token = tokens.make(shown[-1].position, *question) if more else None

    def leaves(day: date) -> datetime:
        return leaves_at(network, network.warehouses.get(warehouse.id, warehouse), day)

    return GetWorkQueueResponse(
        warehouseId=warehouse.id,
        cutOffs=tuple(
            _cut_off(day, leaves(day), now, counts)
            for day in dict.fromkeys(one.shipment_day for one in counts)
        ),
        orders=tuple(_show(one, leaves(one.shipment_day), now) for one in shown),
        paging=Paging(nextPageToken=token),
    )


def _cut_off(day: date, leaves: datetime, now: datetime, counts: tuple[StepCount, ...]) -> CutOff:
    of_day = {one.step: one.orders for one in counts if one.shipment_day == day}
    return CutOff(
        shipmentDay=day,
        leavesAt=iso_moment(leaves),
        overdue=leaves <= now,
        orders=sum(of_day.values()),
        waiting=of_day.get(WorkStep.WAITING, 0),
        picking=of_day.get(WorkStep.PICKING, 0),
        picked=of_day.get(WorkStep.PICKED, 0),
        aside=of_day.get(WorkStep.ASIDE, 0),
        packed=of_day.get(WorkStep.PACKED, 0),
        handedOver=of_day.get(WorkStep.HANDED_OVER, 0),
    )


def _show(queued: QueuedOrder, leaves: datetime, now: datetime) -> QueuedOrderView:
    return QueuedOrderView(
        businessId=queued.business_id,
        orderId=queued.order_id,
        externalOrderId=queued.external_order_id,
        shipmentDay=queued.shipment_day,
        leavesAt=iso_moment(leaves),
        overdue=leaves <= now,
        step=queued.step,
        pickListId=queued.pick_list_id,
        tote=queued.tote,
        cancelling=queued.cancelling or None,
    )
