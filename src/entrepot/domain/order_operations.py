"""Changes of an order that take effect later: what is wanted, and who asked for it."""

from datetime import date

import msgspec

from entrepot.contract.enums import OperationKind
from entrepot.domain.order_events import Actor


class Cancellation(msgspec.Struct, frozen=True, tag=OperationKind.ORDER_STATUS_UPDATE.value):
    """The order is to be cancelled by its shop."""


class NewRecipient(msgspec.Struct, frozen=True, tag=OperationKind.ORDER_RECIPIENT_UPDATE.value):
    """Somebody else is to receive the order. Personal data."""

    first_name: str
    last_name: str
    middle_name: str | None
    phone: str


class NewInterval(
    msgspec.Struct, frozen=True, tag=OperationKind.ORDER_DELIVERY_INTERVAL_UPDATE.value
):
    """A courier is to come at another time; minutes of the day at the place."""

    day: date
    from_minute: int
    to_minute: int


Wanted = Cancellation | NewRecipient | NewInterval


class NewOperation(msgspec.Struct, frozen=True):
    """An operation that is asked for."""

    id: str
    wanted: Wanted

    @property
    def kind(self) -> OperationKind:
        """What it is called on the wire."""
        return kind_of(self.wanted)


class DueOperation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation whose time has come."""

    business_id: int
    id: str
    order_id: int
    wanted: Wanted
    actor: Actor


def kind_of(wanted: Wanted) -> OperationKind:
    """Tell what a change is called on the wire."""
    match wanted:
        case Cancellation():
            return OperationKind.ORDER_STATUS_UPDATE
        case NewRecipient():
            return OperationKind.ORDER_RECIPIENT_UPDATE
        case NewInterval():
            return OperationKind.ORDER_DELIVERY_INTERVAL_UPDATE
