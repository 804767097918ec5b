"""readClock: what time it is in the sandbox."""

from entrepot.contract.errors import Refusal
from entrepot.contract.scopes import ANY_SCOPE
from entrepot.db.clock import read_state
from entrepot.operations.call import Call
from entrepot.operations.registry import SANDBOX, Method, operation
from entrepot.operations.sandbox.views import CLOCK, SandboxClock, show_clock


@operation(
    "readClock",
    Method.GET,
    "/sandbox/v1/clock",
    api=SANDBOX,
    scopes=ANY_SCOPE,
    section=CLOCK,
)
async def read_clock(call: Call) -> SandboxClock | Refusal:
    """Tell what time it is.

    All that the service does goes by this clock: drafts, delivery days, request limits,
    notifications.
    """
    return show_clock(await call.platform.database.read(read_state))
