"""What may be promised, as a planner would check it: every line a case, every date of 2026."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.domain.delivery.goods import Goods, ItemLimits
from entrepot.domain.delivery.lanes import delivery_price, lane_between
from entrepot.domain.delivery.offering import (
    delivery_window,
    find_offered,
    fits_point,
    offered_slots,
)
from entrepot.domain.delivery.slot import PlaceKind, SlotKey
from entrepot.domain.network import LogisticPoint, Network

from .networks import (
    COUNTRY,
    KHIMKI,
    MOSCOW,
    MOSCOW_POINT,
    MOSCOW_REGION,
    MOSCOW_WAREHOUSE,
    MOSCOW_ZONE,
    NOVOSIBIRSK,
    NOVOSIBIRSK_POINT,
    NOVOSIBIRSK_WAREHOUSE,
    NOVOSIBIRSK_ZONE,
    RUSSIAN_OFFICE,
    TVER,
    TVER_POINT,
    VILLAGE,
    WEEKDAYS,
    at,
    day,
    network,
    novosibirsk_warehouse,
    point,
    warehouse,
    zone,
)
from .networks import lane as made_lane

NETWORK = network()
POINT, ZONE = PlaceKind.POINT, PlaceKind.ZONE
AHEAD = 14


def first_day(
    now: datetime,
    place: int,
    *,
    warehouse_id: int = MOSCOW_WAREHOUSE,
    in_network: Network = NETWORK,
    kind: PlaceKind = POINT,
) -> str | None:
    slots = offered_slots(in_network, warehouse_id, kind, place, now=now, days_ahead=AHEAD)
    return f"{slots[0].key.day:%m-%d}" if slots else None


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


def test_a_point_closed_on_mondays_takes_nothing_then() -> None:
    slots = offered_slots(
        NETWORK, MOSCOW_WAREHOUSE, POINT, TVER_POINT, now=at("2026-06-01 10:00"), days_ahead=AHEAD
    )
    days = [slot.key.day for slot in slots]
    assert days[0] == day("06-03")
    assert days[-1] == day("06-14")
    assert all(each.weekday() != 0 for each in days)
    assert day("06-08") not in days


def test_arriving_on_the_closed_monday_means_tuesday() -> None:
    made = network(warehouses=(warehouse(calendar_id=2), novosibirsk_warehouse()))
    assert first_day(at("2026-06-06 10:00"), TVER_POINT, in_network=made) == "06-09"


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
    made = network(
        warehouses=(
            warehouse(handling_days=handling, calendar_id=RUSSIAN_OFFICE),
            novosibirsk_warehouse(),
        )
    )
    assert first_day(at("2026-06-09 10:00"), MOSCOW_POINT, in_network=made) == expected, because


def test_days_are_those_of_the_warehouses_clock() -> None:
    # Half past midnight of the 4th in Novosibirsk is the evening of the 3rd in Moscow.
    now = at("2026-06-04 00:30", "Asia/Novosibirsk")
    assert now.astimezone(at("2026-06-03 00:00").tzinfo).date() == day("06-03")
    window = delivery_window(
        NETWORK, NOVOSIBIRSK_WAREHOUSE, POINT, MOSCOW_POINT, now=now, days_ahead=AHEAD
    )
    assert window is not None
    assert window.first_day == day("06-10")
    assert window.last_day == day("06-18")


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
    first = offered_slots(
        NETWORK, NOVOSIBIRSK_WAREHOUSE, ZONE, NOVOSIBIRSK_ZONE, now=now, days_ahead=AHEAD
    )[0].key
    assert (f"{first.day:%m-%d}", first.from_minute, first.to_minute) == expected


@pytest.mark.parametrize(
    ("ordered_utc", "expected", "because"),
    [
        ("2026-03-27 13:59", "03-28", "Friday 14:59 in winter time"),
        ("2026-03-27 14:00", "03-31", "Friday 15:00 in winter time"),
        ("2026-03-30 12:59", "03-31", "Monday 14:59 in summer time"),
        ("2026-03-30 13:00", "04-01", "Monday 15:00 in summer time"),
    ],
)
def test_the_spring_when_the_offset_changes(ordered_utc: str, expected: str, because: str) -> None:
    made = network(warehouses=(warehouse(time_zone="Europe/Warsaw"), novosibirsk_warehouse()))
    assert first_day(at(ordered_utc, "UTC"), MOSCOW_POINT, in_network=made) == expected, because


def test_a_parcel_does_not_arrive_before_it_left_where_the_clock_is_ahead() -> None:
    made = network(
        warehouses=(warehouse(time_zone="Europe/Kaliningrad", cut_off_minute=1200),),
        points=(point(MOSCOW_POINT, MOSCOW, time_zone="Asia/Vladivostok"),),
        lanes=(made_lane(MOSCOW_WAREHOUSE, MOSCOW_REGION, 0, 0, 1, 1),),
    )
    # It leaves on the 2nd at 20:00 in Kaliningrad, which is four in the morning of the 3rd there.
    now = at("2026-06-02 09:00", "Europe/Kaliningrad")
    assert first_day(now, MOSCOW_POINT, in_network=made) == "06-03"


def test_a_zone_is_as_fast_as_the_slowest_lane_into_it() -> None:
    slow = made_lane(MOSCOW_WAREHOUSE, KHIMKI, 1, 5, 15_000, 1_000)
    quick = made_lane(MOSCOW_WAREHOUSE, MOSCOW_REGION, 0, 1, 15_000, 1_000)
    made = network(lanes=(quick, slow))
    now = at("2026-06-01 10:00")
    assert first_day(now, MOSCOW_ZONE, kind=ZONE) == "06-02"
    assert first_day(now, MOSCOW_ZONE, kind=ZONE, in_network=made) == "06-06"


def test_nothing_is_offered_beyond_the_days_ahead() -> None:
    now = at("2026-06-01 10:00")
    ahead = offered_slots(
        NETWORK, NOVOSIBIRSK_WAREHOUSE, POINT, MOSCOW_POINT, now=now, days_ahead=5
    )
    assert ahead == ()


def test_a_capacity_of_zero_offers_nothing() -> None:
    made = network(points=(point(MOSCOW_POINT, MOSCOW, capacity=0),))
    assert first_day(at("2026-06-01 10:00"), MOSCOW_POINT, in_network=made) is None


def test_a_point_closed_on_a_holiday() -> None:
    made = network(points=(point(MOSCOW_POINT, MOSCOW, calendar_id=WEEKDAYS),))
    assert first_day(at("2026-06-11 14:00"), MOSCOW_POINT, in_network=made) == "06-15"


def test_unknown_places_offer_nothing() -> None:
    now = at("2026-06-01 10:00")
    assert first_day(now, 999) is None
    assert first_day(now, MOSCOW_POINT, warehouse_id=999) is None


def test_a_slot_carries_its_capacity() -> None:
    key = SlotKey(ZONE, MOSCOW_ZONE, day("06-02"), 600, 840)
    offered = find_offered(
        NETWORK, MOSCOW_WAREHOUSE, key, now=at("2026-06-01 10:00"), days_ahead=AHEAD
    )
    assert offered is not None
    assert (offered.key, offered.capacity) == (key, 20)


@pytest.mark.parametrize(
    ("place_day", "from_minute", "to_minute"),
    [("06-01", 600, 840), ("06-02", 600, 841), ("06-07", 600, 840), ("06-16", 600, 840)],
)
def test_a_slot_that_is_not_offered(place_day: str, from_minute: int, to_minute: int) -> None:
    key = SlotKey(ZONE, MOSCOW_ZONE, day(place_day), from_minute, to_minute)
    now = at("2026-06-01 10:00")
    assert find_offered(NETWORK, MOSCOW_WAREHOUSE, key, now=now, days_ahead=AHEAD) is None


moments = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: at("2026-01-01 00:00", "UTC") + timedelta(minutes=minutes)
)
routes = st.sampled_from(
    [
        (warehouse_id, kind, place)
        for warehouse_id in (MOSCOW_WAREHOUSE, NOVOSIBIRSK_WAREHOUSE)
        for kind, place in (
            (POINT, MOSCOW_POINT),
            (POINT, TVER_POINT),
            (POINT, NOVOSIBIRSK_POINT),
            (ZONE, MOSCOW_ZONE),
            (ZONE, NOVOSIBIRSK_ZONE),
        )
    ]
)


@given(moments, routes, st.integers(0, 30))
def test_every_slot_offered_is_found_and_no_other(
    now: datetime, route: tuple[int, PlaceKind, int], ahead: int
) -> None:
    warehouse_id, kind, place = route
    slots = offered_slots(NETWORK, warehouse_id, kind, place, now=now, days_ahead=ahead)
    assert list(slots) == sorted(slots, key=lambda slot: slot.key)
    offered = {slot.key: slot for slot in slots}
    intervals = {(0, 1440), (600, 840), (1080, 1320)}
    for days in range(-1, ahead + 3):
        for opens, closes in intervals:
            key = SlotKey(kind, place, now.date() + timedelta(days=days), opens, closes)
            found = find_offered(NETWORK, warehouse_id, key, now=now, days_ahead=ahead)
            assert found == offered.get(key)


@given(moments, routes)
def test_no_slot_is_earlier_than_physically_possible(
    now: datetime, route: tuple[int, PlaceKind, int]
) -> None:
    warehouse_id, kind, place_id = route
    sender = NETWORK.warehouses[warehouse_id]
    place = NETWORK.points[place_id] if kind is POINT else NETWORK.zones[place_id]
    region_id = place.address.region_id if isinstance(place, LogisticPoint) else place.region_ids[0]
    lane = lane_between(NETWORK, warehouse_id, region_id)
    assert lane is not None
    for slot in offered_slots(NETWORK, warehouse_id, kind, place_id, now=now, days_ahead=AHEAD):
        ends = datetime.combine(
            slot.key.day, datetime.min.time(), tzinfo=NETWORK.clocks[place.time_zone]
        ) + timedelta(minutes=slot.key.to_minute)
        assert ends > now
        order_day = now.astimezone(NETWORK.clocks[sender.time_zone]).date()
        assert (slot.key.day - order_day).days >= lane.transit_days_max - 1
        assert (slot.key.day - order_day).days <= AHEAD


@given(moments, routes)
def test_an_order_a_day_later_is_never_offered_an_earlier_day(
    now: datetime, route: tuple[int, PlaceKind, int]
) -> None:
    warehouse_id, kind, place_id = route
    windows = [
        delivery_window(NETWORK, warehouse_id, kind, place_id, now=moment, days_ahead=30)
        for moment in (now, now + timedelta(days=1))
    ]
    first, later = windows
    assert first is not None
    assert later is not None
    assert (later.first_day, later.first_minute) >= (first.first_day, 0)


@pytest.mark.parametrize(
    ("sides", "weight_g", "fits"),
    [
        ((600, 400, 200), 15_000, True),
        ((200, 400, 600), 15_000, True),  # turned
        ((601, 100, 100), 100, False),
        ((600, 400, 201), 100, False),  # the sum of the sides
        ((600, 401, 100), 100, False),
        ((100, 100, 100), 15_001, False),
    ],
)
def test_limits_of_a_point(sides: tuple[int, int, int], weight_g: int, fits: bool) -> None:
    place = NETWORK.points[MOSCOW_POINT]
    assert fits_point(place, [Goods(weight_g, *sides)]) is fits
    assert fits_point(place, [Goods(1, 1, 1, 1), Goods(weight_g, *sides)]) is fits


@given(st.permutations([120, 350, 800]), st.permutations([300, 800, 400]))
def test_goods_are_turned_as_they_fit_best(sides: list[int], limits: list[int]) -> None:
    length, width, height = limits
    assert ItemLimits(1000, length, width, height, 2000).fit(Goods(10, *sides))


@pytest.mark.parametrize(
    ("region_id", "weight_g", "volume_mm3", "expected"),
    [
        (MOSCOW, 1, 1, 15_000 + 1_000),
        (MOSCOW, 1_000, 1, 15_000 + 1_000),
        (MOSCOW, 1_001, 1, 15_000 + 2_000),
        (KHIMKI, 500, 1, 15_000 + 1_000),  # by the lane to the whole region
        (VILLAGE, 500, 1, 15_000 + 1_000),
        (TVER, 500, 20_000_000, 20_000 + 4 * 2_000),  # twenty litres are four kilograms
    ],
)
def test_what_the_shop_pays(region_id: int, weight_g: int, volume_mm3: int, expected: int) -> None:
    assert (
        delivery_price(
            NETWORK,
            MOSCOW_WAREHOUSE,
            PlaceKind.POINT,
            region_id,
            weight_g=weight_g,
            volume_mm3=volume_mm3,
        )
        == expected
    )


def test_without_a_lane_the_distance_decides() -> None:
    lane = lane_between(NETWORK, MOSCOW_WAREHOUSE, NOVOSIBIRSK)
    assert lane is not None
    assert 3 <= lane.transit_days_min < lane.transit_days_max <= 7  # some 2,800 km
    near = lane_between(network(lanes=()), MOSCOW_WAREHOUSE, KHIMKI)
    assert near is not None
    assert near.pickup is not None
    assert lane.pickup is not None
    assert near.pickup.base_kopecks < lane.pickup.base_kopecks
    assert lane_between(NETWORK, MOSCOW_WAREHOUSE, COUNTRY) is None


def test_a_zone_far_from_any_lane_goes_by_distance() -> None:
    made = network(lanes=(), zones=(zone(MOSCOW_ZONE, (TVER,)),))
    assert first_day(at("2026-06-01 10:00"), MOSCOW_ZONE, kind=ZONE, in_network=made) == "06-03"
