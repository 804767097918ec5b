"""updateOrder: a shop changes who receives an order, and when a courier brings it."""

from typing import Annotated

from msgspec import Meta

from entrepot.contract import errors
from entrepot.contract.dates import clock_minute
from entrepot.contract.errors import Refusal
from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import WRITE_ORDERS
from entrepot.domain.accounts import Campaign
from entrepot.domain.order_operations import NewInterval, NewRecipient
from entrepot.fulfilment.update_orders import Rules, UpdateWanted, update_for_shop
from entrepot.operations.call import Call
from entrepot.operations.orders.views import OrderId
from entrepot.operations.orders.views_changes import (
    CustomerDTO,
    DeliveryIntervalsUpdateOptionDTO,
    OperationDTO,
    shop_of,
)
from entrepot.operations.registry import Method, operation
from entrepot.operations.wire import Answer, OkAnswer, Request


class UpdateOrderDTO(Request):
    """The order, and what of it is to be changed: one of the two at least."""

    id: OrderId
    deliveryInterval: DeliveryIntervalsUpdateOptionDTO | None = None
    customer: CustomerDTO | None = None


class UpdateOrderRequest(Request):
    """Body of updateOrder."""

    order: UpdateOrderDTO


class UpdateOrderResultDTO(Answer):
    """The operations that change the order, one for each part."""

    operations: Annotated[tuple[OperationDTO, ...], Meta(min_length=1)]


class UpdateOrderResponse(OkAnswer):
    """What was begun."""

    result: UpdateOrderResultDTO | None = None


@operation(
    "updateOrder",
    Method.POST,
    "/v1/campaigns/{campaignId}/orders/update",
    scopes=WRITE_ORDERS,
    limit=per_hour(10_000),
)
async def update_order(
    call: Call, campaign: Campaign, body: UpdateOrderRequest
) -> UpdateOrderResponse | Refusal:
    """Begin to change who receives an order, or when a courier brings it, or both.

    Each part is an operation of its own, and the order is changed when that is DONE: the
    recipient as a whole, the interval to one that getOrderUpdateOptions lists. When the interval
    is not offered any more by then, the operation FAILED and changed nothing.

    An order can be changed until it is delivered or cancelled, but not while a cancellation is
    under way; its interval only so often as the operator allows. Either every part that was
    asked for begins, or none.
    """
    wanted = body.order
    if wanted.customer is None and wanted.deliveryInterval is None:
        return errors.CHANGE_NOTHING(field="order")
    interval = None
    if wanted.deliveryInterval is not None:
        days = wanted.deliveryInterval.deliveryDateInterval
        times = wanted.deliveryInterval.deliveryTimeInterval
        if days.fromDate != days.toDate:  # options are single days
            return errors.INTERVAL_NOT_VALID(order_id=wanted.id)
        interval = NewInterval(
            days.fromDate, clock_minute(times.fromTime), clock_minute(times.toTime)
        )
    platform = call.platform
    begun = await update_for_shop(
        platform.database,
        platform.clock,
        platform.network,
        UpdateWanted(
            campaign.business_id, campaign.id, wanted.id, _recipient(wanted.customer), interval
        ),
        actor=shop_of(call),
        rules=Rules(
            platform.delivery_days_ahead, platform.interval_changes_max, platform.operations_take
        ),
    )
    if isinstance(begun, Refusal):
        return begun
    shown = tuple(OperationDTO(id=one.id, type=one.kind) for one in begun)
    return UpdateOrderResponse(result=UpdateOrderResultDTO(operations=shown))


def _recipient(customer: CustomerDTO | None) -> NewRecipient | None:
    if customer is None:
        return None
    return NewRecipient(customer.firstName, customer.lastName, customer.middleName, customer.phone)
