"""updateOrderStatus: a shop confirms a draft, or cancels an order."""

from datetime import date

from entrepot.contract.enums import OperationKind, OrderStatus, OrderSubstatus
from entrepot.contract.errors import Refusal
from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import WRITE_ORDERS
from entrepot.db.connection import Connection
from entrepot.db.orders_read import read_order
from entrepot.domain.accounts import Campaign
from entrepot.domain.network import Network
from entrepot.domain.order import Order
from entrepot.fulfilment.shop_requests import StageWanted, move_for_shop
from entrepot.operations.call import Call
from entrepot.operations.orders.views import OrderDTO, show_legacy_order
from entrepot.operations.orders.views_changes import OperationDTO, shop_of
from entrepot.operations.registry import Method, operation
from entrepot.operations.wire import Answer, Request


class OrderStatusChangeDeliveryDatesDTO(Request):
    """Not used by LaaS."""

    realDeliveryDate: date | None = None


class OrderStatusChangeDeliveryDTO(Request):
    """Not used by LaaS."""

    dates: OrderStatusChangeDeliveryDatesDTO | None = None


class OrderStatusChangeDTO(Request):
    """The status asked for."""

    status: OrderStatus
    substatus: OrderSubstatus | None = None
    delivery: OrderStatusChangeDeliveryDTO | None = None


class UpdateOrderStatusRequest(Request):
    """Body of updateOrderStatus."""

    order: OrderStatusChangeDTO


class UpdateOrderStatusResponse(Answer):
    """The order as it is now, and the operation."""

    order: OrderDTO | None = None
    operation: OperationDTO | None = None


@operation(
    "updateOrderStatus",
    Method.PUT,
    "/v2/campaigns/{campaignId}/orders/{orderId}/status",
    scopes=WRITE_ORDERS,
    limit=per_hour(10_000),
)
async def update_order_status(
    call: Call, campaign: Campaign, order_id: int, body: UpdateOrderStatusRequest
) -> UpdateOrderStatusResponse | Refusal:
    """Confirm a draft, or begin to cancel an order.

    PROCESSING/STARTED confirms a draft within one hour of its creation; the operation of the
    answer is DONE already. After the hour the order is CANCELLED/RESERVATION_EXPIRED and cannot
    be confirmed.

    CANCELLED/SHOP_FAILED cancels an order that was not delivered yet, wherever it is. The order
    is cancelled when the operation is DONE; one that is delivered before that FAILED and changed
    nothing. Goods that have left the warehouse come back as an unredeemed return.

    Asking again does no harm: the answer names the same operation.
    """
    platform = call.platform
    wish = StageWanted(
        campaign.business_id, campaign.id, order_id, body.order.status, body.order.substatus
    )
    (granted,) = await move_for_shop(
        platform.database,
        platform.clock,
        [wish],
        actor=shop_of(call),
        operations_take=platform.operations_take,
    )
    if isinstance(granted, Refusal):
        return granted

    async def read(connection: Connection) -> tuple[Order | None, Network]:
        order = await read_order(connection, campaign.business_id, campaign.id, order_id)
        return order, await platform.network.latest(connection)

    order, network = await platform.database.read(read)
    return UpdateOrderStatusResponse(
        order=None if order is None else show_legacy_order(order, network),
        operation=OperationDTO(id=granted.operation_id, type=OperationKind.ORDER_STATUS_UPDATE),
    )
