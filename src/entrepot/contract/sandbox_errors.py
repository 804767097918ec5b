"""Refusals of the sandbox: codes of ours in the contract's envelope, and sentences."""

from enum import StrEnum

from entrepot.contract.errors import Template


class SandboxCode(StrEnum):
    """Why the sandbox refuses, where the contract has no word for it."""

    CLOCK_BACKWARD = "CLOCK_BACKWARD"
    CLOCK_TOO_FAR = "CLOCK_TOO_FAR"
    CLOCK_UNFINISHED = "CLOCK_UNFINISHED"
    NO_WAY = "NO_WAY"
    STOCK_HELD = "STOCK_HELD"


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
