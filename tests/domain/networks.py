"""A small network to plan with: two warehouses, a few places, dates of 2026."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from entrepot.contract.enums import RegionType
from entrepot.domain.delivery.calendar import Calendar, calendar
from entrepot.domain.delivery.goods import ItemLimits
from entrepot.domain.network import (
    CourierInterval,
    CourierZone,
    Gps,
    Lane,
    LogisticPoint,
    Network,
    NetworkDescription,
    OpenHours,
    PointAddress,
    Tariff,
    Warehouse,
)
from entrepot.domain.network_build import build_network
from entrepot.domain.regions import Region

COUNTRY, MOSCOW_REGION, TVER_REGION, NSK_REGION = 225, 1, 10819, 11316
MOSCOW, TVER, NOVOSIBIRSK, KHIMKI, VILLAGE = 213, 14, 65, 10758, 901
MOSCOW_WAREHOUSE, NOVOSIBIRSK_WAREHOUSE = 11, 12
WEEKDAYS, EVERY_DAY, RUSSIAN_OFFICE = 1, 2, 3
MOSCOW_POINT, TVER_POINT, NOVOSIBIRSK_POINT = 101, 102, 103
MOSCOW_ZONE, NOVOSIBIRSK_ZONE = 201, 202

RUSSIA_DAY = date(2026, 6, 12)  # a Friday
MONDAY_TO_SUNDAY = (OpenHours(600, 1260),) * 7
SMALL = ItemLimits(15_000, 600, 400, 400, 1_200)
LARGE = ItemLimits(50_000, 2_000, 1_000, 1_000, 3_500)

MORNING, EVENING = CourierInterval(600, 840, 20), CourierInterval(1080, 1320, 10)


def at(text: str, time_zone: str = "Europe/Moscow") -> datetime:
    """Give the moment that a clock shows, `2026-06-05 14:59`."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(time_zone))


def day(text: str) -> date:
    """Give a day of 2026, `06-05`."""
    return date.fromisoformat(f"2026-{text}")


def regions() -> tuple[Region, ...]:
    """Give a country, three federal subjects and their towns."""
    return (
        Region(COUNTRY, None, "Россия", RegionType.COUNTRY, "RU"),
        Region(MOSCOW_REGION, COUNTRY, "Москва и Московская область", RegionType.REPUBLIC),
        Region(TVER_REGION, COUNTRY, "Тверская область", RegionType.REPUBLIC),
        Region(NSK_REGION, COUNTRY, "Новосибирская область", RegionType.REPUBLIC),
        Region(MOSCOW, MOSCOW_REGION, "Москва", RegionType.CITY, None, 55.76, 37.62),
        Region(KHIMKI, MOSCOW_REGION, "Химки", RegionType.CITY, None, 55.89, 37.43),
        Region(VILLAGE, KHIMKI, "Ивакино", RegionType.VILLAGE),
        Region(TVER, TVER_REGION, "Тверь", RegionType.CITY, None, 56.86, 35.90),
        Region(NOVOSIBIRSK, NSK_REGION, "Новосибирск", RegionType.CITY, None, 55.03, 82.92),
    )


def calendars() -> tuple[Calendar, ...]:
    """Give a working week with Russia Day off, an endless week, and one with a moved Saturday."""
    return (
        calendar(WEEKDAYS, "Monday to Friday", days_off=(5, 6), holidays=(RUSSIA_DAY,)),
        calendar(EVERY_DAY, "Every day"),
        calendar(
            RUSSIAN_OFFICE,
            "Monday to Friday, the 13th of June for the 11th",
            days_off=(5, 6),
            holidays=(day("06-11"), RUSSIA_DAY),
            working_days=(day("06-13"),),
        ),
    )


