"""The delivery network of the demo world: three warehouses, points and couriers in 26 towns.

Nothing here is random: a town's points follow from its place in the list, so that every start
of every version shows the same world. What is rare on purpose, for a reader to find:

- every twelfth point takes `FEW_A_DAY` parcels a day; the couriers of Pskov take as few in each
  interval;
- some points are closed on Mondays, some at weekends; some are lockers with small doors;
- from Saint Petersburg to the Far East and from Novosibirsk to the south no lane is written:
  there the distance decides.
"""

from datetime import date

import holidays

from entrepot.demo.regions import (
    LENINGRAD_REGION,
    MOSCOW,
    MOSCOW_AND_REGION,
    NOVOSIBIRSK,
    NOVOSIBIRSK_REGION,
    SAINT_PETERSBURG,
    demo_regions,
)
from entrepot.domain.delivery.calendar import Calendar, calendar
from entrepot.domain.delivery.goods import ItemLimits
from entrepot.domain.network import (
    CourierInterval,
    CourierZone,
    Gps,
    Lane,
    LogisticPoint,
    NetworkDescription,
    OpenHours,
    PointAddress,
    Tariff,
    Warehouse,
)
from entrepot.domain.regions import Region

MOSCOW_WAREHOUSE, PETERSBURG_WAREHOUSE, NOVOSIBIRSK_WAREHOUSE = 501, 502, 503
WAREHOUSE_IDS = (MOSCOW_WAREHOUSE, PETERSBURG_WAREHOUSE, NOVOSIBIRSK_WAREHOUSE)
FIRST_POINT_ID, FIRST_ZONE_ID = 10_001, 2_001

GENEROUS_A_DAY = 20_000  # a demo, and a load test of it, should not run into a full point
GENEROUS_AN_INTERVAL = 10_000
FEW_A_DAY = 3

_EVERY_DAY, _SIX_DAYS, _PRODUCTION, _NEW_YEAR = 1, 2, 3, 4
_HOLIDAY_YEARS = range(2025, 2032)

# Region id, time zone, number of points.
_TOWNS: tuple[tuple[int, str, int], ...] = (
    (MOSCOW, "Europe/Moscow", 12),
    (SAINT_PETERSBURG, "Europe/Moscow", 9),
    (NOVOSIBIRSK, "Asia/Novosibirsk", 7),
    (54, "Asia/Yekaterinburg", 4),
    (43, "Europe/Moscow", 4),
    (47, "Europe/Moscow", 3),
    (56, "Asia/Yekaterinburg", 3),
    (66, "Asia/Omsk", 3),
    (51, "Europe/Samara", 3),
    (39, "Europe/Moscow", 3),
    (172, "Asia/Yekaterinburg", 3),
    (62, "Asia/Krasnoyarsk", 3),
    (193, "Europe/Moscow", 3),
    (50, "Asia/Yekaterinburg", 3),
    (38, "Europe/Volgograd", 3),
    (35, "Europe/Moscow", 3),
    (194, "Europe/Saratov", 2),
    (55, "Asia/Yekaterinburg", 2),
    (44, "Europe/Samara", 2),
    (63, "Asia/Irkutsk", 2),
    (76, "Asia/Vladivostok", 2),
    (75, "Asia/Vladivostok", 2),
    (67, "Asia/Tomsk", 2),
    (22, "Europe/Kaliningrad", 2),
    (10758, "Europe/Moscow", 2),
    (25, "Europe/Moscow", 1),
)
_PSKOV = 25

_STREETS = {
    MOSCOW: ("Тверская улица", "улица Арбат", "Ленинский проспект", "проспект Мира"),
    SAINT_PETERSBURG: ("Невский проспект", "Литейный проспект", "Московский проспект"),
    NOVOSIBIRSK: ("Красный проспект", "улица Ленина", "проспект Карла Маркса"),
}
_USUAL_STREETS = ("улица Ленина", "проспект Мира", "Советская улица", "улица Гагарина")

_DAY, _LONG_DAY = OpenHours(10 * 60, 20 * 60), OpenHours(9 * 60, 21 * 60)
_OPEN_DAILY = (_LONG_DAY,) * 7
_CLOSED_MONDAYS = (None, *(_DAY,) * 6)
_CLOSED_WEEKENDS = (*(_DAY,) * 5, None, None)

