"""cancelAtDesk: the operator cancels an order."""

from entrepot.contract.enums import OrderStatus, OrderSubstatus
from entrepot.contract.errors import Refusal
from entrepot.domain.order_changes import Move
from entrepot.domain.order_moves import cancelled
from entrepot.fulfilment.change_orders import move_orders
from entrepot.operations.operator.calls import IN_WAREHOUSE, OperatorCall
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Answer, Request


class CancelAtDeskRequest(Request):
    """Why: the substatus of the cancelled order."""

    reason: OrderSubstatus


class CancelAtDeskResponse(Answer):
    """The order is cancelled. `returnId` is that of goods that come back, if they had left."""

    orderId: int
    status: OrderStatus
    substatus: OrderSubstatus
    returnId: int | None = None


@operation(
    "cancelAtDesk",
    Method.POST,
    "/operator/v1/businesses/{businessId}/orders/{orderId}/cancellation",
    api=OPERATOR,
    roles=IN_WAREHOUSE,
    section="orders",
)
async def cancel_at_desk(
    call: OperatorCall, business_id: int, order_id: int, body: CancelAtDeskRequest
) -> CancelAtDeskResponse | Refusal:
    """Cancel an order for a reason, at once.

    The warehouse cancels what it has not handed over: MISSING_ITEM, BROKEN_ITEM or
    WAREHOUSE_FAILED_TO_SHIP; an administrator also for what buyers and shops ask at the desk. What
    the order holds is given back; what of it lies in totes or parcels must go back to its shelves:
    see getPutBacks.
    """
    move = Move(
        business_id=business_id,
        order_id=order_id,
        actor=call.actor,
        target=cancelled(body.reason),
    )
    (outcome,) = await move_orders(call.platform.database, call.platform.clock, [move])
    if isinstance(outcome, Refusal):
        return outcome
    return CancelAtDeskResponse(
        orderId=order_id,
        status=outcome.stage.status,
        substatus=outcome.stage.substatus,
        returnId=outcome.return_id,
    )
