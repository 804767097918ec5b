"""What can stand in a cell: how each kind of value is read and written.

Spreadsheets change what they are given: a time becomes `9:00:00`, a day `12.06.2026`, a decimal
point a comma, a thousand `1 000`. All of that is read; what is written is the plain form.
"""

import re
from collections.abc import Callable, Collection, Iterable
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import available_timezones

from entrepot.contract.enums import RegionType
from entrepot.domain.offers import GOODS_KIND_CHARS_MAX

ID_MAX = 2**53 - 1  # what every client of the contract can tell apart
COUNT_MAX = 2**31 - 1
RANGE_DAYS_MAX = 400
_SCALED_MAX = 10**15  # ten thousand billion roubles, a cubic kilometre of litres

_YES = frozenset({"yes", "true", "1", "y", "да", "истина"})
_NO = frozenset({"no", "false", "0", "n", "нет", "ложь"})
_BLANKS = str.maketrans("", "", " \u00a0\u202f")
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})\.(\d{1,2})\.(\d{4})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_KOPECKS, _MM3_PER_LITRE = 100, 1_000_000


class BadCellError(ValueError):
    """A cell that cannot be read; the message goes on after the value: "is no whole number"."""


class CellKind(NamedTuple):
    """A kind of value: from text, and to text.

    A list in YAML is read as the text that `join` makes of its texts, and written as the texts
    that `parts` makes of a value. `is_number` says that it stands bare in YAML.
    """

    read: Callable[[str], Any]
    write: Callable[[Any], str] = str
    join: Callable[[list[str]], str] | None = None
    parts: Callable[[Any], list[str]] | None = None
    is_number: bool = False


def whole(least: int, most: int = COUNT_MAX) -> CellKind:
    """Describe a whole number within bounds."""

    def read(text: str) -> int:
        try:
            number = int(text.translate(_BLANKS))
        except ValueError:
            raise BadCellError("is no whole number") from None
        if not least <= number <= most:
            raise BadCellError(f"is not from {least} to {most}")
        return number

    return CellKind(read, is_number=True)


def degrees(most: int) -> CellKind:
    """Describe a coordinate in degrees."""

    def read(text: str) -> float:
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            raise BadCellError("is no number of degrees") from None
        if not -most <= number <= most:
            raise BadCellError(f"is not from -{most} to {most} degrees")
        return number

    return CellKind(read, repr, is_number=True)


def scaled(name: str, factor: int, digits: int, *, least: int) -> CellKind:
    """Describe a decimal number that is a whole number of its smallest part: roubles, litres."""
    low = "0" if least == 0 else f"{Decimal(least) / factor:f}"
    most = _SCALED_MAX // factor

    def read(text: str) -> int:
        try:
            number = Decimal(text.translate(_BLANKS).replace(",", "."))
        except InvalidOperation:
            raise BadCellError(f"is no number of {name}") from None
        if not number.is_finite() or not Decimal(least) / factor <= number <= most:
            raise BadCellError(f"is not from {low} to {most} {name}")
        exact = number * factor
        if exact != int(exact):
            raise BadCellError(f"has more than {digits} digits after the point")
        return int(exact)

    def write(value: int) -> str:
        units, rest = divmod(value, factor)
        return f"{units}.{rest:0{digits}}".rstrip("0").rstrip(".") if rest else str(units)

    return CellKind(read, write, is_number=True)


def write_roubles(kopecks: int) -> str:
    """Write an amount as prices are written: `120`, `120.50`."""
    roubles, rest = divmod(kopecks, _KOPECKS)
    return f"{roubles}.{rest:02}" if rest else str(roubles)


def text(chars_max: int) -> CellKind:
    """Describe a line of text."""

    def read(cell: str) -> str:
        if len(cell) > chars_max:
            raise BadCellError(f"is longer than {chars_max} characters")
        if _CONTROL.search(cell):
            raise BadCellError("holds a line break or another control character")
        return cell

    return CellKind(read)


def texts(chars_max: int) -> CellKind:
    """Describe a list of texts between bars; a bar inside one has a backslash before it."""
    one = text(chars_max)

    def read(cell: str) -> tuple[str, ...]:
        return tuple(one.read(part) for part in _split_bars(cell) if part)

    def write(values: Iterable[str]) -> str:
        return "|".join(value.replace("\\", "\\\\").replace("|", "\\|") for value in values)

    return CellKind(read, write, write, list)


def kinds(chars_max: int) -> CellKind:
    """Describe a set of goods' kinds, as `texts` in any order."""
    ordered = texts(chars_max)
    return CellKind(
        lambda cell: frozenset(ordered.read(cell)),
        lambda values: ordered.write(sorted(values)),
        ordered.join,
        sorted,
    )


def _read_ids(cell: str) -> tuple[int, ...]:
    found = tuple(ID.read(part) for part in re.split(r"[|,;\s]+", cell) if part)
    if len(set(found)) != len(found):
        raise BadCellError("names an id twice")
    return found