def warehouse(
    id_: int = MOSCOW_WAREHOUSE,
    *,
    time_zone: str = "Europe/Moscow",
    cut_off_minute: int = 15 * 60,
    handling_days: int = 0,
    calendar_id: int = WEEKDAYS,
    region_id: int = MOSCOW,
) -> Warehouse:
    """Give a warehouse in Moscow that ships on weekdays what is ordered before 15:00."""
    gps = Gps(55.03, 82.92) if region_id == NOVOSIBIRSK else Gps(55.76, 37.62)
    return Warehouse(
        id=id_,
        name=f"Warehouse {id_}",
        region_id=region_id,
        city="Москва",
        gps=gps,
        time_zone=time_zone,
        cut_offs=(cut_off_minute,) * 7,
        handling_days=handling_days,
        calendar_id=calendar_id,
    )


def novosibirsk_warehouse() -> Warehouse:
    """Give a warehouse that ships every day what is ordered before noon there."""
    return warehouse(
        NOVOSIBIRSK_WAREHOUSE,
        time_zone="Asia/Novosibirsk",
        cut_off_minute=12 * 60,
        calendar_id=EVERY_DAY,
        region_id=NOVOSIBIRSK,
    )


def point(
    id_: int,
    region_id: int,
    *,
    time_zone: str = "Europe/Moscow",
    hours: tuple[OpenHours | None, ...] = MONDAY_TO_SUNDAY,
    capacity: int = 50,
    limits: ItemLimits = SMALL,
    calendar_id: int = EVERY_DAY,
) -> LogisticPoint:
    """Give a point open from ten to nine every day."""
    return LogisticPoint(
        id=id_,
        address=PointAddress("Город, улица, 1", Gps(55.0, 37.0), region_id),
        time_zone=time_zone,
        calendar_id=calendar_id,
        hours=hours,
        daily_capacity=capacity,
        limits=limits,
        storage_days=7,
        return_allowed=True,
    )


def zone(
    id_: int,
    region_ids: tuple[int, ...],
    *,
    time_zone: str = "Europe/Moscow",
    calendar_id: int = EVERY_DAY,
) -> CourierZone:
    """Give a zone with a morning and an evening from Monday to Saturday."""
    return CourierZone(
        id=id_,
        name=f"Zone {id_}",
        region_ids=region_ids,
        time_zone=time_zone,
        calendar_id=calendar_id,
        week=((MORNING, EVENING),) * 6 + ((),),
        limits=LARGE,
    )


def lane(
    warehouse_id: int,
    region_id: int,
    least: int,
    most: int,
    base_kopecks: int = 15_000,
    per_kg_kopecks: int = 1_000,
) -> Lane:
    """Give a lane that carries both services at one tariff."""
    tariff = Tariff(base_kopecks, per_kg_kopecks)
    return Lane(warehouse_id, region_id, least, most, pickup=tariff, courier=tariff)


def described(**changes: object) -> NetworkDescription:
    """Give the network's description, parts of it exchanged."""
    nsk = "Asia/Novosibirsk"
    parts: dict[str, object] = {
        "regions": regions(),
        "calendars": calendars(),
        "warehouses": (warehouse(), novosibirsk_warehouse()),
        "points": (
            point(MOSCOW_POINT, MOSCOW),
            point(TVER_POINT, TVER, hours=(None, *MONDAY_TO_SUNDAY[1:])),
            point(NOVOSIBIRSK_POINT, NOVOSIBIRSK, time_zone=nsk),
        ),
        "zones": (
            zone(MOSCOW_ZONE, (MOSCOW_REGION,)),
            zone(NOVOSIBIRSK_ZONE, (NOVOSIBIRSK,), time_zone=nsk),
        ),
        "lanes": (
            lane(MOSCOW_WAREHOUSE, MOSCOW_REGION, 0, 1, 15_000, 1_000),
            lane(MOSCOW_WAREHOUSE, TVER_REGION, 1, 2, 20_000, 2_000),
            lane(NOVOSIBIRSK_WAREHOUSE, COUNTRY, 4, 6, 40_000, 5_000),
            lane(NOVOSIBIRSK_WAREHOUSE, NOVOSIBIRSK, 0, 0, 10_000, 500),
        ),
    }
    return NetworkDescription(**(parts | changes))  # type: ignore[arg-type]


def network(**changes: object) -> Network:
    """Build the network, parts of its description exchanged."""
    return build_network(1, described(**changes))
