"""Which status a shop may set, and from where (reference lifecycle.md section 1.3)."""

from typing import NamedTuple

from entrepot.contract import errors
from entrepot.contract.enums import OrderStatus, OrderSubstatus
from entrepot.contract.errors import Refusal

# What updateOrderStatus takes at all.
_SETTABLE = frozenset(
    {
        OrderStatus.PROCESSING,
        OrderStatus.CANCELLED,
        OrderStatus.DELIVERY,
        OrderStatus.PICKUP,
        OrderStatus.DELIVERED,
    }
)


class Stage(NamedTuple):
    """A status with its substatus."""

    status: OrderStatus
    substatus: OrderSubstatus


DRAFT = Stage(OrderStatus.RESERVED, OrderSubstatus.AWAIT_CONFIRMATION)
STARTED = Stage(OrderStatus.PROCESSING, OrderSubstatus.STARTED)


class Confirm(NamedTuple):
    """The draft becomes an order."""


class Unchanged(NamedTuple):
    """The order is there already; saying so again does no harm."""


def shop_move(
    current: Stage, status: OrderStatus, substatus: OrderSubstatus | None
) -> Confirm | Unchanged | Refusal:
    """Judge what a shop asks for; no substatus with PROCESSING means STARTED."""
    if status not in _SETTABLE:
        return errors.STATUS_NOT_ALLOWED(status=status)
    if status is OrderStatus.PROCESSING and substatus in (None, OrderSubstatus.STARTED):
        if current == DRAFT:
            return Confirm()
        if current == STARTED:
            return Unchanged()
        return errors.NO_TRANSITION(from_status=current.status, to_status=status)
    reason = "a shop confirms drafts with PROCESSING/STARTED; other steps are the operator's"
    return errors.TRANSITION_NOT_ALLOWED(
        from_status=current.status, to_status=status, reason=reason
    )
