from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.domain.delivery.calendar import calendar

OFFICE = calendar(
    1,
    "Weekdays, a holiday on Friday the 12th, Saturday the 20th worked for it",
    days_off=(5, 6),
    holidays=(date(2026, 6, 12),),
    working_days=(date(2026, 6, 20),),
)

calendars = st.builds(
    lambda days_off, holidays, worked: calendar(
        1, "any", days_off=days_off, holidays=holidays, working_days=worked
    ),
    st.sets(st.integers(0, 6), max_size=6),
    st.sets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=20),
    st.sets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=20),
)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 6, 11), True),
        (date(2026, 6, 12), False),  # holiday
        (date(2026, 6, 13), False),  # Saturday
        (date(2026, 6, 15), True),
        (date(2026, 6, 20), True),  # a Saturday that is worked
        (date(2026, 6, 21), False),
    ],
)
def test_a_day_is_worked_or_not(day: date, works: bool) -> None:
    assert OFFICE.works(day) is works


@pytest.mark.parametrize(
    ("start", "count", "expected"),
    [
        (date(2026, 6, 11), 0, date(2026, 6, 11)),
        (date(2026, 6, 11), 1, date(2026, 6, 15)),
        (date(2026, 6, 11), 2, date(2026, 6, 16)),
        (date(2026, 6, 19), 1, date(2026, 6, 20)),
        (date(2026, 6, 19), 2, date(2026, 6, 22)),
    ],
)
def test_working_days_are_counted(start: date, count: int, expected: date) -> None:
    assert OFFICE.after_working_days(start, count) == expected


def test_a_calendar_that_never_works_has_no_working_day() -> None:
    closed = calendar(1, "Closed for good", days_off=range(7))
    assert closed.first_working_day(date(2026, 6, 1)) is None
    assert closed.after_working_days(date(2026, 6, 1), 1) is None


@given(calendars, st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_the_first_working_day_is_the_first(made: object, day: date) -> None:
    first = made.first_working_day(day)  # type: ignore[attr-defined]
    assert first is not None
    assert made.works(first)  # type: ignore[attr-defined]
    between = (day + timedelta(days=n) for n in range((first - day).days))
    assert not any(made.works(each) for each in between)  # type: ignore[attr-defined]
