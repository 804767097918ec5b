"""The periods that orders may be asked for."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.contract.errors import (
    CREATION_DATES_INVERTED,
    SHIPMENT_DATES_INVERTED,
    UPDATE_DATES_INVERTED,
    Refusal,
)
from entrepot.domain.order_search import (
    AskedDates,
    Days,
    Moments,
    Periods,
    creation_period,
    search_periods,
    shipment_period,
    update_period,
)

TODAY = date(2026, 3, 31)


def moscow(year: int, month: int, day: int) -> datetime:
    """Give the moment a day begins in Moscow, written in UTC."""
    return datetime(year, month, day, tzinfo=UTC) - timedelta(hours=3)


def test_default_is_thirty_days_and_reaches_to_the_present() -> None:
    assert creation_period(None, None, TODAY) == Moments(moscow(2026, 3, 1), None)


def test_beginning_alone_reaches_to_the_present() -> None:
    assert creation_period(date(2026, 3, 20), None, TODAY) == Moments(moscow(2026, 3, 20), None)
    assert creation_period(TODAY, None, TODAY) == Moments(moscow(2026, 3, 31), None)


def test_end_is_excluded_and_days_are_those_of_moscow() -> None:
    found = creation_period(date(2026, 2, 1), date(2026, 3, 1), TODAY)
    assert found == Moments(moscow(2026, 2, 1), moscow(2026, 3, 1))


def test_same_day_twice_is_that_day() -> None:
    found = creation_period(date(2026, 2, 28), date(2026, 2, 28), TODAY)
    assert found == Moments(moscow(2026, 2, 28), moscow(2026, 3, 1))
    assert shipment_period(date(2026, 12, 31), date(2026, 12, 31)) == Days(
        date(2026, 12, 31), date(2027, 1, 1)
    )


@pytest.mark.parametrize(
    ("begin", "end"),
    [(date(2026, 3, 2), date(2026, 3, 1)), (None, date(2026, 2, 28)), (date(2026, 4, 1), None)],
)
def test_creation_that_ends_before_it_begins_is_refused(
    begin: date | None, end: date | None
) -> None:
    assert creation_period(begin, end, TODAY) == CREATION_DATES_INVERTED()


def test_thirty_days_are_allowed_and_thirty_one_are_not() -> None:
    begin = date(2026, 1, 1)
    assert not isinstance(creation_period(begin, begin + timedelta(days=30), TODAY), Refusal)
    refusal = creation_period(begin, begin + timedelta(days=31), TODAY)
    assert isinstance(refusal, Refusal)
    assert refusal.message == (
        "Invalid filters: interval between 2026-01-01 and 2026-02-01 is more than 30 days."
    )


def test_beginning_alone_may_lie_thirty_days_back() -> None:
    assert not isinstance(creation_period(TODAY - timedelta(days=30), None, TODAY), Refusal)
    refusal = creation_period(TODAY - timedelta(days=31), None, TODAY)
    assert isinstance(refusal, Refusal)
    assert "2026-02-28 and 2026-03-31 is more than 30 days" in refusal.message


def test_shipment_is_open_where_nothing_is_said() -> None:
    assert shipment_period(None, None) == Days()
    assert shipment_period(date(2020, 1, 1), None) == Days(date(2020, 1, 1), None)
    assert shipment_period(date(2026, 3, 2), date(2026, 3, 1)) == SHIPMENT_DATES_INVERTED()
    assert isinstance(shipment_period(date(2026, 1, 1), date(2026, 2, 1)), Refusal)


def test_update_moments_without_an_offset_are_moscow_time() -> None:
    naive = datetime(2026, 3, 1, 12, 0)  # noqa: DTZ001 - what a client may send
    assert update_period(naive, None) == Moments(datetime(2026, 3, 1, 9, 0, tzinfo=UTC), None)


def test_update_must_begin_before_it_ends() -> None:
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    assert update_period(begin, begin) == UPDATE_DATES_INVERTED()
    assert update_period(begin, begin - timedelta(seconds=1)) == UPDATE_DATES_INVERTED()
    assert not isinstance(update_period(begin, begin + timedelta(days=30)), Refusal)
    assert isinstance(update_period(begin, begin + timedelta(days=30, seconds=1)), Refusal)


def test_named_orders_are_sought_at_all_times_unless_dates_are_given() -> None:
    by_id = search_periods(AskedDates(), TODAY, by_id=True)
    assert by_id == Periods(Moments(), Days(), Moments())
    dated = search_periods(AskedDates(created_to=TODAY), TODAY, by_id=True)
    assert isinstance(dated, Periods)
    assert dated.created == Moments(moscow(2026, 3, 1), moscow(2026, 3, 31))


@pytest.mark.parametrize(
    "asked",
    [
        AskedDates(created_from=date(2026, 3, 2), created_to=date(2026, 3, 1)),
        AskedDates(shipped_from=date(2026, 3, 2), shipped_to=date(2026, 3, 1)),
        AskedDates(
            updated_from=datetime(2026, 3, 2, tzinfo=UTC),
            updated_to=datetime(2026, 3, 1, tzinfo=UTC),
        ),
    ],
)
def test_each_period_is_checked(asked: AskedDates) -> None:
    assert isinstance(search_periods(asked, TODAY, by_id=True), Refusal)


days = st.none() | st.dates()
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.none() | st.datetimes(timezones=st.none() | offsets)


@given(days, days, days, days, moments, moments)
def test_no_date_of_the_calendar_breaks_anything(
    created_from: date | None,
    created_to: date | None,
    shipped_from: date | None,
    shipped_to: date | None,
    updated_from: datetime | None,
    updated_to: datetime | None,
) -> None:
    asked = AskedDates(
        created_from=created_from,
        created_to=created_to,
        shipped_from=shipped_from,
        shipped_to=shipped_to,
        updated_from=updated_from,
        updated_to=updated_to,
    )
    found = search_periods(asked, TODAY, by_id=False)
    if isinstance(found, Refusal):
        return
    for begin, end in (found.created, found.updated):
        for moment in (begin, end):
            assert moment is None or (moment.tzinfo is UTC and 1969 < moment.year < 3001)
        if begin and end:
            assert timedelta(0) < end - begin <= timedelta(days=30)
    if found.shipped.begin and found.shipped.end:
        assert found.shipped.begin < found.shipped.end
