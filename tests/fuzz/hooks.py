"""What Schemathesis checks beside its own: its module of hooks (`SCHEMATHESIS_HOOKS`)."""

from typing import Any

import schemathesis
from schemathesis.specs.openapi.checks import negative_data_rejection

# However much is asked for, a page holds what the contract allows.
CUT_DOWN = ("limit", "pageSize")
# Ids that stand twice here count once.
COUNTED_ONCE = ("operationIds",)


@schemathesis.check
def wrong_data_is_refused(context: Any, response: Any, case: Any) -> bool | None:
    """Schemathesis' own `negative_data_rejection`, but of what real clients send and may.

    An empty query value is an absent one, and so is null in a body; what is too much for a page
    is cut down; an id that is asked for twice is answered once.
    """
    if _has_tolerated_query(case.query or {}) or _has_tolerated_body(case.body):
        return None
    return negative_data_rejection(context, response, case)


def _has_tolerated_query(query: Any) -> bool:
    return any(_is_empty(value) or name in CUT_DOWN for name, value in query.items())


def _is_empty(value: Any) -> bool:
    return all(map(_is_empty, value)) if isinstance(value, (list, tuple)) else value in (None, "")


def _has_tolerated_body(body: Any) -> bool:
    if isinstance(body, dict):
        return any(
            value is None
            or (name in COUNTED_ONCE and _repeats(value))
            or _has_tolerated_body(value)
            for name, value in body.items()
        )
    return isinstance(body, list) and any(map(_has_tolerated_body, body))


def _repeats(value: Any) -> bool:
    return isinstance(value, list) and any(one in value[:at] for at, one in enumerate(value))
