"""Requests made from our document: such as it allows, and such as it nearly does."""

import string
from typing import Any

from hypothesis import strategies as st

from tests.support.contract import Contract

Schema = dict[str, Any]

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
_TEXTS = {
    "date": st.dates().map(str),
    "date-time": st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
}
_DEPTH_MAX = 8
_RARE = 20  # one value in so many is anything at all


def values(document: Contract, schema: Schema, depth: int = 0) -> st.SearchStrategy[Any]:
    """Make values of a schema; now and then one that is not."""
    usual = _usual(document, document.merged(schema), depth)
    if depth == 0:
        return usual
    return st.integers(1, _RARE).flatmap(lambda lot: ANYTHING if lot == _RARE else usual)


def queries(document: Contract, operation_id: str) -> st.SearchStrategy[dict[str, str]]:
    """Make query parameters of an operation: texts that will do, and others."""
    names = [
        parameter["name"]
        for parameter in document.operations[operation_id].declared.get("parameters", ())
        if parameter["in"] == "query"
    ]
    if not names:
        return st.just({})
    text = (
        st.integers().map(str)
        | st.sampled_from(["1", "50", "true", "Москва", "2026-11-24", "24-11-2026", "PROCESSING"])
        | st.text(max_size=20)
    )
    return st.dictionaries(st.sampled_from(names), text, max_size=4)


def _usual(document: Contract, schema: Schema, depth: int) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "array":
            least, most = schema.get("minItems", 0), min(schema.get("maxItems", 3), 3)
            inner = values(document, schema["items"], depth + 1)
            return st.lists(inner, min_size=least, max_size=max(least, most))
        case "integer":
            return st.integers(schema.get("minimum"), schema.get("maximum", 2**63 - 1))
        case "number":
            return st.floats(schema.get("minimum"), schema.get("maximum", 10**9), allow_nan=False)
        case "boolean":
            return st.booleans()
        case "string":
            return _text(schema)
        case _:
            return _object(document, schema, depth)


def _object(document: Contract, schema: Schema, depth: int) -> st.SearchStrategy[Any]:
    if depth > _DEPTH_MAX:
        return st.just({})
    fields = {
        name: values(document, field, depth + 1) for name, field in schema["properties"].items()
    }
    required = {name: fields.pop(name) for name in schema.get("required", ())}
    return st.fixed_dictionaries(required, optional=fields)


def _text(schema: Schema) -> st.SearchStrategy[str]:
    known = _TEXTS.get(schema.get("format", ""))
    if known is not None:
        return known
    least = schema.get("minLength", 0)
    plain = st.text(string.ascii_letters + string.digits, min_size=least, max_size=least + 10)
    return st.from_regex(schema["pattern"], fullmatch=True) if "pattern" in schema else plain
