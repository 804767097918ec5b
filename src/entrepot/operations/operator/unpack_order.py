"""unpackOrder: an order comes out of its parcels again."""

from entrepot.contract.errors import Refusal
from entrepot.fulfilment import pack_orders
from entrepot.operations.operator.calls import IN_WAREHOUSE, OperatorCall
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Answer


class UnpackOrderResponse(Answer):
    """The order can be packed anew."""

    orderId: int


@operation(
    "unpackOrder",
    Method.POST,
    "/operator/v1/businesses/{businessId}/orders/{orderId}/unpack",
    api=OPERATOR,
    roles=IN_WAREHOUSE,
    section="packing",
)
async def unpack_order(
    call: OperatorCall, business_id: int, order_id: int
) -> UnpackOrderResponse | Refusal:
    """Take an order out of its parcels, before the first of them was handed over."""
    platform = call.platform
    refusal = await pack_orders.unpack_order(
        platform.database, platform.clock, business_id, order_id, call.actor
    )
    return refusal or UnpackOrderResponse(orderId=order_id)
