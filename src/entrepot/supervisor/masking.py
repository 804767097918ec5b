"""What no line of a log may hold: recipients' data, keys, secrets, passwords, quoted rows.

Nothing of ours logs such things by intention; this is for the day when something does, and for
libraries, who know no better.
"""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

MASK = "…"

# Names under which a value is somebody's, in the contract's spelling and in the database's.
PERSONAL = frozenset(
    {
        "address", "apartment", "body", "comment", "customer", "entrance", "first_name",
        "firstname", "floor", "full_address", "fulladdress", "last_name", "lastname",
        "middle_name", "middlename", "notes", "phone", "recipient", "token",
    }
)  # fmt: skip

_PATTERNS = (
    # PostgreSQL's DETAIL quotes rows, its CONTEXT and its driver's query the values given.
    (re.compile(r"\s*\b(?:DETAIL|CONTEXT|QUERY):.*", re.DOTALL), ""),
    (re.compile(r"\+\d{5,15}"), "+" + MASK),
    (re.compile(r"\b(EN[A-Z]{2}):[0-9A-Za-z:]{8,}"), r"\1:" + MASK),
    (re.compile(r"\b(whsec_)[0-9A-Za-z+/=]{8,}"), r"\1" + MASK),
    (re.compile(r"(postgres(?:ql)?://[^:/@\s]*):[^@\s]*@"), rf"\1:{MASK}@"),
)


def mask_text(text: str) -> str:
    """Take out of a text what looks like a phone, a key, a password, or a quoted row."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def mask_event(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Mask the values of a log's event (a structlog processor)."""
    for name, value in event.items():
        event[name] = MASK if name.lower() in PERSONAL else _masked(value)
    return event


def _masked(value: object) -> object:
    match value:
        case str():
            return mask_text(value)
        case Mapping():
            return {
                name: MASK if str(name).lower() in PERSONAL else _masked(one)
                for name, one in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [_masked(one) for one in value]
        case bool() | int() | float() | None:
            return value
        case _:
            return mask_text(str(value))
