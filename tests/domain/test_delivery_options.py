"""What may be promised, as a planner would check it: every line a case, every date of 2026."""

from datetime import datetime

import msgspec
import pytest

from entrepot.domain.delivery.calendar import OwnDays
from entrepot.domain.delivery.offering import OfferedSlot
from entrepot.domain.delivery.routes import Route, Routes, route_of
from entrepot.domain.delivery.shipping import shipping_as_planned
from entrepot.domain.delivery.slot import PlaceKind, SlotKey
from entrepot.domain.destination import Place, ToAddress, ToPoint, find_place
from entrepot.domain.network import LogisticPoint, Network, Warehouse
from entrepot.network_files.build import calendar_of
from entrepot.network_files.row_types import CalendarRow

from .networks import (
    EVERY_DAY,
    KHIMKI,
    MOSCOW,
    MOSCOW_POINT,
    MOSCOW_REGION,
    MOSCOW_WAREHOUSE,
    MOSCOW_ZONE,
    NOVOSIBIRSK,
    NOVOSIBIRSK_POINT,
    NOVOSIBIRSK_WAREHOUSE,
    RUSSIAN_OFFICE,
    TVER,
    TVER_POINT,
    WEEKDAYS,
    at,
    calendars,
    day,
    network,
    novosibirsk_warehouse,
    point,
    warehouse,
    zone,
)
from .networks import lane as made_lane

NETWORK = network()
AHEAD = 14
IN_MOSCOW, IN_NOVOSIBIRSK = ToAddress("Москва, Арбат, 1"), ToAddress("Новосибирск, Ленина, 1")
IN_KHIMKI = ToAddress("г. Химки, Ленина, 1")


def to(destination: ToPoint | ToAddress | int, made: Network = NETWORK) -> Place:
    asked = ToPoint(destination) if isinstance(destination, int) else destination
    place = find_place(made, asked)
    assert isinstance(place, Place), place
    return place


def route(
    now: datetime,
    destination: ToPoint | ToAddress | int,
    *,
    warehouse_id: int = MOSCOW_WAREHOUSE,
    made: Network = NETWORK,
    ahead: int = AHEAD,
) -> Route | None:
    return Routes(made, now=now, days_ahead=ahead).find(warehouse_id, to(destination, made))


def slots(
    now: datetime,
    destination: ToPoint | ToAddress | int,
    *,
    warehouse_id: int = MOSCOW_WAREHOUSE,
    made: Network = NETWORK,
    ahead: int = AHEAD,
) -> tuple[OfferedSlot, ...]:
    found = route(now, destination, warehouse_id=warehouse_id, made=made, ahead=ahead)
    return () if found is None else found.window.slots()


def first_day(
    now: datetime,
    destination: ToPoint | ToAddress | int,
    *,
    warehouse_id: int = MOSCOW_WAREHOUSE,
    made: Network = NETWORK,
) -> str | None:
    found = slots(now, destination, warehouse_id=warehouse_id, made=made)
    return f"{found[0].key.day:%m-%d}" if found else None


def first_slot(
    now: datetime, destination: ToPoint | ToAddress | int, *, warehouse_id: int, made: Network
) -> tuple[str, int, int]:
    key = slots(now, destination, warehouse_id=warehouse_id, made=made)[0].key
    return f"{key.day:%m-%d}", key.from_minute, key.to_minute


def with_moscow(sender: Warehouse) -> Network:
    return network(warehouses=(sender, novosibirsk_warehouse()))


def with_point(changed: LogisticPoint) -> Network:
    return network(points=(changed,))


