"""What orders are asked for: the filters, and the periods that the contract allows.

Days are Moscow's. A period includes its beginning and excludes its end. The contract allows 30
days at most; a period whose two days are the same is that day.
"""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import msgspec

from entrepot.contract import errors
from entrepot.contract.dates import moscow_midnight, utc_moment
from entrepot.contract.enums import OrderStatus, OrderSubstatus
from entrepot.contract.errors import Refusal, Template
from entrepot.domain.delivery.slot import PlaceKind

PERIOD_DAYS_MAX = 30
FINISHED_SHOWN_DAYS = 30  # getOrders: those finished longer ago are not shown

# No order lies outside of these, and arithmetic on dates cannot leave a calendar's range.
_FIRST_DAY = date(1970, 1, 2)
_LAST_DAY = date(2999, 12, 31)
_DAY = timedelta(days=1)


class Days(NamedTuple):
    """A period in days; None is open."""

    begin: date | None = None
    end: date | None = None


class Moments(NamedTuple):
    """A period in moments (UTC); None is open."""

    begin: datetime | None = None
    end: datetime | None = None


class OrderSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Filters over the orders of one business; None does not filter.

    Statuses are those shown: an overdue draft is CANCELLED. `finished_since` leaves out what
    was delivered or cancelled before that moment.
    """

    business_id: int
    fake: bool = False
    campaign_ids: tuple[int, ...] | None = None
    order_ids: tuple[int, ...] | None = None
    statuses: tuple[OrderStatus, ...] | None = None
    substatuses: tuple[OrderSubstatus, ...] | None = None
    created: Moments = Moments()
    updated: Moments = Moments()
    shipped: Days = Days()
    place_kind: PlaceKind | None = None
    finished_since: datetime | None = None


class AskedDates(msgspec.Struct, frozen=True, kw_only=True):
    """The dates that a search names."""

    created_from: date | None = None
    created_to: date | None = None
    shipped_from: date | None = None
    shipped_to: date | None = None
    updated_from: datetime | None = None
    updated_to: datetime | None = None


class Periods(NamedTuple):
    """The periods that a search covers."""

    created: Moments
    shipped: Days
    updated: Moments


class OrderCursor(NamedTuple):
    """Where a page of orders ended; they are sorted by creation and id, newest first."""

    created_at: datetime
    id: int


def search_periods(asked: AskedDates, today: date, *, by_id: bool) -> Periods | Refusal:
    """Give the periods of a search; one for named orders covers all times unless it says so."""
    created: Moments | Refusal = Moments()
    if not by_id or asked.created_from or asked.created_to:
        created = creation_period(asked.created_from, asked.created_to, today)
    if isinstance(created, Refusal):
        return created
    shipped = shipment_period(asked.shipped_from, asked.shipped_to)
    if isinstance(shipped, Refusal):
        return shipped
    updated = update_period(asked.updated_from, asked.updated_to)
    return updated if isinstance(updated, Refusal) else Periods(created, shipped, updated)


def creation_period(begin: date | None, end: date | None, today: date) -> Moments | Refusal:
    """Give the period of creation: by default the last 30 days.

    The contract's default end is the current date, itself excluded, which would hide what was
    ordered today: without an end the period is checked as if it ended today and stays open.
    """
    days = _period(
        begin or today - timedelta(days=PERIOD_DAYS_MAX),
        end or today,
        errors.CREATION_DATES_INVERTED,
    )
    if isinstance(days, Refusal):
        return days
    return Moments(_midnight(days.begin), _midnight(days.end) if end else None)


def shipment_period(begin: date | None, end: date | None) -> Days | Refusal:
    """Give the period of shipment, open where nothing is said."""
    return _period(begin, end, errors.SHIPMENT_DATES_INVERTED)


def update_period(begin: datetime | None, end: datetime | None) -> Moments | Refusal:
    """Give the period of the last change, open where nothing is said."""
    first, last = _moment(begin), _moment(end)
    if first and last:
        if first >= last:
            return errors.UPDATE_DATES_INVERTED()
        if last - first > timedelta(days=PERIOD_DAYS_MAX):
            return _too_wide(begin, end)
    return Moments(first, last)


def _period(begin: date | None, end: date | None, inverted: Template) -> Days | Refusal:
    first, last = _within_calendar(begin), _within_calendar(end)
    if first and last:
        if first > last:
            return inverted()
        if first == last:
            last = first + _DAY
        if last - first > timedelta(days=PERIOD_DAYS_MAX):
            return _too_wide(begin, end)
    return Days(first, last)


def _too_wide(begin: date | None, end: date | None) -> Refusal:
    return errors.ORDER_FILTER_TOO_WIDE(
        date_from=begin and begin.isoformat(), date_to=end and end.isoformat(), days=PERIOD_DAYS_MAX
    )


def _within_calendar(day: date | None) -> date | None:
    return min(max(day, _FIRST_DAY), _LAST_DAY) if day else None


def _midnight(day: date | None) -> datetime | None:
    return moscow_midnight(day).astimezone(UTC) if day else None


def _moment(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    if not _FIRST_DAY.year < moment.year < _LAST_DAY.year:
        return _midnight(_within_calendar(moment.date()))
    return utc_moment(moment)
