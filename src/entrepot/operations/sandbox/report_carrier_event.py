"""reportCarrierEvent: something happens to an order on its way."""

from typing import Annotated

from msgspec import Meta

from entrepot.contract.enums import OrderSubstatus
from entrepot.contract.errors import Refusal
from entrepot.contract.scopes import WRITE_ORDERS
from entrepot.domain.carrier_events import CarrierEvent, CarrierEventKind, stage_after
from entrepot.domain.order_events import UnitsRefused
from entrepot.fulfilment.walk_order import Walk, walk_order
from entrepot.operations.call import Call
from entrepot.operations.registry import SANDBOX, Method, operation
from entrepot.operations.sandbox.views import ORDERS, SandboxWalk, show_walk
from entrepot.operations.wire import ItemCount, Request, ShopSku


class SandboxRefusedItem(Request):
    """Pieces that the buyer does not take."""

    offerId: ShopSku
    count: ItemCount


class ReportCarrierEventRequest(Request):
    """What happens."""

    kind: CarrierEventKind
    refused: Annotated[
        Annotated[list[SandboxRefusedItem], Meta(max_length=100)] | None,
        Meta(description="What the buyer does not take, of PARTLY_REFUSED."),
    ] = None
    reason: Annotated[
        OrderSubstatus | None,
        Meta(description="Why, of REFUSED and NOT_DELIVERED; the usual reason without it."),
    ] = None
    receiveCode: Annotated[
        Annotated[str, Meta(max_length=20)] | None,
        Meta(description="What the buyer says at the counter; checked if given."),
    ] = None


@operation(
    "reportCarrierEvent",
    Method.POST,
    "/sandbox/v1/orders/{orderId}/carrier-events",
    api=SANDBOX,
    scopes=WRITE_ORDERS,
    section=ORDERS,
)
async def report_carrier_event(
    call: Call, order_id: int, body: ReportCarrierEventRequest
) -> SandboxWalk | Refusal:
    """Let something happen to an order on its way.

    ACCEPTED: the carrier has it. ARRIVED: it lies at its point. DELIVERED; PARTLY_REFUSED: the
    buyer takes all but some pieces; REFUSED: nothing. NOT_DELIVERED, LOST, STORED_TOO_LONG. An
    order that is not on its way yet is brought there first, by the real moves.
    """
    event = CarrierEvent(
        business_id=call.key.business_id,
        order_id=order_id,
        kind=body.kind,
        receive_code=body.receiveCode,
        refused=tuple(UnitsRefused(one.offerId, one.count) for one in body.refused or ()),
        reason=body.reason,
    )
    stage = stage_after(event)
    if isinstance(stage, Refusal):
        return stage
    walk = Walk(
        business_id=event.business_id,
        order_id=order_id,
        target=stage,
        name=call.key.name,
        refused=event.refused,
        receive_code=event.receive_code,
    )
    walked = await walk_order(call.platform.database, call.platform.clock, walk)
    return show_walk(order_id, walked)