@pytest.mark.parametrize(
    ("ordered", "point_id", "expected", "because"),
    [
        ("2026-06-02 14:59", MOSCOW_POINT, "06-03", "before the cut-off: leaves Tuesday, one day"),
        ("2026-06-02 15:00", MOSCOW_POINT, "06-04", "at the cut-off it is too late"),
        ("2026-06-05 14:00", MOSCOW_POINT, "06-06", "Friday in time: leaves, arrives Saturday"),
        ("2026-06-05 18:00", MOSCOW_POINT, "06-09", "Friday evening: leaves Monday"),
        ("2026-06-07 10:00", MOSCOW_POINT, "06-09", "Sunday: leaves Monday"),
        ("2026-06-11 18:00", MOSCOW_POINT, "06-16", "evening before a holiday that is a Friday"),
        ("2026-06-11 14:00", MOSCOW_POINT, "06-12", "in time, the point opens on the holiday"),
        ("2026-06-05 14:00", TVER_POINT, "06-07", "two days by the longest transit"),
        ("2026-06-05 18:00", TVER_POINT, "06-10", "Monday, two days"),
        ("2026-06-06 10:00", TVER_POINT, "06-10", "Saturday: leaves Monday"),
    ],
)
def test_pickup_from_moscow(ordered: str, point_id: int, expected: str, because: str) -> None:
    assert first_day(at(ordered), point_id) == expected, because


@pytest.mark.parametrize(
    ("ordered", "expected", "because"),
    [
        ("2025-10-31 14:00", "11-01", "Friday in time: leaves, arrives on Saturday"),
        ("2025-10-31 18:00", "11-02", "Friday evening: leaves on the Saturday that is worked"),
        (
            "2025-11-01 18:00",
            "11-06",
            "Saturday evening: Monday and the holiday on Tuesday are off",
        ),
        ("2025-11-05 14:59", "11-06", "Wednesday is an ordinary day again"),
    ],
)
def test_friday_evening_into_a_holiday_with_the_days_that_the_country_moved(
    ordered: str, expected: str, because: str
) -> None:
    # In 2025 Russia worked on Saturday the 1st of November, and rested on Monday the 3rd for it.
    russia = calendar_of(
        CalendarRow(
            id=RUSSIAN_OFFICE, name="Russia", works=frozenset(range(5)), country="RU", years=(2025,)
        )
    )
    made = network(
        calendars=(*(each for each in calendars() if each.id != RUSSIAN_OFFICE), russia),
        warehouses=(warehouse(calendar_id=RUSSIAN_OFFICE), novosibirsk_warehouse()),
    )
    assert first_day(at(ordered), MOSCOW_POINT, made=made) == expected, because


NOON, EVENING, NEVER = 12 * 60, 20 * 60, 0
CUT_OFFS = (EVENING, EVENING, EVENING, EVENING, NOON, NOON, NEVER)  # Monday first


@pytest.mark.parametrize(
    ("ordered", "handling", "expected", "because"),
    [
        ("2026-06-04 19:59", 0, "06-05", "Thursday until eight: leaves the same evening"),
        ("2026-06-04 20:00", 0, "06-06", "Thursday too late: leaves on Friday at noon"),
        ("2026-06-05 11:59", 0, "06-06", "Friday only until noon"),
        ("2026-06-05 12:00", 0, "06-07", "Friday afternoon: leaves on Saturday at noon"),
        ("2026-06-06 12:00", 0, "06-08", "Saturday afternoon: leaves in the night to Monday"),
        ("2026-06-06 12:00", 1, "06-09", "a day of handling: leaves on Monday evening"),
    ],
)
def test_a_cut_off_of_each_weekday(
    ordered: str, handling: int, expected: str, because: str
) -> None:
    sender = warehouse(calendar_id=EVERY_DAY, handling_days=handling)
    made = with_moscow(msgspec.structs.replace(sender, cut_offs=CUT_OFFS))
    assert first_day(at(ordered), MOSCOW_POINT, made=made) == expected, because