def _read_flag(cell: str) -> bool:
    word = cell.casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise BadCellError("is neither yes nor no")


def _read_region_type(cell: str) -> RegionType:
    try:
        return RegionType(cell.upper().replace(" ", "_"))
    except ValueError:
        raise BadCellError(f"is none of {', '.join(RegionType)}") from None


@cache
def _time_zones() -> Collection[str]:
    return frozenset(available_timezones())


def _read_time_zone(cell: str) -> str:
    if cell not in _time_zones():
        raise BadCellError("is no time zone; one reads Europe/Moscow")
    return cell


def _read_country(cell: str) -> str:
    code = cell.upper()
    if re.fullmatch("[A-Z]{2}", code) is None:
        raise BadCellError("is no country code of two letters")
    return code


def _read_date(cell: str) -> date:
    found = _DATE.fullmatch(cell)
    if found is None:
        raise BadCellError(f"holds {cell!r}, which is no day; one reads 2026-12-31")
    year, month, day, local_day, local_month, local_year = found.groups()
    try:
        return date(int(year or local_year), int(month or local_month), int(day or local_day))
    except ValueError:
        raise BadCellError(f"holds {cell!r}, which no calendar has") from None


def _read_dates(cell: str) -> frozenset[date]:
    found: set[date] = set()
    for part in re.split(r"[|,;\s]+", re.sub(r"\s*\.\.\s*", "..", cell.strip())):
        if not part:
            continue
        first, has_range, last = part.partition("..")
        start = _read_date(first)
        end = _read_date(last) if has_range else start
        length = (end - start).days
        if not 0 <= length <= RANGE_DAYS_MAX:
            raise BadCellError(f"holds {part!r}, which is no range of up to {RANGE_DAYS_MAX} days")
        found.update(start + timedelta(days=nth) for nth in range(length + 1))
    return frozenset(found)


def _write_dates(days: Iterable[date]) -> str:
    return "|".join(_date_ranges(days))


def _date_ranges(days: Iterable[date]) -> list[str]:
    """Write days, three or more in a row as a range."""
    runs: list[list[date]] = []
    for day in sorted(days):
        if runs and (day - runs[-1][-1]).days == 1 and len(runs[-1]) < RANGE_DAYS_MAX:
            runs[-1].append(day)
        else:
            runs.append([day])
    found: list[str] = []
    for run in runs:
        if len(run) > 2:  # noqa: PLR2004 - two days read as well by themselves
            found.append(f"{run[0]}..{run[-1]}")
        else:
            found += map(str, run)
    return found


def _read_years(cell: str) -> tuple[int, ...]:
    found: set[int] = set()
    for part in re.split(r"[|,;\s]+", re.sub(r"\s*(-|\.\.)\s*", "-", cell.strip())):
        first, _, last = part.partition("-")
        start, end = _YEAR.read(first), _YEAR.read(last or first)
        found.update(range(start, end + 1))
    if not found:
        raise BadCellError("holds no year; years read 2026-2030")
    return tuple(sorted(found))


def _split_bars(cell: str) -> list[str]:
    if "\\" not in cell:
        return [part.strip() for part in cell.split("|")]
    parts, escaped = [""], False
    for char in cell:
        if not escaped and char == "|":
            parts.append("")
        elif not escaped and char == "\\":
            escaped = True
            continue
        else:
            parts[-1] += char
        escaped = False
    return [part.strip() for part in parts]


def _listed(values: Iterable[object]) -> str:
    return "|".join(map(str, values))


ID = whole(1, ID_MAX)
IDS = CellKind(_read_ids, _listed, _listed, lambda ids: list(map(str, ids)))
COUNT = whole(0)
POSITIVE = whole(1)
DAYS_LONG, STORAGE_DAYS = whole(0, 365), whole(1, 365)
LATITUDE, LONGITUDE = degrees(90), degrees(180)
ROUBLES = scaled("roubles", _KOPECKS, 2, least=0)._replace(write=write_roubles)
PRICE = scaled("roubles", _KOPECKS, 2, least=1)._replace(write=write_roubles)
LITRES = scaled("litres", _MM3_PER_LITRE, 6, least=1)
FLAG = CellKind(_read_flag, lambda value: "yes" if value else "no")
REGION_TYPE = CellKind(_read_region_type)
TIME_ZONE = CellKind(_read_time_zone)
COUNTRY = CellKind(_read_country)
DATES = CellKind(_read_dates, _write_dates, _listed, _date_ranges)
_YEAR = whole(1990, 2100)
YEARS = CellKind(_read_years, _listed, _listed)
NAME, ADDRESS = text(512), text(512)
NAMES = texts(512)
GOODS_KINDS = kinds(GOODS_KIND_CHARS_MAX)
