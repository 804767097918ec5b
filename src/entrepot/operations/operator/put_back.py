"""putBack: the goods of a cancelled order lie on their shelves again."""

from entrepot.contract import operator_errors as errors
from entrepot.contract.errors import Refusal
from entrepot.fulfilment import put_back as goods
from entrepot.operations.operator.calls import IN_WAREHOUSE, OperatorCall
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Answer


class PutBackResponse(Answer):
    """Nothing of the order is in anybody's hands any more."""

    orderId: int


@operation(
    "putBack",
    Method.POST,
    "/operator/v1/businesses/{businessId}/orders/{orderId}/put-back",
    api=OPERATOR,
    roles=IN_WAREHOUSE,
    section="picking",
)
async def put_back(
    call: OperatorCall, business_id: int, order_id: int
) -> PutBackResponse | Refusal:
    """Say that the goods of a cancelled order lie on their shelves again; twice does no harm."""
    platform = call.platform
    if await goods.put_back(platform.database, platform.clock, business_id, order_id):
        return PutBackResponse(orderId=order_id)
    return errors.NOTHING_TO_PUT_BACK(order_id=order_id)