def test_it_leaves_at_the_cut_off_of_the_day_on_which_it_leaves() -> None:
    # Ordered on Thursday before eight with a day of handling: it leaves on Friday, at noon
    # already, so the courier of that evening can still bring it.
    sender = warehouse(calendar_id=EVERY_DAY, handling_days=1)
    made = network(
        warehouses=(msgspec.structs.replace(sender, cut_offs=CUT_OFFS),),
        lanes=(made_lane(MOSCOW_WAREHOUSE, MOSCOW_REGION, 0, 0),),
    )
    now = at("2026-06-04 19:00")
    found = first_slot(now, IN_MOSCOW, warehouse_id=MOSCOW_WAREHOUSE, made=made)
    assert found == ("06-05", 1080, 1320)


def test_a_point_closed_on_mondays_takes_nothing_then() -> None:
    days = [slot.key.day for slot in slots(at("2026-06-01 10:00"), TVER_POINT)]
    assert days[0] == day("06-03")
    assert days[-1] == day("06-14")
    assert all(each.weekday() != 0 for each in days)
    assert day("06-08") not in days


def test_arriving_on_the_closed_monday_means_tuesday() -> None:
    made = with_moscow(warehouse(calendar_id=EVERY_DAY))
    assert first_day(at("2026-06-06 10:00"), TVER_POINT, made=made) == "06-09"


@pytest.mark.parametrize(
    ("handling", "expected", "because"),
    [
        (0, "06-10", "leaves Tuesday the 9th"),
        (1, "06-11", "leaves Wednesday"),
        (2, "06-14", "the 11th and 12th are off, leaves the worked Saturday"),
        (3, "06-16", "after the Saturday comes Monday"),
    ],
)
def test_a_transferred_saturday_is_a_working_day(
    handling: int, expected: str, because: str
) -> None:
    made = with_moscow(warehouse(handling_days=handling, calendar_id=RUSSIAN_OFFICE))
    assert first_day(at("2026-06-09 10:00"), MOSCOW_POINT, made=made) == expected, because


def own_days(closed: tuple[str, ...] = (), working: tuple[str, ...] = ()) -> OwnDays:
    return OwnDays(frozenset(map(day, closed)), frozenset(map(day, working)))


@pytest.mark.parametrize(
    ("own", "ordered", "expected", "because"),
    [
        (own_days(), "2026-06-02 10:00", "06-03", "an ordinary Tuesday"),
        (own_days(("06-02",)), "2026-06-02 10:00", "06-04", "stocktaking on Tuesday"),
        (own_days(("06-02", "06-03")), "2026-06-02 10:00", "06-05", "for two days"),
        (own_days((), ("06-06",)), "2026-06-05 18:00", "06-07", "works on this one Saturday"),
        (own_days((), ("06-12",)), "2026-06-11 18:00", "06-13", "works on the holiday"),
        (own_days(("06-06",), ("06-06",)), "2026-06-05 18:00", "06-07", "both: it works"),
    ],
)
def test_own_days_of_a_warehouse(own: OwnDays, ordered: str, expected: str, because: str) -> None:
    made = with_moscow(msgspec.structs.replace(warehouse(), own_days=own))
    assert first_day(at(ordered), MOSCOW_POINT, made=made) == expected, because
    # Nobody else's calendar is touched by them.
    other = slots(at(ordered), NOVOSIBIRSK_POINT, warehouse_id=NOVOSIBIRSK_WAREHOUSE, made=made)
    assert other == slots(at(ordered), NOVOSIBIRSK_POINT, warehouse_id=NOVOSIBIRSK_WAREHOUSE)


@pytest.mark.parametrize(
    ("own", "calendar_id", "expected", "because"),
    [
        (own_days(("06-03",)), EVERY_DAY, "06-04", "the point is closed on the day of arrival"),
        (own_days(("06-03", "06-04")), EVERY_DAY, "06-05", "for two days"),
        (own_days((), ("06-03",)), EVERY_DAY, "06-03", "open anyway"),
        (own_days(), WEEKDAYS, "06-03", "an ordinary Wednesday"),
    ],
)
def test_own_days_of_a_point(own: OwnDays, calendar_id: int, expected: str, because: str) -> None:
    changed = point(MOSCOW_POINT, MOSCOW, calendar_id=calendar_id)
    made = with_point(msgspec.structs.replace(changed, own_days=own))
    assert first_day(at("2026-06-02 10:00"), MOSCOW_POINT, made=made) == expected, because


