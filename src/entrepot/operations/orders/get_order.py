"""getOrder: one order of a campaign, in the older form."""

from entrepot.contract.errors import ORDER_NOT_FOUND, Refusal
from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import READ_CAMPAIGN_ORDERS
from entrepot.db.connection import Connection
from entrepot.db.orders_read import read_order
from entrepot.domain.accounts import Campaign
from entrepot.domain.network import Network
from entrepot.domain.order import Order
from entrepot.operations.call import Call
from entrepot.operations.orders.views import (
    REPLACED_BY_BUSINESS_ORDERS,
    OrderDTO,
    show_legacy_order,
)
from entrepot.operations.registry import Method, operation
from entrepot.operations.wire import Answer


class GetOrderResponse(Answer):
    """The order."""

    order: OrderDTO | None = None


@operation(
    "getOrder",
    Method.GET,
    "/v2/campaigns/{campaignId}/orders/{orderId}",
    scopes=READ_CAMPAIGN_ORDERS,
    limit=per_hour(10_000, parallel=6),
    deprecation=REPLACED_BY_BUSINESS_ORDERS,
)
async def get_order(call: Call, campaign: Campaign, order_id: int) -> GetOrderResponse | Refusal:
    """Show one order of the campaign, a fake one too.

    A draft that was not confirmed within its hour is CANCELLED/RESERVATION_EXPIRED from that
    very moment.
    """

    async def read(connection: Connection) -> tuple[Order | None, Network]:
        order = await read_order(connection, campaign.business_id, campaign.id, order_id)
        return order, await call.platform.network.latest(connection)

    order, network = await call.platform.database.read(read)
    if order is None:
        return ORDER_NOT_FOUND(order_id=order_id)
    return GetOrderResponse(order=show_legacy_order(order, network))
