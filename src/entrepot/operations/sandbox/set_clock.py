"""setClock: let time pass up to a moment."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from entrepot import limits
from entrepot.contract.errors import Refusal
from entrepot.contract.scopes import WRITE_ORDERS
from entrepot.operations.call import Call
from entrepot.operations.registry import SANDBOX, Method, operation
from entrepot.operations.sandbox.views import CLOCK, SandboxClock, show_clock
from entrepot.operations.wire import Request
from entrepot.work.move_clock import move_clock


class SetClockRequest(Request):
    """Up to when time passes."""

    now: Annotated[
        datetime,
        Meta(tz=True, description="The moment to come, with its offset: `2026-12-01T09:00:00Z`."),
    ]


@operation(
    "setClock",
    Method.POST,
    "/sandbox/v1/clock/set",
    api=SANDBOX,
    scopes=WRITE_ORDERS,
    section=CLOCK,
    answer_s_max=limits.CLOCK_ANSWER_S_MAX,
)
async def set_clock(call: Call, body: SetClockRequest) -> SandboxClock | Refusal:
    """Let time pass up to a moment, as `advanceClock` does; it only goes forward."""
    platform = call.platform
    return show_clock(
        await move_clock(platform.database, platform.clock, platform.duties, lambda _now: body.now)
    )