def test_a_day_that_a_point_works_needs_hours_as_well() -> None:
    closed_mondays = (None, *point(1, MOSCOW).hours[1:])
    changed = point(MOSCOW_POINT, MOSCOW, hours=closed_mondays)
    own = own_days((), ("06-08",))
    made = with_point(msgspec.structs.replace(changed, own_days=own))
    days = {slot.key.day for slot in slots(at("2026-06-02 10:00"), MOSCOW_POINT, made=made)}
    assert day("06-08") not in days
    assert day("06-09") in days


def test_own_days_of_a_zone() -> None:
    own = own_days(("06-03",))
    changed = msgspec.structs.replace(zone(MOSCOW_ZONE, (MOSCOW_REGION,)), own_days=own)
    made = network(zones=(changed,))
    now = at("2026-06-02 10:00")
    assert first_day(now, IN_MOSCOW) == "06-03"
    assert first_day(now, IN_MOSCOW, made=made) == "06-04"


def test_novosibirsk_orders_from_moscow_just_after_local_midnight() -> None:
    # Half past midnight of Thursday the 4th in Novosibirsk is half past eight in the evening of
    # Wednesday in Moscow, where the warehouse is: past the cut-off, so it leaves on Thursday.
    now = at("2026-06-04 00:30", "Asia/Novosibirsk")
    made = network(lanes=(made_lane(MOSCOW_WAREHOUSE, NOVOSIBIRSK, 3, 4),))
    assert first_day(now, NOVOSIBIRSK_POINT, made=made) == "06-08"
    # An hour and a half before the cut-off in Moscow it is evening in Novosibirsk already.
    in_time = at("2026-06-03 17:30", "Asia/Novosibirsk")
    assert first_day(in_time, NOVOSIBIRSK_POINT, made=made) == "06-07"


def test_days_are_those_of_the_warehouses_clock() -> None:
    # The same moment, the other way round: in Novosibirsk the order is of the 4th.
    now = at("2026-06-04 00:30", "Asia/Novosibirsk")
    found = route(now, MOSCOW_POINT, warehouse_id=NOVOSIBIRSK_WAREHOUSE)
    assert found is not None
    assert found.window.first_day == day("06-10")
    assert found.window.last_day == day("06-18")


@pytest.mark.parametrize(
    ("ordered", "expected"),
    [
        ("2026-06-04 11:59", ("06-04", 1080, 1320)),  # leaves at noon: only the evening remains
        ("2026-06-04 12:00", ("06-05", 1080, 1320)),  # with the van of the next noon
        ("2026-06-06 12:00", ("06-08", 600, 840)),  # couriers rest on Sunday
    ],
)
def test_same_day_courier(ordered: str, expected: tuple[str, int, int]) -> None:
    now = at(ordered, "Asia/Novosibirsk")
    found = first_slot(now, IN_NOVOSIBIRSK, warehouse_id=NOVOSIBIRSK_WAREHOUSE, made=NETWORK)
    assert found == expected


