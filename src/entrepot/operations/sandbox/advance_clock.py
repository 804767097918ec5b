"""advanceClock: let time pass."""

from datetime import timedelta
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


class AdvanceClockRequest(Request):
    """By how much time passes."""

    seconds: Annotated[
        float,
        Meta(
            ge=0,
            le=limits.CLOCK_ADVANCE_S_MAX,
            description="How many seconds; 0 does what is due now.",
        ),
    ]


@operation(
    "advanceClock",
    Method.POST,
    "/sandbox/v1/clock/advance",
    api=SANDBOX,
    scopes=WRITE_ORDERS,
    section=CLOCK,
    answer_s_max=limits.CLOCK_ANSWER_S_MAX,
)
async def advance_clock(call: Call, body: AdvanceClockRequest) -> SandboxClock | Refusal:
    """Let time pass for all businesses, and do what falls due on the way.

    The clock goes from one due moment to the next, and what is due is done before it goes on:
    drafts end, operations finish, notifications are sent and sent again. The answer comes when
    all of it has been done. Two moves of the clock take turns. When something does not come to
    an end within ten minutes (a receiver of notifications that keeps everybody waiting), the
    answer is 503 and says how far the clock went; calling again goes on from there.
    """
    by = timedelta(seconds=body.seconds)
    platform = call.platform
    return show_clock(
        await move_clock(platform.database, platform.clock, platform.duties, lambda now: now + by)
    )
