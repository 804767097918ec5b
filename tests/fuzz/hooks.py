"""What Schemathesis checks beside its own: its module of hooks (`SCHEMATHESIS_HOOKS`)."""

from typing import Any

import schemathesis
from schemathesis.specs.openapi.checks import negative_data_rejection


@schemathesis.check
def wrong_data_is_refused(context: Any, response: Any, case: Any) -> bool | None:
    """Schemathesis' own `negative_data_rejection`, but of queries whose values say something.

    An empty value is an absent one: so real clients write it, and none of them is refused.
    """
    if any(_is_empty(value) for value in (case.query or {}).values()):
        return None
    return negative_data_rejection(context, response, case)


def _is_empty(value: Any) -> bool:
    return all(map(_is_empty, value)) if isinstance(value, (list, tuple)) else value in (None, "")
