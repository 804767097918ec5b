"""Carrier events as they come over the wire, and what became of them."""

from typing import Annotated

from msgspec import Meta

from entrepot.contract.enums import OrderStatus, OrderSubstatus
from entrepot.contract.errors import Refusal
from entrepot.domain.carrier_events import CarrierEvent, CarrierEventKind
from entrepot.domain.operators import OperatorKey, Role
from entrepot.domain.order_events import UnitsRefused
from entrepot.fulfilment.change_orders import Moved, Outcome
from entrepot.operations.operator.views import Pieces
from entrepot.operations.wire import Answer, Request, ShopSku

_REFUSED_MAX = 1000


class RefusedItem(Request):
    """Pieces of an offer that the buyer did not take."""

    offerId: ShopSku
    count: Pieces


class CarrierEventFields(Request):
    """What a carrier tells."""

    type: CarrierEventKind
    receiveCode: Annotated[
        Annotated[str, Meta(min_length=1, max_length=32)] | None,
        Meta(
            description="What the buyer told at a logistic point, with DELIVERED or PARTLY_REFUSED."
        ),
    ] = None
    refused: Annotated[
        Annotated[tuple[RefusedItem, ...], Meta(min_length=1, max_length=_REFUSED_MAX)] | None,
        Meta(description="What the buyer does not take, with PARTLY_REFUSED."),
    ] = None
    reason: Annotated[
        OrderSubstatus | None,
        Meta(
            description="Why, with REFUSED: USER_REFUSED_DELIVERY (without a reason), "
            "USER_REFUSED_PRODUCT, USER_REFUSED_QUALITY, USER_IDENTIFICATION_MISMATCH; "
            "with NOT_DELIVERED: DELIVERY_SERVICE_UNDELIVERED (without a reason), "
            "USER_UNREACHABLE, USER_CHANGED_MIND, TOO_LONG_DELIVERY, INCORRECT_PERSONAL_DATA."
        ),
    ] = None


class CarrierEventResult(Answer):
    """Where the order is; `changed` is false when it was there already.

    `returnId` is that of goods that come back unredeemed, if that began with it.
    """

    businessId: int
    orderId: int
    status: OrderStatus
    substatus: OrderSubstatus
    changed: bool
    returnId: int | None = None


def read_event(fields: CarrierEventFields, business_id: int, order_id: int) -> CarrierEvent:
    """Read an event."""
    return CarrierEvent(
        business_id=business_id,
        order_id=order_id,
        kind=fields.type,
        receive_code=fields.receiveCode,
        refused=tuple(UnitsRefused(one.offerId, one.count) for one in fields.refused or ()),
        reason=fields.reason,
    )


def show_outcome(event: CarrierEvent, outcome: Outcome) -> CarrierEventResult | Refusal:
    """Show what became of an event."""
    if isinstance(outcome, Refusal):
        return outcome
    return _show(event, outcome)


def speaks_for(key: OperatorKey) -> str | None:
    """Tell for which carrier a key speaks; None for the operator's own people, who may for all."""
    return key.carrier if key.role is Role.CARRIER else None


def _show(event: CarrierEvent, moved: Moved) -> CarrierEventResult:
    return CarrierEventResult(
        businessId=event.business_id,
        orderId=event.order_id,
        status=moved.stage.status,
        substatus=moved.stage.substatus,
        changed=moved.changed,
        returnId=moved.return_id,
    )
