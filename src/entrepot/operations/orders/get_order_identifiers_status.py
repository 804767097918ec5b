"""getOrderIdentifiersStatus: how the check of an order's marking codes goes."""

from entrepot.contract.errors import ORDER_NOT_FOUND, Refusal
from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import READ_ORDERS
from entrepot.db.connection import Connection
from entrepot.db.orders_read import read_order
from entrepot.domain.accounts import Campaign
from entrepot.domain.order import Order
from entrepot.operations.call import Call
from entrepot.operations.registry import Method, operation
from entrepot.operations.wire import Answer, OkAnswer


class OrderItemValidationStatusDTO(Answer):
    """A line of an order, by its place in it."""

    id: int


class GetOrderIdentifiersStatusDTO(Answer):
    """The lines of the order."""

    items: tuple[OrderItemValidationStatusDTO, ...]


class GetOrderIdentifiersStatusResponse(OkAnswer):
    """The codes of an order."""

    result: GetOrderIdentifiersStatusDTO | None = None


@operation(
    "getOrderIdentifiersStatus",
    Method.POST,
    "/v2/campaigns/{campaignId}/orders/{orderId}/identifiers/status",
    scopes=READ_ORDERS,
    limit=per_hour(1_000),
)
async def get_order_identifiers_status(
    call: Call, campaign: Campaign, order_id: int
) -> GetOrderIdentifiersStatusResponse | Refusal:
    """List the lines of an order with the marking codes of their pieces.

    Entrepot keeps no marking codes, so no line has any: there is nothing that could be checked,
    and nothing that an order would wait for.
    """

    async def read(connection: Connection) -> Order | None:
        return await read_order(connection, campaign.business_id, campaign.id, order_id)

    order = await call.platform.database.read(read)
    if order is None:
        return ORDER_NOT_FOUND(order_id=order_id)
    lines = tuple(OrderItemValidationStatusDTO(id=item.position) for item in order.items)
    return GetOrderIdentifiersStatusResponse(result=GetOrderIdentifiersStatusDTO(items=lines))
