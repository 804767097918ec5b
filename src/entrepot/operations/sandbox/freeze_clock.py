"""freezeClock: let the clock stand still."""

from entrepot import limits
from entrepot.contract.errors import Refusal
from entrepot.contract.scopes import WRITE_ORDERS
from entrepot.db import clock
from entrepot.operations.call import Call
from entrepot.operations.registry import SANDBOX, Method, operation
from entrepot.operations.sandbox.views import CLOCK, SandboxClock, show_clock
from entrepot.work.move_clock import change_clock


@operation(
    "freezeClock",
    Method.POST,
    "/sandbox/v1/clock/freeze",
    api=SANDBOX,
    scopes=WRITE_ORDERS,
    section=CLOCK,
    answer_s_max=limits.CLOCK_ANSWER_S_MAX,
)
async def freeze_clock(call: Call) -> SandboxClock | Refusal:
    """Let the clock stand still, at the moment that it is.

    It can still be moved: then it stands at another moment. What is due is done all the same.
    """
    return show_clock(await change_clock(call.platform.database, clock.freeze))
