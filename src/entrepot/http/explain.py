"""Say what is wrong with an input, in the contract's words.

Decoding refuses in one pass without saying which value it was. Only then this looks a second
time: at the place the decoder names, for the value that stands there and the rule it breaks.
"""

import functools
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect as shapes

from entrepot.contract.errors import (
    ELEMENTS_NOT_NULL,
    ILLEGAL_INPUT,
    LENGTH_BETWEEN,
    LIMIT_TOO_LARGE,
    MUST_BE_AT_LEAST,
    MUST_BE_AT_MOST,
    MUST_BE_GREATER,
    MUST_MATCH,
    MUST_NOT_BE_EMPTY,
    MUST_NOT_BE_NULL,
    PARAMETER_MISSING,
    SIZE_BETWEEN,
    TYPE_MISMATCH,
    Refusal,
    listed,
)

_MESSAGE = re.compile(r"(?P<reason>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_MISSING = re.compile(r"Object missing required field `(.+)`")
_SHOWN_CHARS_MAX = 100  # of a rejected value: enough to recognise it
_INTEGER_MAX = 2**63 - 1

Sized = shapes.ListType | shapes.SetType | shapes.VarTupleType | shapes.DictType


class _Flaw(NamedTuple):
    """A value that was refused: where it stands, what should be there, why it was refused."""

    path: str
    shape: shapes.Type
    value: object
    reason: str


def explain_body(error: msgspec.ValidationError, declared: type, decoded: object) -> Refusal:
    """Explain why a body was refused; `decoded` is the same body, decoded without a type."""
    flaw = _locate(error, _shape(declared), decoded)
    missing = _MISSING.fullmatch(flaw.reason)
    if missing is not None:
        field = f"{flaw.path}.{missing[1]}" if flaw.path else missing[1]
        return MUST_NOT_BE_NULL(field=field)
    return _explain(flaw)


def explain_query(
    error: msgspec.ValidationError, declared: type, values: Mapping[str, object]
) -> Refusal:
    """Explain why query parameters were refused; `values` are texts or lists of texts."""
    flaw = _locate(error, _shape(declared), values)
    missing = _MISSING.fullmatch(flaw.reason)
    if missing is not None:
        return PARAMETER_MISSING(param=missing[1])
    number = _number_sent(flaw)
    if number is None:
        return TYPE_MISMATCH(value=shown(flaw.value))
    refusal = _explain(flaw._replace(value=number))
    most = getattr(flaw.shape, "le", None)
    if flaw.path == "limit" and most is not None and isinstance(number, int) and number > most:
        return LIMIT_TOO_LARGE(maximum=most, value=number)
    return refusal


@functools.cache  # as many as there are operations
def _shape(declared: type) -> shapes.Type:
    return shapes.type_info(declared)


def shown(value: object) -> str:
    """Write a rejected value for a message, bounded."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _SHOWN_CHARS_MAX else text[:_SHOWN_CHARS_MAX] + "…"


def _number_sent(flaw: _Flaw) -> object:
    """Give what a query's text means; None when it is not of the declared kind at all."""
    if not isinstance(flaw.shape, shapes.IntType) or not isinstance(flaw.value, str):
        return flaw.value if isinstance(flaw.shape, shapes.StrType | Sized) else None
    return int(flaw.value) if re.fullmatch(r"-?\d{1,30}", flaw.value, re.ASCII) else None


def _locate(error: msgspec.ValidationError, shape: shapes.Type, value: object) -> _Flaw:
    parts = _MESSAGE.fullmatch(str(error))
    assert parts is not None  # the pattern takes any text
    path = parts["path"] or ""
    position = 0
    shape = _bare(shape)
    while (step := _STEP.match(path, position)) is not None:
        shape, value = _step(shape, value, step[1], step[2])
        shape = _bare(shape)
        position = step.end()
    return _Flaw(path.removeprefix("."), shape, value, parts["reason"])


def _step(
    shape: shapes.Type, value: object, name: str | None, index: str | None
) -> tuple[shapes.Type, object]:
    if name is not None and isinstance(shape, shapes.StructType) and isinstance(value, Mapping):
        field = next(field for field in shape.fields if field.encode_name == name)
        return field.type, value.get(name)
    if index is not None and isinstance(value, list):
        return getattr(shape, "item_type", shapes.AnyType()), value[int(index)]
    return shapes.AnyType(), None


def _bare(shape: shapes.Type) -> shapes.Type:
    """Take off what surrounds a type: descriptions, and the null of an optional one."""
    while isinstance(shape, (shapes.Metadata, shapes.UnionType)):
        if isinstance(shape, shapes.Metadata):
            shape = shape.type
            continue
        kinds = [one for one in shape.types if not isinstance(one, shapes.NoneType)]
        if len(kinds) != 1:
            return shape
        shape = kinds[0]
    return shape


def _explain(flaw: _Flaw) -> Refusal:
    if flaw.value is None and flaw.reason.endswith("got `null`"):
        if flaw.path.endswith("]"):
            return ELEMENTS_NOT_NULL(field=flaw.path[: flaw.path.rindex("[")])
        return MUST_NOT_BE_NULL(field=flaw.path or "body")
    refusal: Refusal | None = None
    match flaw.shape, flaw.value:
        case (shapes.IntType() | shapes.FloatType(), bool()):
            pass
        case (shapes.IntType() | shapes.FloatType() as bounds, int() | float() as number):
            refusal = _out_of_bounds(flaw, bounds, number)
        case (shapes.StrType() as rule, str() as text):
            refusal = _wrong_text(flaw.path, rule, text)
        case (rule, list() | dict() as elements) if isinstance(rule, Sized):
            refusal = _wrong_size(flaw, rule, len(elements))
        case (shapes.EnumType(cls=choices), str()):
            expected = listed([str(choice.value) for choice in choices])
            return _illegal(flaw, f"expected one of {expected}")
    return refusal or _illegal(flaw, flaw.reason.replace("`", ""))


def _out_of_bounds(
    flaw: _Flaw, bounds: shapes.IntType | shapes.FloatType, number: float
) -> Refusal | None:
    if isinstance(bounds, shapes.IntType) and isinstance(number, float):
        return None
    words: dict[str, Any] = {"field": flaw.path, "value": shown(number)}
    if bounds.ge is not None and number < bounds.ge:
        return MUST_BE_AT_LEAST(bound=_bound(bounds.ge), **words)
    if bounds.gt is not None and number <= bounds.gt:
        return MUST_BE_GREATER(bound=_bound(bounds.gt), **words)
    most = bounds.le if bounds.le is not None else _INTEGER_MAX
    return MUST_BE_AT_MOST(bound=_bound(most), **words) if number > most else None


def _wrong_text(path: str, rule: shapes.StrType, text: str) -> Refusal | None:
    least, most = rule.min_length or 0, rule.max_length
    if not text and least == 1:
        return MUST_NOT_BE_EMPTY(field=path, value=text)
    if len(text) < least or (most is not None and len(text) > most):
        return LENGTH_BETWEEN(
            field=path, least=least, most=_INTEGER_MAX if most is None else most, value=shown(text)
        )
    if rule.pattern is not None:
        return MUST_MATCH(field=path, pattern=rule.pattern, value=shown(text))
    return None


def _wrong_size(flaw: _Flaw, rule: Sized, size: int) -> Refusal | None:
    least, most = rule.min_length or 0, rule.max_length
    if least <= size and (most is None or size <= most):
        return None
    if most is None:
        return MUST_NOT_BE_EMPTY(field=flaw.path, value="[]")
    return SIZE_BETWEEN(field=flaw.path, least=least, most=most, size=size)


def _illegal(flaw: _Flaw, reason: str) -> Refusal:
    return ILLEGAL_INPUT(path=flaw.path or "body", reason=reason, value=shown(flaw.value))


def _bound(bound: float) -> str:
    return str(int(bound)) if float(bound).is_integer() else str(bound)
