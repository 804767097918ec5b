"""Refusals of the sandbox: codes of ours in the contract's envelope, and sentences."""

from enum import StrEnum

from entrepot.contract.errors import Code, Template


class SandboxCode(StrEnum):
    """Why the sandbox refuses, where the contract has no word for it."""

    CLOCK_BACKWARD = "CLOCK_BACKWARD"
    CLOCK_TOO_FAR = "CLOCK_TOO_FAR"
    CLOCK_UNFINISHED = "CLOCK_UNFINISHED"
    NO_SUCH_STAGE = "NO_SUCH_STAGE"
    NO_WAY = "NO_WAY"
    NOT_FOUND = "NOT_FOUND"
    STOCK_REFUSED = "STOCK_REFUSED"


CLOCK_BACKWARD = Template(
    400,
    SandboxCode.CLOCK_BACKWARD,
    "The clock only goes forward: it is {now} already (rejected value: {wanted})",
)
CLOCK_TOO_FAR = Template(
    400,
    SandboxCode.CLOCK_TOO_FAR,
    "The clock goes forward by {most_s} seconds at most, it is {now} (rejected value: {wanted})",
)
CLOCK_UNFINISHED = Template(
    503,
    SandboxCode.CLOCK_UNFINISHED,
    "The clock stands at {now}: {waiting} did not come to an end in time. Call again to go on",
)
NO_SUCH_STAGE = Template(
    400, SandboxCode.NO_SUCH_STAGE, "No order is ever {status}/{substatus}; to be reached: {stages}"
)
NO_WAY = Template(
    400, SandboxCode.NO_WAY, "No way leads order {order_id} from {from_stage} to {to_stage}"
)
STOCK_UNKNOWN = Template(
    400, SandboxCode.NOT_FOUND, "There is no {missing} (rejected value: items[{index}])"
)
STOCK_REFUSED = Template(400, SandboxCode.STOCK_REFUSED, "{reasons}")
SET_OR_ADD = Template(
    400, Code.BAD_REQUEST, "Exactly one of items[{index}].set and items[{index}].add must be given"
)
