"""What carriers tell of parcels, and where that leads an order."""

from enum import StrEnum

import msgspec

from entrepot.contract import operator_errors as errors
from entrepot.contract.enums import OrderSubstatus
from entrepot.contract.errors import Refusal
from entrepot.domain.order_events import UnitsRefused
from entrepot.domain.order_moves import (
    DELIVERED,
    DELIVERY,
    LOST,
    NOT_FETCHED,
    PICKUP,
    Stage,
    cancelled,
)


class CarrierEventKind(StrEnum):
    """What happened to the parcels of an order.

    ACCEPTED: the carrier has them. ARRIVED: they lie at the logistic point. DELIVERED: the buyer
    has them, PARTLY_REFUSED: all but some pieces. REFUSED: the buyer took nothing. NOT_DELIVERED:
    they could not be brought. LOST: nobody knows where they are. STORED_TOO_LONG: nobody came for
    them.
    """

    ACCEPTED = "ACCEPTED"
    ARRIVED = "ARRIVED"
    DELIVERED = "DELIVERED"
    PARTLY_REFUSED = "PARTLY_REFUSED"
    REFUSED = "REFUSED"
    NOT_DELIVERED = "NOT_DELIVERED"
    LOST = "LOST"
    STORED_TOO_LONG = "STORED_TOO_LONG"


# Why a buyer takes nothing, and why parcels are not brought; the first is meant without a word.
REFUSALS = (
    OrderSubstatus.USER_REFUSED_DELIVERY,
    OrderSubstatus.USER_REFUSED_PRODUCT,
    OrderSubstatus.USER_REFUSED_QUALITY,
    OrderSubstatus.USER_IDENTIFICATION_MISMATCH,
)
OBSTACLES = (
    OrderSubstatus.DELIVERY_SERVICE_UNDELIVERED,
    OrderSubstatus.USER_UNREACHABLE,
    OrderSubstatus.USER_CHANGED_MIND,
    OrderSubstatus.TOO_LONG_DELIVERY,
    OrderSubstatus.INCORRECT_PERSONAL_DATA,
)

_STAGES: dict[CarrierEventKind, Stage] = {
    CarrierEventKind.ACCEPTED: DELIVERY,
    CarrierEventKind.ARRIVED: PICKUP,
    CarrierEventKind.DELIVERED: DELIVERED,
    CarrierEventKind.PARTLY_REFUSED: DELIVERED,
    CarrierEventKind.LOST: LOST,
    CarrierEventKind.STORED_TOO_LONG: NOT_FETCHED,
}
_REASONS = {
    CarrierEventKind.REFUSED: REFUSALS,
    CarrierEventKind.NOT_DELIVERED: OBSTACLES,
}
# What is handed over to a buyer who must show that it is theirs.
HANDED_OUT = (CarrierEventKind.DELIVERED, CarrierEventKind.PARTLY_REFUSED)


class CarrierEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What a carrier tells of an order.

    `receive_code` is what the buyer told; `refused` what they did not take, of a PARTLY_REFUSED;
    `reason` why, of a REFUSED or NOT_DELIVERED.
    """

    business_id: int
    order_id: int
    kind: CarrierEventKind
    receive_code: str | None = None
    refused: tuple[UnitsRefused, ...] = ()
    reason: OrderSubstatus | None = None


def stage_after(event: CarrierEvent) -> Stage | Refusal:
    """Tell where an event leads an order, or what is wrong with the event itself."""
    if (event.kind is CarrierEventKind.PARTLY_REFUSED) != bool(event.refused):
        problem = f"goes with {CarrierEventKind.PARTLY_REFUSED}, and only with it"
        return errors.BAD_FIELD(field="refused", problem=problem)
    if event.receive_code is not None and event.kind not in HANDED_OUT:
        problem = f"does not go with {event.kind}"
        return errors.BAD_FIELD(field="receiveCode", problem=problem)
    reasons = _REASONS.get(event.kind)
    if reasons is None:
        if event.reason is None:
            return _STAGES[event.kind]
        return errors.BAD_FIELD(field="reason", problem=f"does not go with {event.kind}")
    reason = event.reason or reasons[0]
    if reason not in reasons:
        problem = f"of {event.kind} is one of {', '.join(reasons)}"
        return errors.BAD_FIELD(field="reason", problem=problem)
    return cancelled(reason)
