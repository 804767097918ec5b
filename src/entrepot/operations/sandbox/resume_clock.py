"""resumeClock: let the clock go on."""

from entrepot import limits
from entrepot.contract.errors import Refusal
from entrepot.contract.scopes import WRITE_ORDERS
from entrepot.db import clock
from entrepot.operations.call import Call
from entrepot.operations.registry import SANDBOX, Method, operation
from entrepot.operations.sandbox.views import CLOCK, SandboxClock, show_clock
from entrepot.work.move_clock import change_clock


@operation(
    "resumeClock",
    Method.POST,
    "/sandbox/v1/clock/resume",
    api=SANDBOX,
    scopes=WRITE_ORDERS,
    section=CLOCK,
    answer_s_max=limits.CLOCK_ANSWER_S_MAX,
)
async def resume_clock(call: Call) -> SandboxClock | Refusal:
    """Let a clock that stands go on from the moment at which it stands."""
    return show_clock(await change_clock(call.platform.database, clock.resume))
