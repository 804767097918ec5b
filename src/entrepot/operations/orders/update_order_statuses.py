"""updateOrderStatuses: a shop confirms or cancels several orders at once."""

from typing import Annotated

from msgspec import Meta

from entrepot.contract.enums import OperationKind, OrderStatus, OrderSubstatus, OrderUpdateStatus
from entrepot.contract.errors import Refusal
from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import WRITE_ORDERS
from entrepot.db.connection import Connection
from entrepot.db.orders_read import read_stages
from entrepot.domain.accounts import Campaign
from entrepot.domain.order_moves import Stage
from entrepot.fulfilment.shop_requests import Granted, StageWanted, move_for_shop
from entrepot.operations.call import Call
from entrepot.operations.orders.views import OrderId
from entrepot.operations.orders.views_changes import OperationDTO, shop_of
from entrepot.operations.registry import Method, operation
from entrepot.operations.wire import Answer, OkAnswer, Request

_ORDERS_MAX = 30
# What every JSON parser reads exactly; no order has an id beyond.
_EXACT = 2**53


class OrderStateDTO(Request):
    """An order, and the status asked for."""

    id: OrderId
    status: OrderStatus
    substatus: OrderSubstatus | None = None


class UpdateOrderStatusesRequest(Request):
    """Orders and what is asked of each."""

    orders: Annotated[tuple[OrderStateDTO, ...], Meta(min_length=1, max_length=_ORDERS_MAX)]


class UpdateOrderStatusDTO(Answer):
    """What became of one order: its status now, and the operation, or why nothing was done."""

    id: int | None = None
    status: OrderStatus | None = None
    substatus: OrderSubstatus | None = None
    updateStatus: OrderUpdateStatus | None = None
    errorDetails: str | None = None
    operation: OperationDTO | None = None


class UpdateOrderStatusesDTO(Answer):
    """The orders, in the order asked."""

    orders: tuple[UpdateOrderStatusDTO, ...]


class UpdateOrderStatusesResponse(OkAnswer):
    """What became of each order."""

    result: UpdateOrderStatusesDTO | None = None


@operation(
    "updateOrderStatuses",
    Method.POST,
    "/v2/campaigns/{campaignId}/orders/status-update",
    scopes=WRITE_ORDERS,
    limit=per_hour(10_000, counted="resp.result.orders", foretold="req.orders"),
)
async def update_order_statuses(
    call: Call, campaign: Campaign, body: UpdateOrderStatusesRequest
) -> UpdateOrderStatusesResponse:
    """Confirm drafts or begin to cancel orders, each for itself, as updateOrderStatus does.

    The answer is 200 whatever becomes of them: each order has its own `updateStatus`, and where
    that is ERROR, `errorDetails` say why. An order that stands twice is asked twice, in turn.
    """
    platform = call.platform
    wishes = [
        StageWanted(campaign.business_id, campaign.id, one.id, one.status, one.substatus)
        for one in body.orders
    ]
    outcomes = await move_for_shop(
        platform.database,
        platform.clock,
        wishes,
        actor=shop_of(call),
        operations_take=platform.operations_take,
    )
    order_ids = {one.id for one in body.orders}

    async def read(connection: Connection) -> dict[int, Stage]:
        return await read_stages(connection, campaign.business_id, campaign.id, order_ids)

    stages = await platform.database.read(read)
    shown = tuple(
        _show(one.id, stages.get(one.id), outcome)
        for one, outcome in zip(body.orders, outcomes, strict=True)
    )
    return UpdateOrderStatusesResponse(result=UpdateOrderStatusesDTO(orders=shown))


def _show(order_id: int, stage: Stage | None, outcome: Granted | Refusal) -> UpdateOrderStatusDTO:
    status, substatus = stage or (None, None)
    if isinstance(outcome, Refusal):
        # The contract wants the order's id in the text; most of its messages do not have it.
        named = str(order_id) in outcome.message
        return UpdateOrderStatusDTO(
            id=order_id if -_EXACT < order_id < _EXACT else None,
            status=status,
            substatus=substatus,
            updateStatus=OrderUpdateStatus.ERROR,
            errorDetails=outcome.message if named else f"{outcome.message} (order {order_id})",
        )
    return UpdateOrderStatusDTO(
        id=order_id,
        status=status,
        substatus=substatus,
        updateStatus=OrderUpdateStatus.OK,
        operation=OperationDTO(id=outcome.operation_id, type=OperationKind.ORDER_STATUS_UPDATE),
    )
