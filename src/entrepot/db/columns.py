"""Columns of values for `unnest`, written as the text of a PostgreSQL array.

asyncpg looks at each element of an array twice in Python before it encodes it, which was a
tenth of all the time it took to place an order. msgspec writes a whole list at once; what JSON
and PostgreSQL's array literals spell alike (numbers, true, null, quoted text, dates) is nearly
everything. Statements take such a column as `$1::text::bigint[]`.
"""

from collections.abc import Iterable, Sequence

import msgspec

_encode = msgspec.json.Encoder().encode


def arrays(kinds: Iterable[str], first: int = 1) -> str:
    """Name parameters from `first` on that are columns of these types, as `unnest` takes them."""
    return ", ".join(f"${number}::text::{kind}[]" for number, kind in enumerate(kinds, first))


def column(values: Iterable[object]) -> str:
    """Write values (numbers, texts, truths, dates, moments, None) as an array literal."""
    written = list(values)
    text = _encode(written).decode()
    if "\\" in text:  # JSON escapes more than PostgreSQL understands
        return "{" + ",".join(map(_element, written)) + "}"
    return "{" + text[1:-1] + "}"


def optional_column(values: Sequence[object]) -> str:
    """Write values of which often none is there, beside a column that is complete.

    Where `unnest` takes several arrays it fills the shorter ones with NULL, so a column of
    nothing else need not be written, sent and read.
    """
    return "{}" if values.count(None) == len(values) else column(values)


def _element(value: object) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return _encode(value).decode()
