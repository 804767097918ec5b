"""Read query parameters into the Struct that an operation declares.

An empty value counts as absent. Lists are written with commas, by repetition, or both. Of a
repeated single parameter the first value counts. Unknown parameters mean nothing.
"""

import urllib.parse

import msgspec
from msgspec import inspect as shapes

from entrepot import limits
from entrepot.contract.errors import ILLEGAL_INPUT, TYPE_MISMATCH, Refusal
from entrepot.http.explain import explain_query, shown

# The contract's own second spelling (`x-aliases`).
_ALIASES = {"page_token": "pageToken"}
# A word like any other in a query, though msgspec would take it for an absent value.
_NULL = "null"


class QueryReader:
    """Reads query strings for one operation."""

    def __init__(self, declared: type[msgspec.Struct]) -> None:
        """Prepare what every request needs."""
        self._declared = declared
        self._is_list: dict[str, bool] = {}
        self._clamps: dict[str, int] = {}
        self._not_texts: set[str] = set()
        shape = shapes.type_info(declared)
        assert isinstance(shape, shapes.StructType)
        for field in shape.fields:
            self._is_list[field.encode_name] = _is_list(field.type)
            if not _is_text(field.type):
                self._not_texts.add(field.encode_name)
            most = _clamp(field.type)
            if most is not None:
                self._clamps[field.encode_name] = most

    def read(self, query_string: bytes) -> msgspec.Struct | Refusal:
        """Read the parameters of one request."""
        values: dict[str, object] = {}
        if query_string:
            pairs = _pairs(query_string)
            if isinstance(pairs, Refusal):
                return pairs
            values = self._gather(pairs)
            if any(values.get(name) == _NULL for name in self._not_texts):
                return TYPE_MISMATCH(value=_NULL)
        try:
            return msgspec.convert(values, self._declared, strict=False)
        except msgspec.ValidationError as error:
            return explain_query(error, self._declared, values)

    def _gather(self, pairs: list[tuple[str, str]]) -> dict[str, object]:
        values: dict[str, object] = {}
        lists: dict[str, list[str]] = {}
        for sent_name, value in pairs:
            name = _ALIASES.get(sent_name, sent_name)
            is_list = self._is_list.get(name)
            if is_list:
                lists.setdefault(name, []).extend(filter(None, value.split(",")))
            elif is_list is False and value:
                values.setdefault(name, value)
        values.update({name: parts for name, parts in lists.items() if parts})
        for name, most in self._clamps.items():
            sent = values.get(name)
            if isinstance(sent, str) and sent.isdecimal() and int(sent[:20]) > most:
                values[name] = str(most)
        return values


def _pairs(query_string: bytes) -> list[tuple[str, str]] | Refusal:
    try:
        pairs = urllib.parse.parse_qsl(
            query_string.decode("utf-8", "replace"),
            keep_blank_values=True,
            max_num_fields=limits.QUERY_PARAMETERS_MAX,
        )
    except ValueError:
        return ILLEGAL_INPUT(
            path="query",
            reason="too many parameters",
            value=f"more than {limits.QUERY_PARAMETERS_MAX}",
        )
    for name, value in pairs:
        if "\0" in value:
            text = shown(value.replace("\0", "\\u0000"))
            return ILLEGAL_INPUT(path=name, reason="U+0000 is not allowed", value=text)
    return pairs


def _is_text(shape: shapes.Type) -> bool:
    if isinstance(shape, shapes.UnionType):
        return any(_is_text(one) for one in shape.types)
    if isinstance(shape, shapes.Metadata):
        return _is_text(shape.type)
    return isinstance(shape, shapes.StrType)


def _is_list(shape: shapes.Type) -> bool:
    if isinstance(shape, shapes.UnionType):
        return any(_is_list(one) for one in shape.types)
    if isinstance(shape, shapes.Metadata):
        return _is_list(shape.type)
    return isinstance(
        shape, shapes.ListType | shapes.SetType | shapes.FrozenSetType | shapes.VarTupleType
    )


def _clamp(shape: shapes.Type) -> int | None:
    """Give the largest value of a parameter that is cut down instead of refused."""
    if isinstance(shape, shapes.UnionType):
        return next((most for one in shape.types if (most := _clamp(one)) is not None), None)
    if not isinstance(shape, shapes.Metadata):
        return None
    extra = shape.extra_json_schema or {}
    most = extra.get("maximum") if extra.get("x-transform") == "truncateLimit" else None
    return most if isinstance(most, int) else _clamp(shape.type)
