"""Weeks as people write them: `Mon-Fri 09:00-21:00; Sat 10:00-18:00`.

Entries stand between semicolons: days, then a time or an interval. An entry without days is for
every day that no other entry names.
"""

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from entrepot.domain.network import DAYS_OF_WEEK, MINUTES_OF_DAY, OpenHours
from entrepot.network_files.cells import BadCellError, CellKind

DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CLOSED = "closed"
_EVERY_DAY = frozenset(range(DAYS_OF_WEEK))
_RUSSIAN = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")
_NUMBERS = {name.casefold(): number for number, name in enumerate(DAY_NAMES)} | {
    name: number for number, name in enumerate(_RUSSIAN)
}
_DAYS_AND_TIMES = re.compile(r"(?:([^\d]+?)\s*)?(\d.*)")
_TIME = re.compile(r"(\d{1,2}):(\d\d)(?::00)?")
_LAST_MINUTE = MINUTES_OF_DAY - 1

_Value = TypeVar("_Value")


def read_time(text: str) -> int:
    """Read a time as a minute of the day; `24:00` is the day's end."""
    found = _TIME.fullmatch(text.strip())
    if found is None or not int(found[2]) < 60:  # noqa: PLR2004 - minutes
        raise BadCellError(f"holds {text.strip()!r}, which is no time; one reads 09:00")
    minute = int(found[1]) * 60 + int(found[2])
    if minute > MINUTES_OF_DAY:
        raise BadCellError(f"holds {text.strip()!r}, which no clock shows")
    return minute


def write_time(minute: int) -> str:
    """Write a minute of the day."""
    return f"{minute // 60:02}:{minute % 60:02}"


def read_days(text: str) -> frozenset[int]:
    """Read weekdays, Monday is 0: `Mon-Fri`, `Mon, Wed, Sat-Sun`, `daily`."""
    if text.strip().casefold() in {"daily", "every day", "ежедневно"}:
        return _EVERY_DAY
    found: set[int] = set()
    for part in re.split(r"[,|\s]+", re.sub(r"\s*[-–—]\s*", "-", text.strip(" \t,:"))):
        first, _, last = part.partition("-")
        start, end = _day(first), _day(last or first)
        found.update(
            (start + nth) % DAYS_OF_WEEK for nth in range((end - start) % DAYS_OF_WEEK + 1)
        )
    return frozenset(found)


def write_days(days: Iterable[int]) -> str:
    """Write weekdays, three or more in a row as a range."""
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(
        f"{DAY_NAMES[run[0]]}-{DAY_NAMES[run[-1]]}"
        if len(run) > 2  # noqa: PLR2004 - two days read as well by themselves
        else ", ".join(DAY_NAMES[day] for day in run)
        for run in runs
    )


def _day(name: str) -> int:
    number = _NUMBERS.get(name.strip().casefold().rstrip("."))
    if number is None:
        raise BadCellError(f"holds {name!r}, which is no day of the week; they are Mon to Sun")
    return number


def _read_week(text: str) -> tuple[str | None, ...]:
    """Give what stands for each day, None where nothing does."""
    named: dict[int, str] = {}
    rest: str | None = None
    for entry in text.split(";"):
        stripped = entry.strip()
        if not stripped:
            continue
        found = _DAYS_AND_TIMES.fullmatch(stripped)
        if found is None:
            raise BadCellError(f"holds {stripped!r}, where a time is missing")
        if found[1] is None:
            if rest is not None:
                raise BadCellError("has two entries without days")
            rest = found[2]
            continue
        for day in read_days(found[1]):
            if day in named:
                raise BadCellError(f"names {DAY_NAMES[day]} twice")
            named[day] = found[2]
    return tuple(named.get(day, rest) for day in range(DAYS_OF_WEEK))


def _write_week(values: Sequence[_Value], written: Sequence[str | None]) -> str:
    """Write a week; days of one value share an entry."""
    entries: dict[_Value, list[int]] = {}
    for day, value in enumerate(values):
        if written[day] is not None:
            entries.setdefault(value, []).append(day)
    if len(entries) == 1 and len(next(iter(entries.values()))) == DAYS_OF_WEEK:
        return written[0] or ""
    return "; ".join(f"{write_days(days)} {written[days[0]]}" for days in entries.values())


def _read_hours(text: str) -> tuple[OpenHours | None, ...]:
    if text.casefold() == CLOSED:
        return (None,) * DAYS_OF_WEEK
    return tuple(None if entry is None else _interval(entry) for entry in _read_week(text))


def _interval(text: str) -> OpenHours:
    first, *others = re.split(r"\s*[-–—]\s*", text)
    if len(others) != 1:
        raise BadCellError(f"holds {text!r}, which is no interval; one reads 09:00-21:00")
    hours = OpenHours(read_time(first), min(read_time(others[0]), _LAST_MINUTE))
    if hours.from_minute >= hours.to_minute:
        raise BadCellError(f"holds {text!r}, which ends before it begins")
    return hours


def _write_hours(hours: Sequence[OpenHours | None]) -> str:
    written = [
        None if each is None else f"{write_time(each.from_minute)}-{write_time(each.to_minute)}"
        for each in hours
    ]
    return _write_week(hours, written) or CLOSED


def _read_cut_offs(text: str) -> tuple[int, ...]:
    week = _read_week(text)
    missing = [DAY_NAMES[day] for day, entry in enumerate(week) if entry is None]
    if missing:
        raise BadCellError(f"has no time for {', '.join(missing)}")
    return tuple(read_time(entry) for entry in week if entry is not None)


def _write_cut_offs(minutes: Sequence[int]) -> str:
    return _write_week(minutes, list(map(write_time, minutes)))


def _entries(texts: list[str]) -> str:
    return "; ".join(texts)


TIME = CellKind(read_time, write_time)
TIME_OF_DAY = CellKind(lambda text: min(read_time(text), _LAST_MINUTE), write_time)
WEEKDAYS = CellKind(read_days, write_days, ",".join)
HOURS = CellKind(_read_hours, _write_hours, _entries)
CUT_OFFS = CellKind(_read_cut_offs, _write_cut_offs, _entries)