# Every offer of `goods.SMALL_OFFERS` fits each of them.
_POINT_LIMITS = ItemLimits(25_000, 1_200, 800, 500, 2_000)
_LOCKER_LIMITS = ItemLimits(15_000, 600, 400, 400, 1_200)
_COURIER_LIMITS = ItemLimits(80_000, 2_200, 1_200, 1_000, 4_000)

# Warehouse: region, transit days at best and at worst, roubles for the parcel, roubles per kg.
_LANES = {
    MOSCOW_WAREHOUSE: (
        (MOSCOW_AND_REGION, 0, 1, 120, 10),
        (3, 1, 2, 180, 18),
        (LENINGRAD_REGION, 1, 2, 190, 20),
        (17, 1, 3, 210, 24),
        (40, 2, 3, 220, 26),
        (26, 2, 4, 230, 28),
        (52, 3, 4, 260, 34),
        (59, 4, 6, 320, 45),
        (73, 6, 9, 480, 80),
        (149, 2, 4, 350, 40),
    ),
    PETERSBURG_WAREHOUSE: (
        (LENINGRAD_REGION, 0, 1, 120, 10),
        (17, 1, 3, 180, 18),
        (MOSCOW_AND_REGION, 1, 2, 190, 20),
        (3, 1, 3, 210, 24),
        (40, 3, 4, 250, 30),
        (26, 3, 5, 270, 34),
        (52, 4, 5, 290, 38),
        (59, 5, 7, 350, 50),
    ),
    NOVOSIBIRSK_WAREHOUSE: (
        (NOVOSIBIRSK_REGION, 0, 1, 110, 9),
        (59, 1, 3, 190, 20),
        (52, 2, 4, 240, 30),
        (40, 3, 5, 290, 40),
        (3, 4, 6, 330, 46),
        (17, 4, 7, 350, 50),
        (73, 4, 6, 360, 55),
    ),
}


def demo_network() -> NetworkDescription:
    """Describe the network."""
    regions = demo_regions()
    by_id = {region.id: region for region in regions}
    return NetworkDescription(
        regions=regions,
        calendars=_calendars(),
        warehouses=_warehouses(),
        points=_points(by_id),
        zones=_zones(by_id),
        lanes=tuple(
            _lane(warehouse_id, region_id, least, most, Tariff(roubles * 100, per_kg * 100))
            for warehouse_id, lanes in _LANES.items()
            for region_id, least, most, roubles, per_kg in lanes
        ),
    )


def _lane(warehouse_id: int, region_id: int, least: int, most: int, tariff: Tariff) -> Lane:
    return Lane(warehouse_id, region_id, least, most, pickup=tariff, courier=tariff)


def easy_point_ids(described: NetworkDescription) -> tuple[int, ...]:
    """Name the points that are open daily, take many parcels and are no lockers."""
    return tuple(
        point.id
        for point in described.points
        if point.hours == _OPEN_DAILY
        and point.daily_capacity == GENEROUS_A_DAY
        and point.limits == _POINT_LIMITS
    )


def _calendars() -> tuple[Calendar, ...]:
    official = holidays.country_holidays("RU", years=_HOLIDAY_YEARS)
    new_year = [date(year, 1, 1) for year in _HOLIDAY_YEARS]
    return (
        calendar(_EVERY_DAY, "Без выходных"),
        calendar(_SIX_DAYS, "С понедельника по субботу", days_off=(6,), holidays=new_year),
        calendar(
            _PRODUCTION,
            "Производственный календарь",
            days_off=(5, 6),
            holidays=official,
            working_days=official.weekend_workdays,
        ),
        calendar(_NEW_YEAR, "Выходной 1 января", holidays=new_year),
    )


