"""getOrderHistory: what happened to an order, who did it and when."""

from datetime import date

from entrepot.contract.dates import iso_moment
from entrepot.contract.enums import OrderStatus, OrderSubstatus
from entrepot.contract.errors import ORDER_NOT_FOUND, Refusal
from entrepot.db.connection import Connection
from entrepot.db.order_history import read_history
from entrepot.domain.operators import Role
from entrepot.domain.order_events import Event, EventDetail, EventKind, Source
from entrepot.domain.order_moves import ActorKind
from entrepot.operations.operator.calls import OperatorCall
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Answer, IsoMoment, ShopSku


class RefusedPieces(Answer):
    """Pieces that the buyer did not take."""

    offerId: ShopSku
    count: int


class OrderEventView(Answer):
    """A line of an order's history: the order stood there after it."""

    seq: int
    kind: EventKind
    status: OrderStatus
    substatus: OrderSubstatus
    actor: ActorKind
    source: Source
    happenedAt: IsoMoment
    name: str | None = None
    reason: str | None = None
    operationIds: tuple[str, ...] | None = None
    returnId: int | None = None
    day: date | None = None
    refused: tuple[RefusedPieces, ...] | None = None


class GetOrderHistoryResponse(Answer):
    """The history from the beginning."""

    orderId: int
    events: tuple[OrderEventView, ...]


@operation(
    "getOrderHistory",
    Method.GET,
    "/operator/v1/businesses/{businessId}/orders/{orderId}/history",
    api=OPERATOR,
    roles=(Role.ADMIN, Role.SUPPORT, Role.WAREHOUSE),
    section="orders",
)
async def get_order_history(
    call: OperatorCall, business_id: int, order_id: int
) -> GetOrderHistoryResponse | Refusal:
    """Tell everything that happened to an order: what, who, when, and from where.

    There is no personal data in it.
    """

    async def read(connection: Connection) -> tuple[Event, ...]:
        return await read_history(connection, business_id, order_id)

    events = await call.platform.database.read(read)
    if not events:
        return ORDER_NOT_FOUND(order_id=order_id)
    return GetOrderHistoryResponse(orderId=order_id, events=tuple(map(_show, events)))


def _show(event: Event) -> OrderEventView:
    detail = event.detail or EventDetail()
    refused = tuple(RefusedPieces(offerId=one.offer_id, count=one.count) for one in detail.refused)
    return OrderEventView(
        seq=event.seq,
        kind=event.kind,
        status=event.stage.status,
        substatus=event.stage.substatus,
        actor=event.actor.kind,
        name=event.actor.name,
        source=event.actor.source,
        happenedAt=iso_moment(event.happened_at),
        reason=detail.reason,
        operationIds=detail.operations or None,
        returnId=detail.return_id,
        day=detail.day,
        refused=refused or None,
    )
