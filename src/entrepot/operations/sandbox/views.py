"""What several operations of the sandbox show."""

from datetime import UTC
from typing import Annotated

from msgspec import Meta

from entrepot.contract.enums import OrderStatus, OrderSubstatus
from entrepot.contract.errors import Refusal
from entrepot.db.clock import ClockState
from entrepot.domain.order_moves import Stage
from entrepot.fulfilment.walk_order import Walked
from entrepot.operations.wire import Answer, IsoMoment

CLOCK = "clock"
ORDERS = "orders"
STOCK = "stock"


class SandboxClock(Answer):
    """The clock as it is now."""

    now: Annotated[IsoMoment, Meta(description="The moment, in UTC.")]
    frozen: Annotated[bool, Meta(description="Whether the clock stands still.")]
    aheadSeconds: Annotated[
        float,
        Meta(description="How far it is ahead of real time; a clock that stands falls behind."),
    ]


def show_clock(state: ClockState | Refusal) -> SandboxClock | Refusal:
    """Show the clock, or why it is not where it was wanted."""
    if isinstance(state, Refusal):
        return state
    now = state.now.astimezone(UTC).isoformat(timespec="microseconds")
    return SandboxClock(
        now=now.replace("+00:00", "Z"), frozen=state.frozen, aheadSeconds=round(state.ahead_s, 3)
    )


class SandboxStage(Answer):
    """A status with its substatus."""

    status: OrderStatus
    substatus: OrderSubstatus


class SandboxWalk(Answer):
    """Where the order is now, and how it came there."""

    orderId: int
    status: OrderStatus
    substatus: OrderSubstatus
    steps: Annotated[
        list[SandboxStage],
        Meta(description="The stages it went through, the last included; none if it was there."),
    ]


def show_walk(order_id: int, walked: Walked | Refusal) -> SandboxWalk | Refusal:
    """Show where an order has come to, or why it has not."""
    if isinstance(walked, Refusal):
        return walked
    now: Stage = (walked.start, *walked.steps)[-1]
    steps = [SandboxStage(status=one.status, substatus=one.substatus) for one in walked.steps]
    return SandboxWalk(orderId=order_id, status=now.status, substatus=now.substatus, steps=steps)