@pytest.mark.parametrize(
    ("time_zone", "ordered_utc", "expected", "because"),
    [
        ("Europe/Warsaw", "2026-03-27 13:59", "03-28", "Friday 14:59 in winter time"),
        ("Europe/Warsaw", "2026-03-27 14:00", "03-31", "Friday 15:00 in winter time"),
        ("Europe/Warsaw", "2026-03-30 12:59", "03-31", "Monday 14:59 in summer time"),
        ("Europe/Warsaw", "2026-03-30 13:00", "04-01", "Monday 15:00 in summer time"),
        # Novosibirsk went from UTC+6 to UTC+7 in the night to Sunday the 24th of July 2016.
        ("Asia/Novosibirsk", "2016-07-22 08:59", "07-23", "Friday 14:59 at UTC+6"),
        ("Asia/Novosibirsk", "2016-07-22 09:00", "07-26", "Friday 15:00 at UTC+6"),
        ("Asia/Novosibirsk", "2016-07-25 07:59", "07-26", "Monday 14:59 at UTC+7"),
        ("Asia/Novosibirsk", "2016-07-25 08:00", "07-27", "Monday 15:00 at UTC+7"),
    ],
)
def test_when_a_zone_changes_its_offset(
    time_zone: str, ordered_utc: str, expected: str, because: str
) -> None:
    made = with_moscow(warehouse(time_zone=time_zone))
    assert first_day(at(ordered_utc, "UTC"), MOSCOW_POINT, made=made) == expected, because


def test_the_hour_of_departure_on_the_day_of_the_change_is_that_of_the_clock() -> None:
    # In Warsaw the clock goes from 02:00 to 03:00 on the 29th: it leaves at noon, not at one.
    sender = warehouse(time_zone="Europe/Warsaw", cut_off_minute=NOON, calendar_id=EVERY_DAY)
    courier = zone(MOSCOW_ZONE, (MOSCOW_REGION,), time_zone="Europe/Warsaw")
    noon_interval = courier.week[0][0]._replace(from_minute=NOON, to_minute=NOON + 60)
    made = network(
        warehouses=(sender,),
        zones=(msgspec.structs.replace(courier, week=((noon_interval,),) * 7),),
        lanes=(made_lane(MOSCOW_WAREHOUSE, MOSCOW_REGION, 0, 0),),
    )
    now = at("2026-03-29 00:30", "Europe/Warsaw")
    found = first_slot(now, IN_MOSCOW, warehouse_id=MOSCOW_WAREHOUSE, made=made)
    assert found == ("03-29", NOON, NOON + 60)


def test_a_parcel_does_not_arrive_before_it_left_where_the_clock_is_ahead() -> None:
    made = network(
        warehouses=(warehouse(time_zone="Europe/Kaliningrad", cut_off_minute=1200),),
        points=(point(MOSCOW_POINT, MOSCOW, time_zone="Asia/Vladivostok"),),
        lanes=(made_lane(MOSCOW_WAREHOUSE, MOSCOW_REGION, 0, 0),),
    )
    # It leaves on the 2nd at 20:00 in Kaliningrad, which is four in the morning of the 3rd there.
    now = at("2026-06-02 09:00", "Europe/Kaliningrad")
    assert first_day(now, MOSCOW_POINT, made=made) == "06-03"


def test_a_point_that_has_closed_when_the_parcel_leaves_has_it_the_next_day() -> None:
    made = network(
        warehouses=(warehouse(cut_off_minute=21 * 60),),
        points=(point(MOSCOW_POINT, MOSCOW),),
        lanes=(made_lane(MOSCOW_WAREHOUSE, MOSCOW_REGION, 0, 0),),
    )
    assert first_day(at("2026-06-02 10:00"), MOSCOW_POINT, made=made) == "06-03"


def test_each_address_of_a_zone_has_the_lane_of_its_own_region() -> None:
    made = network(
        lanes=(
            made_lane(MOSCOW_WAREHOUSE, MOSCOW_REGION, 0, 1),
            made_lane(MOSCOW_WAREHOUSE, KHIMKI, 1, 5),
        )
    )
    now = at("2026-06-01 10:00")
    in_moscow, in_khimki = (slots(now, each, made=made) for each in (IN_MOSCOW, IN_KHIMKI))
    assert in_moscow[0].key.day == day("06-02")
    assert in_khimki[0].key.day == day("06-06")
    # The couriers, and with them the places in their intervals, are the same.
    assert {slot.key for slot in in_khimki} < {slot.key for slot in in_moscow}


