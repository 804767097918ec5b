"""getOrderUpdateOptions: to which intervals a courier's order may be moved."""

from typing import Annotated

from msgspec import Meta

from entrepot.contract.errors import ORDER_UNKNOWN, Refusal
from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import WRITE_ORDERS
from entrepot.db.connection import Connection
from entrepot.db.orders_read import read_order
from entrepot.domain.accounts import Campaign
from entrepot.domain.delivery.offering import OfferedSlot
from entrepot.fulfilment.order_options import open_slots
from entrepot.operations.call import Call
from entrepot.operations.orders.views_changes import DeliveryIntervalsUpdateOptionDTO
from entrepot.operations.registry import Method, operation
from entrepot.operations.views import show_day, show_times
from entrepot.operations.wire import Answer, OkAnswer, Request


class GetOrderUpdateOptionsRequest(Request):
    """The order."""

    id: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]


class DeliveryIntervalsUpdateOptionsDTO(Answer):
    """Days and intervals, earliest first."""

    availableDeliveryIntervals: list[DeliveryIntervalsUpdateOptionDTO]


class OrderUpdateOptionsDTO(Answer):
    """What of an order may be changed, and how."""

    deliveryIntervals: DeliveryIntervalsUpdateOptionsDTO


class GetOrderUpdateOptionsResponse(OkAnswer):
    """Options of an update."""

    result: OrderUpdateOptionsDTO | None = None


@operation(
    "getOrderUpdateOptions",
    Method.POST,
    "/v1/campaigns/{campaignId}/orders/update-options",
    scopes=WRITE_ORDERS,
    limit=per_hour(10_000),
)
async def get_order_update_options(
    call: Call, campaign: Campaign, body: GetOrderUpdateOptionsRequest
) -> GetOrderUpdateOptionsResponse | Refusal:
    """List the courier's days and intervals to which an order may be moved at this moment.

    What is still in the warehouse leaves on its planned day, or like an order placed now when
    that day's cut-off has passed. The interval that the order has counts as free for it. A fake
    order has options like any other.

    The list is empty for an order to a logistic point, for one that is DELIVERED or CANCELLED
    (a draft that has run out is), and where couriers do not go any more. An order that the
    campaign does not have is refused.
    """

    async def read(connection: Connection) -> tuple[OfferedSlot, ...] | None:
        return await _read_slots(connection, call, campaign, body.id)

    found = await call.platform.database.read(read)
    if found is None:
        return ORDER_UNKNOWN(order_id=body.id)
    return GetOrderUpdateOptionsResponse(
        result=OrderUpdateOptionsDTO(
            deliveryIntervals=DeliveryIntervalsUpdateOptionsDTO(
                availableDeliveryIntervals=[
                    DeliveryIntervalsUpdateOptionDTO(
                        deliveryDateInterval=show_day(slot.key),
                        deliveryTimeInterval=show_times(slot.key),
                    )
                    for slot in found
                ]
            )
        )
    )


async def _read_slots(
    connection: Connection, call: Call, campaign: Campaign, order_id: int
) -> tuple[OfferedSlot, ...] | None:
    """Find the slots; None when the campaign has no such order."""
    platform = call.platform
    order = await read_order(connection, campaign.business_id, campaign.id, order_id)
    if order is None:
        return None
    return await open_slots(
        connection,
        await platform.network.latest(connection),
        order,
        now=await platform.clock.now(connection),
        days_ahead=platform.delivery_days_ahead,
    )
