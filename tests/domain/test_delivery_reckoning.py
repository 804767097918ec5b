"""The slots offered, against a reckoning of its own: by walking over the days, one by one.

Nothing of `entrepot.domain.delivery` is used for it but the facts of the network.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.domain.delivery.calendar import OwnDays
from entrepot.domain.delivery.lanes import lane_between
from entrepot.domain.delivery.routes import Routes
from entrepot.domain.delivery.slot import PlaceKind
from entrepot.domain.destination import Destination, Place, ToAddress, ToPoint, find_place
from entrepot.domain.network import LogisticPoint, Network, Warehouse

from .drawn_networks import networks
from .networks import (
    MOSCOW_POINT,
    MOSCOW_WAREHOUSE,
    NOVOSIBIRSK_WAREHOUSE,
    TVER_POINT,
    described,
    network,
)

MIDNIGHT = datetime.min.time()
DAY = timedelta(days=1)
Slot = tuple[date, int, int, int]

# Hours of years in which clocks were put for good, and others; days on which they change.
hours = st.integers(0, 23)
moments = st.builds(
    lambda day, hour: datetime(day.year, day.month, day.day, hour, tzinfo=UTC),
    st.dates(date(2011, 1, 1), date(2027, 12, 31))
    | st.sampled_from(
        [date(2011, 12, 29), date(2016, 7, 23), date(2026, 3, 28), date(2026, 10, 24)]
    ),
    hours,
)

destinations: st.SearchStrategy[Destination] = st.sampled_from(
    [
        ToPoint(MOSCOW_POINT),
        ToPoint(TVER_POINT),
        ToAddress("Москва, Арбат, 1"),
        ToAddress("г. Химки, Ленина, 1"),
    ]
)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Network, datetime, int, Place, int]:
    now = draw(moments)
    made = draw(networks(now.date()))
    place = find_place(made, draw(destinations))
    assert isinstance(place, Place)
    warehouse_id = draw(st.sampled_from([MOSCOW_WAREHOUSE, NOVOSIBIRSK_WAREHOUSE]))
    return made, now, warehouse_id, place, draw(st.integers(0, 9))


def is_worked(made: Network, calendar_id: int, own: OwnDays, day: date) -> bool:
    if day in own.working:
        return True
    if day in own.closed:
        return False
    shared = made.calendars[calendar_id]
    if day in shared.working_days:
        return True
    return day not in shared.holidays and day.weekday() not in shared.days_off


def departure(made: Network, sender: Warehouse, now: datetime) -> tuple[date, datetime]:
    """Walk from day to day until the order has been begun, packed and has left."""
    clock = ZoneInfo(sender.time_zone)
    there = now.astimezone(clock).replace(tzinfo=None)
    day, to_wait = there.date(), None
    while True:
        if is_worked(made, sender.calendar_id, sender.own_days, day):
            cut_off = datetime.combine(day, MIDNIGHT) + timedelta(
                minutes=sender.cut_offs[day.weekday()]
            )
            if to_wait is not None:
                to_wait -= 1
            elif day > there.date() or there < cut_off:
                to_wait = sender.handling_days
            if to_wait == 0:
                return day, cut_off.replace(tzinfo=clock)
        day += DAY


def possible_slots(
    made: Network, now: datetime, warehouse_id: int, place: Place, ahead: int
) -> set[Slot]:
    lane = lane_between(made, warehouse_id, place.region_id)
    carried = lane and (lane.pickup if place.kind is PlaceKind.POINT else lane.courier)
    if lane is None or carried is None:
        return set()
    sender, target = made.warehouses[warehouse_id], place.target
    ship_day, leaves = departure(made, sender, now)
    left_there = leaves.astimezone(ZoneInfo(target.time_zone)).replace(tzinfo=None)
    today = now.astimezone(ZoneInfo(sender.time_zone)).date()
    found: set[Slot] = set()
    for number in range(-2, ahead + 3):
        day = today + number * DAY
        if day > today + ahead * DAY or day < ship_day + lane.transit_days_max * DAY:
            continue
        if not is_worked(made, target.calendar_id, target.own_days, day):
            continue
        if isinstance(target, LogisticPoint):
            hours = target.hours[day.weekday()]
            # Goods that come after closing time are there on the next day.
            if hours and target.daily_capacity and at(day, hours.to_minute) > left_there:
                found.add((day, 0, 1440, target.daily_capacity))
            continue
        for opens, closes, capacity in target.week[day.weekday()]:
            if capacity and at(day, opens) >= left_there.replace(second=0, microsecond=0):
                found.add((day, opens, closes, capacity))
    return found


def at(day: date, minute: int) -> datetime:
    return datetime.combine(day, MIDNIGHT) + timedelta(minutes=minute)


@settings(max_examples=120)
@given(questions())
def test_exactly_what_is_possible_is_offered(
    question: tuple[Network, datetime, int, Place, int],
) -> None:
    made, now, warehouse_id, place, ahead = question
    route = Routes(made, now=now, days_ahead=ahead).find(warehouse_id, place)
    offered = () if route is None else route.window.slots()
    shown = [(*slot.key[2:], slot.capacity) for slot in offered]
    assert shown == sorted(shown)
    assert {tuple(each) for each in shown} == possible_slots(made, *question[1:])
    assert {slot.key[:2] for slot in offered} <= {(place.kind, place.target.id)}
    # And each is found by itself, as placing asks for it.
    for slot in offered:
        assert route is not None
        assert route.window.slot(*slot.key[2:]) == slot


@settings(max_examples=60)
@given(questions(), st.integers(0, 3 * 24))
def test_who_orders_later_is_offered_nothing_earlier(
    question: tuple[Network, datetime, int, Place, int], hours_later: int
) -> None:
    made, now, warehouse_id, place, ahead = question
    later = now + timedelta(hours=hours_later)
    first, second = (
        Routes(made, now=moment, days_ahead=ahead + 10).find(warehouse_id, place)
        for moment in (now, later)
    )
    if first is not None and second is not None:
        begins = (first.window.first_day, first.window.first_minute)
        assert begins <= (second.window.first_day, second.window.first_minute)


@settings(max_examples=60)
@given(questions(), st.lists(st.integers(0, 40), max_size=4), st.integers(0, 12))
def test_what_is_remembered_is_what_would_be_found(
    question: tuple[Network, datetime, int, Place, int], hours_between: list[int], days: int
) -> None:
    made, now, warehouse_id, place, ahead = question
    routes = Routes(made, now=now, days_ahead=ahead)
    for hours_later in (0, *hours_between):
        now += timedelta(hours=hours_later)
        routes = routes.at(made, now)
        fresh = Routes(made, now=now, days_ahead=ahead)
        for day in (now.date() + days * DAY, now.date() + ahead * DAY):
            for minutes in ((0, 1440), (600, 840)):
                asked = (warehouse_id, place, day, *minutes)
                found = routes.find_slot(*asked)
                assert found == fresh.find_slot(*asked) == routes.find_slot(*asked)


def test_another_network_is_asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """And so is everything, once very much is remembered."""
    now = datetime(2026, 6, 2, 7, tzinfo=UTC)
    asked = date(2026, 6, 9), 0, 1440

    def capacity(routes: Routes, made: Network) -> int:
        place = find_place(made, ToPoint(MOSCOW_POINT))
        assert isinstance(place, Place)
        _, offered = routes.find_slot(MOSCOW_WAREHOUSE, place, *asked)
        assert offered is not None
        return offered.capacity

    made = network()
    first = Routes(made, now=now, days_ahead=14)
    before = capacity(first, made)
    roomier = [
        msgspec.structs.replace(point, daily_capacity=point.daily_capacity + 1)
        for point in described().points
    ]
    other = network(points=tuple(roomier))
    assert capacity(first.at(other, now), other) == before + 1
    assert first.at(made, now).remembered == 1
    monkeypatch.setattr("entrepot.domain.delivery.routes.REMEMBERED_MAX", 1)
    assert first.at(made, now).remembered == 0
