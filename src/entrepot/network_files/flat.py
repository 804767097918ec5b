"""From the values of a network to the rows of the files; the way back from `build`."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from entrepot.domain.delivery.calendar import Calendar, OwnDays
from entrepot.domain.delivery.goods import ItemLimits, ParcelLimits
from entrepot.domain.network import (
    DAYS_OF_WEEK,
    CourierZone,
    Lane,
    LogisticPoint,
    NetworkDescription,
    Tariff,
    Warehouse,
)
from entrepot.domain.regions import Region
from entrepot.network_files.row_types import (
    CALENDARS,
    INTERVALS,
    LANES,
    POINTS,
    REGIONS,
    WAREHOUSES,
    ZONES,
    CalendarRow,
    IntervalRow,
    LaneRow,
    PointRow,
    RegionRow,
    Table,
    WarehouseRow,
    ZoneRow,
)


def flat_rows(described: NetworkDescription) -> Mapping[Table, Iterator[msgspec.Struct]]:
    """Give the rows of each file in the order of their keys."""
    zones = sorted(described.zones, key=lambda zone: zone.id)
    lanes = sorted(described.lanes, key=lambda lane: (lane.warehouse_id, lane.region_id))
    return {
        REGIONS: map(region_row, sorted(described.regions, key=lambda each: each.id)),
        CALENDARS: map(calendar_row, sorted(described.calendars, key=lambda each: each.id)),
        WAREHOUSES: map(warehouse_row, sorted(described.warehouses, key=lambda each: each.id)),
        POINTS: map(point_row, sorted(described.points, key=lambda each: each.id)),
        ZONES: map(zone_row, zones),
        INTERVALS: (row for zone in zones for row in interval_rows(zone)),
        LANES: map(lane_row, lanes),
    }


def region_row(region: Region) -> RegionRow:
    """Lay a region flat."""
    return RegionRow(**msgspec.structs.asdict(region))


def calendar_row(calendar: Calendar) -> CalendarRow:
    """Lay a calendar flat: the days of its country are written out."""
    return CalendarRow(
        id=calendar.id,
        name=calendar.name,
        works=frozenset(range(DAYS_OF_WEEK)) - calendar.days_off,
        holidays=calendar.holidays,
        working_days=calendar.working_days,
    )


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
        calendar_id=place.calendar_id,
        cut_off=place.cut_offs,
        handling_days=place.handling_days,
        goods_kinds=place.goods_kinds,
        **_own_days(place.own_days),
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
        hours=place.hours,
        daily_capacity=place.daily_capacity,
        storage_days=place.storage_days,
        return_allowed=place.return_allowed,
        **_limits(place.limits, place.parcel_limits),
        **_own_days(place.own_days),
    )


def zone_row(place: CourierZone) -> ZoneRow:
    """Lay a courier zone flat; its intervals are `interval_rows`."""
    return ZoneRow(
        id=place.id,
        name=place.name,
        region_ids=place.region_ids,
        time_zone=place.time_zone,
        calendar_id=place.calendar_id,
        **_limits(place.limits, place.parcel_limits),
        **_own_days(place.own_days),
    )


def interval_rows(place: CourierZone) -> Iterator[IntervalRow]:
    """Lay the week of a zone flat: days of one interval and one capacity share a row."""
    days: dict[tuple[int, int, int], list[int]] = {}
    for day, intervals in enumerate(place.week):
        for interval in intervals:
            days.setdefault(interval, []).append(day)
    for from_time, to_time, capacity in sorted(days):
        yield IntervalRow(
            zone_id=place.id,
            days=frozenset(days[from_time, to_time, capacity]),
            from_time=from_time,
            to_time=to_time,
            capacity=capacity,
        )


def lane_row(lane: Lane) -> LaneRow:
    """Lay a lane flat."""
    return LaneRow(
        warehouse_id=lane.warehouse_id,
        region_id=lane.region_id,
        transit_days_min=lane.transit_days_min,
        transit_days_max=lane.transit_days_max,
        **_tariff("pickup", lane.pickup),
        **_tariff("courier", lane.courier),
        **_limits(lane.item_limits, lane.parcel_limits),
    )


def _tariff(service: str, tariff: Tariff | None) -> dict[str, Any]:
    if tariff is None:
        return {}
    usual = Tariff(tariff.base_kopecks, 0)
    return {
        f"{service}_base_rub": tariff.base_kopecks,
        f"{service}_per_kg_rub": tariff.per_kg_kopecks,
        f"{service}_included_g": tariff.included_g or None,
        f"{service}_cm3_per_kg": None if tariff.mm3_per_g == usual.mm3_per_g else tariff.mm3_per_g,
    }


def _limits(items: ItemLimits | None, parcels: ParcelLimits) -> dict[str, Any]:
    found: dict[str, Any] = {
        "parcel_weight_limit_g": parcels.weight_g,
        "parcel_volume_limit_l": parcels.volume_mm3,
        "parcel_value_limit_rub": parcels.value_kopecks,
    }
    if items is not None:
        found |= {
            "item_weight_limit_g": items.weight_g,
            "item_length_limit_mm": items.length_mm,
            "item_width_limit_mm": items.width_mm,
            "item_height_limit_mm": items.height_mm,
            "item_sides_sum_limit_mm": items.sides_sum_mm,
        }
    return found


def _own_days(own: OwnDays) -> dict[str, Any]:
    return {"closed_days": own.closed, "working_days": own.working}
