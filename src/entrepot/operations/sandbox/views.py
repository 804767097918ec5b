"""What several operations of the sandbox show."""

from datetime import UTC
from typing import Annotated

from msgspec import Meta

from entrepot.contract.errors import Refusal
from entrepot.db.clock import ClockState
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
