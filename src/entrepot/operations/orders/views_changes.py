"""What operations that change orders have in common on the wire."""

from typing import Annotated

from msgspec import Meta

from entrepot.contract.enums import OperationKind
from entrepot.domain.order_events import Actor, Source
from entrepot.domain.order_moves import ActorKind
from entrepot.operations.call import Call
from entrepot.operations.views import DeliveryDateIntervalDTO, TimeIntervalDTO
from entrepot.operations.wire import Answer, Request

Name = Annotated[str, Meta(min_length=1, max_length=512)]
Phone = Annotated[str, Meta(min_length=5, max_length=16, pattern=r"^\+[0-9]+$")]


class CustomerDTO(Request):
    """Who receives the order."""

    firstName: Name
    lastName: Name
    phone: Phone
    middleName: Name | None = None


class DeliveryIntervalsUpdateOptionDTO(Request):
    """A day and an interval in which a courier can come."""

    deliveryDateInterval: DeliveryDateIntervalDTO
    deliveryTimeInterval: TimeIntervalDTO


class OperationDTO(Answer):
    """An operation that changes an order, or has changed it already."""

    id: str
    type: OperationKind


def shop_of(call: Call) -> Actor:
    """Tell who calls, for the history of an order: a shop, by the name of its key."""
    return Actor(ActorKind.SHOP, call.key.name, Source.API)
