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
    """What a carrier tells.

    `receiveCode` is what the buyer told, with DELIVERED and PARTLY_REFUSED at a logistic point;
    `refused` what they did not take, with PARTLY_REFUSED; `reason` why, with REFUSED or
    NOT_DELIVERED.
    """

    type: CarrierEventKind
    receiveCode: Annotated[str, Meta(min_length=1, max_length=32)] | None = None
    refused: (
        Annotated[tuple[RefusedItem, ...], Meta(min_length=1, max_length=_REFUSED_MAX)] | None
    ) = None
    reason: OrderSubstatus | None = None


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