def test_nothing_is_offered_beyond_the_days_ahead() -> None:
    now = at("2026-06-01 10:00")
    assert slots(now, MOSCOW_POINT, warehouse_id=NOVOSIBIRSK_WAREHOUSE, ahead=5) == ()
    assert slots(now, MOSCOW_POINT, ahead=1)[-1].key.day == day("06-02")
    assert slots(now, MOSCOW_POINT, ahead=30)[-1].key.day == day("07-01")


def test_a_capacity_of_zero_offers_nothing() -> None:
    made = with_point(point(MOSCOW_POINT, MOSCOW, capacity=0))
    assert first_day(at("2026-06-01 10:00"), MOSCOW_POINT, made=made) is None


def test_a_point_closed_on_a_holiday() -> None:
    made = with_point(point(MOSCOW_POINT, MOSCOW, calendar_id=WEEKDAYS))
    assert first_day(at("2026-06-11 14:00"), MOSCOW_POINT, made=made) == "06-15"


def test_an_unknown_warehouse_offers_nothing() -> None:
    assert first_day(at("2026-06-01 10:00"), MOSCOW_POINT, warehouse_id=999) is None


def test_a_slot_carries_its_capacity() -> None:
    found = route(at("2026-06-01 10:00"), IN_MOSCOW)
    assert found is not None
    key = SlotKey(PlaceKind.ZONE, MOSCOW_ZONE, day("06-02"), 600, 840)
    assert found.window.slot(*key[2:]) == OfferedSlot(key, 20)


@pytest.mark.parametrize(
    ("place_day", "from_minute", "to_minute"),
    [("06-01", 600, 840), ("06-02", 600, 841), ("06-07", 600, 840), ("06-16", 600, 840)],
)
def test_a_slot_that_is_not_offered(place_day: str, from_minute: int, to_minute: int) -> None:
    found = route(at("2026-06-01 10:00"), IN_MOSCOW)
    assert found is not None
    assert found.window.slot(day(place_day), from_minute, to_minute) is None


def test_a_region_far_from_any_lane_goes_by_distance() -> None:
    made = network(lanes=(), zones=(zone(MOSCOW_ZONE, (TVER,)),))
    found = first_day(at("2026-06-01 10:00"), ToAddress("Тверь, Мира, 1"), made=made)
    assert found == "06-03"


@pytest.mark.parametrize(
    ("now", "expected", "because"),
    [
        ("2026-06-02 16:00", "06-04", "it leaves tomorrow as planned: a new order would, too"),
        ("2026-06-03 14:59", "06-04", "still before the van of the planned day"),
        ("2026-06-03 15:00", "06-05", "the van has left without it: with the next one"),
        ("2026-06-05 18:00", "06-09", "long past, on a Friday evening: on Monday"),
    ],
)
def test_an_order_in_the_warehouse_leaves_as_planned_or_with_the_next_van(
    now: str, expected: str, because: str
) -> None:
    moment = at(now)
    leaving = shipping_as_planned(
        NETWORK, NETWORK.warehouses[MOSCOW_WAREHOUSE], day("06-03"), moment
    )
    assert leaving is not None
    found = route_of(
        NETWORK, MOSCOW_WAREHOUSE, to(IN_MOSCOW), leaving, now=moment, days_ahead=AHEAD
    )
    assert found is not None
    assert found.window.first_day == day(expected), because


def test_what_is_under_way_longer_than_promised_arrives_no_earlier_than_now() -> None:
    left = shipping_as_planned(
        NETWORK, NETWORK.warehouses[MOSCOW_WAREHOUSE], day("06-03"), at("2026-06-03 10:00")
    )
    assert left is not None
    now = at("2026-06-09 15:00")
    found = route_of(NETWORK, MOSCOW_WAREHOUSE, to(IN_MOSCOW), left, now=now, days_ahead=AHEAD)
    assert found is not None
    first = found.window.slots()[0].key
    assert (first.day, first.from_minute) == (day("06-09"), 1080)