def _warehouses() -> tuple[Warehouse, ...]:
    return (
        Warehouse(
            id=MOSCOW_WAREHOUSE,
            name="Склад Софьино",
            region_id=MOSCOW_AND_REGION,
            city="Софьино",
            gps=Gps(55.50, 38.15),
            time_zone="Europe/Moscow",
            cut_offs=(15 * 60,) * 7,
            handling_days=0,
            calendar_id=_EVERY_DAY,
            street="Логистический парк Софьино",
            number="1",
        ),
        Warehouse(
            id=PETERSBURG_WAREHOUSE,
            name="Склад Шушары",
            region_id=SAINT_PETERSBURG,
            city="Санкт-Петербург",
            gps=Gps(59.80, 30.38),
            time_zone="Europe/Moscow",
            cut_offs=(14 * 60,) * 7,
            handling_days=0,
            calendar_id=_SIX_DAYS,
            street="Московское шоссе",
            number="70",
            block="4",
        ),
        Warehouse(
            id=NOVOSIBIRSK_WAREHOUSE,
            name="Склад Толмачёво",
            region_id=NOVOSIBIRSK,
            city="Новосибирск",
            gps=Gps(54.98, 82.68),
            time_zone="Asia/Novosibirsk",
            cut_offs=(12 * 60,) * 7,
            handling_days=1,
            calendar_id=_PRODUCTION,
            street="Толмачёвское шоссе",
            number="45",
            building="2",
        ),
    )


def _points(regions: dict[int, Region]) -> tuple[LogisticPoint, ...]:
    found: list[LogisticPoint] = []
    for region_id, time_zone, count in _TOWNS:
        for nth in range(count):
            found.append(_point(regions[region_id], time_zone, nth, len(found)))
    return tuple(found)


def _point(town: Region, time_zone: str, nth: int, number: int) -> LogisticPoint:
    hours: tuple[OpenHours | None, ...] = _OPEN_DAILY
    if number % 6 == 5:  # noqa: PLR2004 - every sixth
        hours = _CLOSED_WEEKENDS if number % 12 == 5 else _CLOSED_MONDAYS  # noqa: PLR2004
    return LogisticPoint(
        id=FIRST_POINT_ID + number,
        address=_point_address(town, nth),
        time_zone=time_zone,
        calendar_id=_NEW_YEAR,
        hours=hours,
        daily_capacity=FEW_A_DAY if number % 12 == 7 else GENEROUS_A_DAY,  # noqa: PLR2004
        limits=_LOCKER_LIMITS if number % 8 == 3 else _POINT_LIMITS,  # noqa: PLR2004
        storage_days=(7, 7, 14)[number % 3],
        return_allowed=number % 5 != 4,  # noqa: PLR2004
    )


def _point_address(town: Region, nth: int) -> PointAddress:
    streets = _STREETS.get(town.id, _USUAL_STREETS)
    street, house = streets[nth % len(streets)], str(3 + 7 * nth)
    assert town.latitude is not None and town.longitude is not None  # noqa: PT018
    return PointAddress(
        full_address=f"{town.name}, {street}, {house}",
        gps=Gps(
            round(town.latitude + 0.012 * (nth % 5 - 2), 4),
            round(town.longitude + 0.02 * (nth % 4 - 1.5), 4),
        ),
        region_id=town.id,
        city=town.name,
        street=street,
        house=house,
        additional="Вход со двора" if nth % 4 == 2 else None,  # noqa: PLR2004
    )


def _zones(regions: dict[int, Region]) -> tuple[CourierZone, ...]:
    places = [(region_id, time_zone) for region_id, time_zone, _ in _TOWNS] + [
        (MOSCOW_AND_REGION, "Europe/Moscow"),
        (LENINGRAD_REGION, "Europe/Moscow"),
        (NOVOSIBIRSK_REGION, "Asia/Novosibirsk"),
    ]
    return tuple(
        CourierZone(
            id=FIRST_ZONE_ID + number,
            name=regions[region_id].name,
            region_ids=(region_id,),
            time_zone=time_zone,
            calendar_id=_NEW_YEAR,
            week=_week(region_id),
            limits=_COURIER_LIMITS,
        )
        for number, (region_id, time_zone) in enumerate(places)
    )


def _week(region_id: int) -> tuple[tuple[CourierInterval, ...], ...]:
    """Three intervals a day; two on Saturday; Sunday only where the warehouses are."""
    capacity = FEW_A_DAY if region_id == _PSKOV else GENEROUS_AN_INTERVAL
    morning, noon, evening = (
        CourierInterval(hour * 60, (hour + 4) * 60, capacity) for hour in (10, 14, 18)
    )
    large = region_id in {MOSCOW, SAINT_PETERSBURG, NOVOSIBIRSK}
    every_day = (morning, noon, evening)
    return (*(every_day,) * 5, (morning, noon), (noon,) if large else ())
