"""Networks drawn at random, small and odd: any clock, any calendar, any limits."""

from datetime import date, timedelta

import msgspec
from hypothesis import strategies as st

from entrepot.domain.delivery.calendar import Calendar, OwnDays
from entrepot.domain.delivery.goods import ItemLimits, ParcelLimits
from entrepot.domain.network import (
    CourierInterval,
    CourierZone,
    Lane,
    LogisticPoint,
    Network,
    NetworkDescription,
    OpenHours,
    Tariff,
    Warehouse,
)
from entrepot.domain.network_build import build_network

from .networks import (
    COUNTRY,
    KHIMKI,
    MOSCOW,
    MOSCOW_POINT,
    MOSCOW_REGION,
    MOSCOW_WAREHOUSE,
    MOSCOW_ZONE,
    NOVOSIBIRSK,
    NOVOSIBIRSK_WAREHOUSE,
    TVER,
    TVER_POINT,
    described,
    point,
    warehouse,
    zone,
)

# With and without summer time, at odd minutes, on either side of the date line; clocks of
# Novosibirsk and of Samoa were put for good, Samoa's by a whole day.
TIME_ZONES = (
    "Europe/Moscow",
    "Asia/Novosibirsk",
    "Asia/Vladivostok",
    "Europe/Kaliningrad",
    "Europe/Warsaw",
    "America/New_York",
    "Asia/Kathmandu",
    "Pacific/Auckland",
    "Pacific/Apia",
    "America/St_Johns",
)

time_zones = st.sampled_from(TIME_ZONES)
days_of_week = st.frozensets(st.integers(0, 6), max_size=2)
# Few different times of day, so that they meet: an order at the very cut-off, a courier who
# comes as the parcel leaves.
times = st.sampled_from((0, 180, 360, 540, 720, 900, 1080, 1260, 1439))


def some_days(around: date) -> st.SearchStrategy[frozenset[date]]:
    """Draw a few days near one."""
    near = st.integers(-2, 8).map(lambda number: around + timedelta(days=number))
    return st.frozensets(near, max_size=4)


def own_days(around: date) -> st.SearchStrategy[OwnDays]:
    """Draw exceptions of a place; mostly it has none."""
    return st.just(OwnDays()) | st.builds(OwnDays, some_days(around), some_days(around))


def calendars(around: date) -> st.SearchStrategy[tuple[Calendar, ...]]:
    """Draw the three calendars of the network."""
    one = st.builds(
        lambda off, holidays, working: (off, holidays, working),
        days_of_week,
        some_days(around),
        some_days(around),
    )
    return st.tuples(one, one, one).map(
        lambda drawn: tuple(
            Calendar(number, f"Calendar {number}", *parts) for number, parts in enumerate(drawn, 1)
        )
    )


calendar_ids = st.integers(1, 3)
spans = st.lists(times, min_size=2, max_size=2, unique=True).map(
    lambda drawn: (min(drawn), max(drawn))
)
capacities = st.sampled_from((3, 3, 3, 2, 2, 1, 0))
item_limits = st.builds(
    ItemLimits,
    *[st.integers(200, 2_000)] * 4,
    st.integers(400, 4_000),
)
parcel_limits = st.just(ParcelLimits()) | st.builds(
    ParcelLimits,
    st.none() | st.integers(300, 8_000),
    st.none() | st.integers(10**6, 10**9),
)
tariffs = st.builds(
    Tariff, st.integers(1, 50_000), st.integers(0, 3_000), st.integers(0, 2_000), st.just(5_000)
)
kinds = st.sampled_from([*[frozenset[str]()] * 4, frozenset({"GENERAL"}), frozenset({"FROZEN"})])


cut_offs = times.map(lambda minute: 1440 if minute == 1439 else minute)


