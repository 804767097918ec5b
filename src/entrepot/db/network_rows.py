"""Rows of the network's tables, and how the domain's values become rows and rows values.

Regions, calendars and lanes are stored as they are; what is nested in the domain lies flat in
its table.
"""

import msgspec

from entrepot.domain.delivery.goods import ItemLimits
from entrepot.domain.network import (
    DAYS_OF_WEEK,
    CourierInterval,
    CourierZone,
    Gps,
    LogisticPoint,
    OpenHours,
    PointAddress,
    Warehouse,
)


class WarehouseRow(msgspec.Struct, frozen=True, gc=False):
    """A row of `warehouse`."""

    id: int
    name: str
    region_id: int
    city: str
    street: str | None
    number: str | None
    building: str | None
    block: str | None
    latitude: float
    longitude: float
    time_zone: str
    cut_off_minute: int
    handling_days: int
    calendar_id: int


class PointRow(msgspec.Struct, frozen=True, gc=False):
    """A row of `logistic_point`."""

    id: int
    region_id: int
    full_address: str
    city: str | None
    street: str | None
    house: str | None
    building: str | None
    block: str | None
    km: int | None
    additional: str | None
    latitude: float
    longitude: float
    time_zone: str
    calendar_id: int
    opens: tuple[int | None, ...]
    closes: tuple[int | None, ...]
    daily_capacity: int
    limit_weight_g: int
    limit_length_mm: int
    limit_width_mm: int
    limit_height_mm: int
    limit_sides_sum_mm: int
    storage_days: int
    return_allowed: bool


class ZoneRow(msgspec.Struct, frozen=True, gc=False):
    """A row of `courier_zone`."""

    id: int
    name: str
    region_ids: tuple[int, ...]
    time_zone: str
    calendar_id: int
    limit_weight_g: int
    limit_length_mm: int
    limit_width_mm: int
    limit_height_mm: int
    limit_sides_sum_mm: int


class IntervalRow(msgspec.Struct, frozen=True, gc=False):
    """A row of `courier_interval`."""

    zone_id: int
    weekday: int
    from_minute: int
    to_minute: int
    capacity: int


def warehouse_row(place: Warehouse) -> WarehouseRow:
    """Lay a warehouse flat."""
    return WarehouseRow(
        id=place.id,
        name=place.name,
        region_id=place.region_id,
        city=place.city,
        street=place.street,
        number=place.number,
        building=place.building,
        block=place.block,
        latitude=place.gps.latitude,
        longitude=place.gps.longitude,
        time_zone=place.time_zone,
        cut_off_minute=place.cut_off_minute,
        handling_days=place.handling_days,
        calendar_id=place.calendar_id,
    )


def warehouse_of(row: WarehouseRow) -> Warehouse:
    """Read a warehouse."""
    return Warehouse(
        id=row.id,
        name=row.name,
        region_id=row.region_id,
        city=row.city,
        gps=Gps(row.latitude, row.longitude),
        time_zone=row.time_zone,
        cut_off_minute=row.cut_off_minute,
        handling_days=row.handling_days,
        calendar_id=row.calendar_id,
        street=row.street,
        number=row.number,
        building=row.building,
        block=row.block,
    )


def point_row(place: LogisticPoint) -> PointRow:
    """Lay a logistic point flat."""
    address = place.address
    return PointRow(
        id=place.id,
        region_id=address.region_id,
        full_address=address.full_address,
        city=address.city,
        street=address.street,
        house=address.house,
        building=address.building,
        block=address.block,
        km=address.km,
        additional=address.additional,
        latitude=address.gps.latitude,
        longitude=address.gps.longitude,
        time_zone=place.time_zone,
        calendar_id=place.calendar_id,
        opens=tuple(hours and hours.from_minute for hours in place.hours),
        closes=tuple(hours and hours.to_minute for hours in place.hours),
        daily_capacity=place.daily_capacity,
        limit_weight_g=place.limits.weight_g,
        limit_length_mm=place.limits.length_mm,
        limit_width_mm=place.limits.width_mm,
        limit_height_mm=place.limits.height_mm,
        limit_sides_sum_mm=place.limits.sides_sum_mm,
        storage_days=place.storage_days,
        return_allowed=place.return_allowed,
    )


def point_of(row: PointRow) -> LogisticPoint:
    """Read a logistic point."""
    return LogisticPoint(
        id=row.id,
        address=PointAddress(
            full_address=row.full_address,
            gps=Gps(row.latitude, row.longitude),
            region_id=row.region_id,
            city=row.city,
            street=row.street,
            house=row.house,
            building=row.building,
            block=row.block,
            km=row.km,
            additional=row.additional,
        ),
        time_zone=row.time_zone,
        calendar_id=row.calendar_id,
        hours=tuple(
            None if opens is None or closes is None else OpenHours(opens, closes)
            for opens, closes in zip(row.opens, row.closes, strict=True)
        ),
        daily_capacity=row.daily_capacity,
        limits=_limits_of(row),
        storage_days=row.storage_days,
        return_allowed=row.return_allowed,
    )


def zone_row(place: CourierZone) -> ZoneRow:
    """Lay a courier zone flat; its intervals are `interval_rows`."""
    return ZoneRow(
        id=place.id,
        name=place.name,
        region_ids=place.region_ids,
        time_zone=place.time_zone,
        calendar_id=place.calendar_id,
        limit_weight_g=place.limits.weight_g,
        limit_length_mm=place.limits.length_mm,
        limit_width_mm=place.limits.width_mm,
        limit_height_mm=place.limits.height_mm,
        limit_sides_sum_mm=place.limits.sides_sum_mm,
    )


def interval_rows(place: CourierZone) -> list[IntervalRow]:
    """Lay the week of a courier zone flat."""
    return [
        IntervalRow(place.id, weekday, *interval)
        for weekday, intervals in enumerate(place.week)
        for interval in intervals
    ]


def zone_of_rows(row: ZoneRow, intervals: list[IntervalRow]) -> CourierZone:
    """Read a courier zone with its intervals."""
    week: list[list[CourierInterval]] = [[] for _ in range(DAYS_OF_WEEK)]
    for each in sorted(intervals, key=lambda each: (each.from_minute, each.to_minute)):
        week[each.weekday].append(CourierInterval(each.from_minute, each.to_minute, each.capacity))
    return CourierZone(
        id=row.id,
        name=row.name,
        region_ids=row.region_ids,
        time_zone=row.time_zone,
        calendar_id=row.calendar_id,
        week=tuple(tuple(intervals_of_day) for intervals_of_day in week),
        limits=_limits_of(row),
    )


def _limits_of(row: PointRow | ZoneRow) -> ItemLimits:
    return ItemLimits(
        weight_g=row.limit_weight_g,
        length_mm=row.limit_length_mm,
        width_mm=row.limit_width_mm,
        height_mm=row.limit_height_mm,
        sides_sum_mm=row.limit_sides_sum_mm,
    )
