"""resumeOrder: an order that was put aside goes on."""

from entrepot.contract.errors import Refusal
from entrepot.fulfilment import shortages
from entrepot.operations.operator.calls import IN_WAREHOUSE, OperatorCall
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Answer


class ResumeOrderResponse(Answer):
    """The order goes on, on the pick list that it was on."""

    orderId: int


@operation(
    "resumeOrder",
    Method.POST,
    "/operator/v1/businesses/{businessId}/orders/{orderId}/resume",
    api=OPERATOR,
    roles=IN_WAREHOUSE,
    section="picking",
)
async def resume_order(
    call: OperatorCall, business_id: int, order_id: int
) -> ResumeOrderResponse | Refusal:
    """Let an order go on that was put aside; refused as SHORTAGE while pieces are missing."""
    platform = call.platform
    refusal = await shortages.resume(
        platform.database, platform.clock, business_id, order_id, call.actor
    )
    return refusal or ResumeOrderResponse(orderId=order_id)
