"""Wire types as schemas of OpenAPI 3.0, under the contract's names."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from entrepot.contract.enums import WIRE_NAMES
from entrepot.contract.errors import ApiError, ErrorEnvelope
from entrepot.operations.wire import Answer, Pager, Paging

Json = dict[str, Any]

_INT64 = 2**63
_REFERENCE = "#/components/schemas/{name}"
_NULL = {"type": "null"}

# The contract's names of the types that have names of our own.
_NAMES: Mapping[str, str] = {
    **{kind.__name__: name for kind, name in WIRE_NAMES.items()},
    ErrorEnvelope.__name__: "ApiErrorResponse",
    ApiError.__name__: "ApiErrorDTO",
    Paging.__name__: "PackagingForwardScrollingPagerDTO",
    Pager.__name__: "FlippingPagerDTO",
}


def schemas_of(types: Iterable[type]) -> Json:
    """Give the schemas of types and of all that they hold, by name."""
    _, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    for kind in WIRE_NAMES:  # msgspec sorts them; the contract's order is often that of a process
        if kind.__name__ in components:
            components[kind.__name__]["enum"] = [member.value for member in kind]
    answers = _names_below(Answer)
    return {
        _NAMES.get(name, name): (_answered if name in answers else _asked)(schema)
        for name, schema in sorted(components.items())
    }


def reference(kind: type) -> Json:
    """Refer to the schema of a type."""
    return {"$ref": _REFERENCE.format(name=schema_name(kind))}


def schema_name(kind: type) -> str:
    """Give the contract's name of a type."""
    return _NAMES.get(kind.__name__, kind.__name__)


def _names_below(base: type) -> set[str]:
    names: set[str] = set()
    below: list[type] = base.__subclasses__()
    for kind in below:
        names |= {kind.__name__} | _names_below(kind)
    return names


def _asked(schema: Json) -> Json:
    """Translate what a request may hold: a null stands for an absent field."""
    if _NULL not in schema.get("anyOf", ()):
        return _translate(schema, _asked)
    kind = _asked(_but_null(schema))
    optional = {"allOf": [kind]} if "$ref" in kind else kind
    return {**_described(schema, optional), "nullable": True, **_default(schema)}


def _answered(schema: Json) -> Json:
    """Translate what an answer holds: it leaves out what it does not have."""
    if _NULL in schema.get("anyOf", ()):
        return _described(schema, _answered(_but_null(schema)))
    return _translate(schema, _answered)


def _but_null(schema: Json) -> Json:
    kinds: list[Json] = [kind for kind in schema["anyOf"] if kind != _NULL]
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}


def _described(schema: Json, kind: Json) -> Json:
    """Keep what a field means, which stands beside its kinds; beside a `$ref` nothing may stand."""
    if "description" not in schema:
        return kind
    alone = {"allOf": [kind]} if "$ref" in kind else kind
    return {**alone, "description": schema["description"]}


def _translate(schema: Json, each: Callable[[Json], Json]) -> Json:
    """Write a JSON Schema, whose null is taken care of, as OpenAPI 3.0 does."""
    words = {word: value for word, value in schema.items() if word not in {"title", "default"}}
    words |= _default(schema)
    if not words.get("required", True):
        del words["required"]
    if "$ref" in words:
        name = words["$ref"].rpartition("/")[2]
        words["$ref"] = _REFERENCE.format(name=_NAMES.get(name, name))
    if "properties" in words:
        words["properties"] = {name: each(field) for name, field in words["properties"].items()}
    if "items" in words:
        words["items"] = each(words["items"])
    if "enum" in words and all(isinstance(value, str) for value in words["enum"]):
        words["type"] = "string"
    return _with_bounds(words)


def _with_bounds(words: Json) -> Json:
    """Say by a flag that a bound is exclusive, and by the format that a number has 64 bits."""
    if "exclusiveMinimum" in words:
        words |= {"minimum": words["exclusiveMinimum"], "exclusiveMinimum": True}
    if words.get("type") == "integer" and words.get("maximum", _INT64) >= _INT64 - 1:
        words.pop("maximum", None)
        if words.get("minimum", 0) <= -_INT64:
            words.pop("minimum", None)
        words["format"] = "int64"
    return words


def _default(schema: Json) -> Json:
    return {} if schema.get("default") is None else {"default": schema["default"]}
