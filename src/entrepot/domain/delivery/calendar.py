"""Working days: of a warehouse that packs, of a point that opens, of a zone that delivers."""

from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

SEARCH_DAYS_MAX = (
    400  # longer than any closure of a year: a calendar that never works ends a search
)
_DAY = timedelta(days=1)


class Calendar(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Weekly days off, holidays, and days worked all the same (a transferred Saturday).

    `days_off` holds weekdays, Monday is 0. A date in `working_days` wins over both others. Dates
    are stored: what a country celebrates is written into them when a network is made.
    """

    id: int
    name: str
    days_off: frozenset[int] = frozenset()
    holidays: frozenset[date] = frozenset()
    working_days: frozenset[date] = frozenset()

    def works(self, day: date) -> bool:
        """Tell whether work is done that day."""
        if day in self.working_days:
            return True
        return day.weekday() not in self.days_off and day not in self.holidays

    def first_working_day(self, day: date) -> date | None:
        """Give the first working day from that day on, None when none comes within a year."""
        for _ in range(SEARCH_DAYS_MAX):
            if self.works(day):
                return day
            day += _DAY
        return None

    def after_working_days(self, day: date, count: int) -> date | None:
        """Give the working day that lies `count` working days after a working day."""
        for _ in range(count):
            later = self.first_working_day(day + _DAY)
            if later is None:
                return None
            day = later
        return day


class OwnDays(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Exceptions of one place over its calendar; a day in both is worked."""

    closed: frozenset[date] = frozenset()
    working: frozenset[date] = frozenset()


def with_own_days(shared: Calendar, own: OwnDays) -> Calendar:
    """Give the calendar of one place: the shared one, but for the place's own days."""
    if not own.closed and not own.working:
        return shared
    return msgspec.structs.replace(
        shared,
        holidays=shared.holidays | own.closed,
        working_days=(shared.working_days - own.closed) | own.working,
    )


def calendar(
    calendar_id: int,
    name: str,
    *,
    days_off: Iterable[int] = (),
    holidays: Iterable[date] = (),
    working_days: Iterable[date] = (),
) -> Calendar:
    """Make a calendar from any collections."""
    return Calendar(
        calendar_id, name, frozenset(days_off), frozenset(holidays), frozenset(working_days)
    )