@st.composite
def warehouses(draw: st.DrawFn, around: date) -> tuple[Warehouse, ...]:
    """Draw both warehouses."""
    made = []
    for id_, region_id in ((MOSCOW_WAREHOUSE, MOSCOW), (NOVOSIBIRSK_WAREHOUSE, NOVOSIBIRSK)):
        plain = warehouse(
            id_,
            time_zone=draw(time_zones),
            handling_days=draw(st.sampled_from([0, 0, 1, 2, 3])),
            calendar_id=draw(calendar_ids),
            region_id=region_id,
        )
        made.append(
            msgspec.structs.replace(
                plain,
                cut_offs=tuple(draw(st.lists(cut_offs, min_size=7, max_size=7))),
                own_days=draw(own_days(around)),
                goods_kinds=draw(kinds),
            )
        )
    return tuple(made)


@st.composite
def points(draw: st.DrawFn, around: date) -> tuple[LogisticPoint, ...]:
    """Draw two points."""
    made = []
    for id_, region_id in ((MOSCOW_POINT, MOSCOW), (TVER_POINT, TVER)):
        hours = st.one_of(*[spans.map(lambda span: OpenHours(*span))] * 4, st.none())
        plain = point(
            id_,
            region_id,
            time_zone=draw(time_zones),
            hours=tuple(draw(st.lists(hours, min_size=7, max_size=7))),
            capacity=draw(capacities),
            limits=draw(item_limits),
            calendar_id=draw(calendar_ids),
        )
        made.append(
            msgspec.structs.replace(
                plain, parcel_limits=draw(parcel_limits), own_days=draw(own_days(around))
            )
        )
    return tuple(made)


@st.composite
def zones(draw: st.DrawFn, around: date) -> tuple[CourierZone, ...]:
    """Draw a zone."""
    made = []
    intervals = st.lists(
        st.tuples(spans, capacities), max_size=3, unique_by=lambda drawn: drawn[0]
    ).map(lambda drawn: tuple(CourierInterval(*span, capacity) for span, capacity in drawn))
    for id_, region_id in ((MOSCOW_ZONE, MOSCOW_REGION),):
        plain = zone(id_, (region_id,), time_zone=draw(time_zones), calendar_id=draw(calendar_ids))
        made.append(
            msgspec.structs.replace(
                plain,
                week=tuple(draw(st.lists(intervals, min_size=7, max_size=7))),
                limits=draw(item_limits),
                parcel_limits=draw(parcel_limits),
                own_days=draw(own_days(around)),
            )
        )
    return tuple(made)


@st.composite
def lanes(draw: st.DrawFn) -> tuple[Lane, ...]:
    """Draw lanes; some lead nowhere by one of the services, many are not written."""
    made = []
    for warehouse_id in (MOSCOW_WAREHOUSE, NOVOSIBIRSK_WAREHOUSE):
        for region_id in draw(
            st.sets(st.sampled_from((COUNTRY, MOSCOW_REGION, KHIMKI, TVER, NOVOSIBIRSK)))
        ):
            least, more = draw(st.integers(0, 1)), draw(st.integers(0, 2))
            both = st.tuples(tariffs, tariffs)
            services = draw(
                both | both | st.tuples(tariffs, st.none()) | st.tuples(st.none(), tariffs)
            )
            made.append(
                Lane(
                    warehouse_id,
                    region_id,
                    transit_days_min=least,
                    transit_days_max=least + more,
                    pickup=services[0],
                    courier=services[1],
                    item_limits=draw(st.none() | item_limits),
                    parcel_limits=draw(parcel_limits),
                )
            )
    return tuple(made)


@st.composite
def descriptions(draw: st.DrawFn, around: date) -> NetworkDescription:
    """Describe a network whose odd days lie near one."""
    return described(
        calendars=draw(calendars(around)),
        warehouses=draw(warehouses(around)),
        points=draw(points(around)),
        zones=draw(zones(around)),
        lanes=draw(lanes()),
    )


def networks(around: date) -> st.SearchStrategy[Network]:
    """Draw a network whose odd days lie near one."""
    return descriptions(around).map(lambda drawn: build_network(1, drawn))
