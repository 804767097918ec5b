"""From the rows of the files to the values of a network."""

from collections.abc import Iterable
from datetime import date

import holidays

from entrepot.domain.delivery.calendar import Calendar, OwnDays
from entrepot.domain.delivery.goods import ItemLimits, ParcelLimits
from entrepot.domain.network import (
    DAYS_OF_WEEK,
    CourierInterval,
    CourierZone,
    Gps,
    Lane,
    LogisticPoint,
    PointAddress,
    Tariff,
    Warehouse,
)
from entrepot.domain.regions import Region
from entrepot.network_files.row_types import (
    CalendarRow,
    IntervalRow,
    LaneRow,
    PointRow,
    RegionRow,
    WarehouseRow,
    ZoneRow,
)

_MM3_PER_CM3, _G_PER_KG = 1_000, 1_000
assert _MM3_PER_CM3 == _G_PER_KG  # so cm3 per kg and mm3 per g are the same number
_USUAL_MM3_PER_G = Tariff(1, 0).mm3_per_g


class UnknownCountryError(ValueError):
    """No holidays are known of a country."""


def region_of(row: RegionRow) -> Region:
    """Make a region."""
    return Region(
        row.id,
        row.parent_id,
        row.name,
        row.type,
        row.country_code,
        row.latitude,
        row.longitude,
        row.aliases,
    )


def calendar_of(row: CalendarRow) -> Calendar:
    """Make a calendar; the country's days are written into it, its own days win over them.

    Raises:
        UnknownCountryError: the country's holidays are not known.
    """
    celebrated, transferred = _country_days(row.country, row.years)
    return Calendar(
        row.id,
        row.name,
        days_off=frozenset(range(DAYS_OF_WEEK)) - row.works,
        holidays=(celebrated - row.working_days) | row.holidays,
        working_days=(transferred - row.holidays) | row.working_days,
    )


def _country_days(
    country: str | None, years: tuple[int, ...]
) -> tuple[frozenset[date], frozenset[date]]:
    if country is None:
        return frozenset(), frozenset()
    try:
        official = holidays.country_holidays(country, years=years)
    except NotImplementedError:
        raise UnknownCountryError(country) from None
    return frozenset(official), frozenset(official.weekend_workdays)


def warehouse_of(row: WarehouseRow) -> Warehouse:
    """Make a warehouse."""
    return Warehouse(
        id=row.id,
        name=row.name,
        region_id=row.region_id,
        city=row.city,
        gps=Gps(row.latitude, row.longitude),
        time_zone=row.time_zone,
        cut_offs=row.cut_off,
        handling_days=row.handling_days,
        calendar_id=row.calendar_id,
        street=row.street,
        number=row.number,
        building=row.building,
        block=row.block,
        goods_kinds=row.goods_kinds,
        own_days=OwnDays(row.closed_days, row.working_days),
    )


def point_of(row: PointRow) -> LogisticPoint:
    """Make a logistic point; an address that is not written is put together of its parts."""
    parts = (row.city, row.street, row.house, row.building, row.block)
    return LogisticPoint(
        id=row.id,
        address=PointAddress(
            full_address=row.full_address or ", ".join(part for part in parts if part),
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
        hours=row.hours,
        daily_capacity=row.daily_capacity,
        limits=_place_limits(row),
        storage_days=row.storage_days,
        return_allowed=row.return_allowed,
        parcel_limits=_parcel_limits(row),
        own_days=OwnDays(row.closed_days, row.working_days),
    )


def zone_of(row: ZoneRow, intervals: Iterable[IntervalRow]) -> CourierZone:
    """Make a courier zone with its intervals."""
    week: list[list[CourierInterval]] = [[] for _ in range(DAYS_OF_WEEK)]
    for each in intervals:
        for day in each.days:
            week[day].append(CourierInterval(each.from_time, each.to_time, each.capacity))
    return CourierZone(
        id=row.id,
        name=row.name,
        region_ids=row.region_ids,
        time_zone=row.time_zone,
        calendar_id=row.calendar_id,
        week=tuple(tuple(sorted(of_day)) for of_day in week),
        limits=_place_limits(row),
        parcel_limits=_parcel_limits(row),
        own_days=OwnDays(row.closed_days, row.working_days),
    )


def lane_of(row: LaneRow) -> Lane:
    """Make a lane."""
    return Lane(
        warehouse_id=row.warehouse_id,
        region_id=row.region_id,
        transit_days_min=row.transit_days_min,
        transit_days_max=row.transit_days_max,
        pickup=_tariff(
            row.pickup_base_rub,
            row.pickup_per_kg_rub,
            row.pickup_included_g,
            row.pickup_cm3_per_kg,
        ),
        courier=_tariff(
            row.courier_base_rub,
            row.courier_per_kg_rub,
            row.courier_included_g,
            row.courier_cm3_per_kg,
        ),
        item_limits=_lane_limits(row),
        parcel_limits=_parcel_limits(row),
    )


def _tariff(
    base: int | None, per_kg: int | None, included_g: int | None, cm3_per_kg: int | None
) -> Tariff | None:
    if base is None:
        return None
    return Tariff(base, per_kg or 0, included_g or 0, cm3_per_kg or _USUAL_MM3_PER_G)


def _place_limits(row: PointRow | ZoneRow) -> ItemLimits:
    sides = (row.item_length_limit_mm, row.item_width_limit_mm, row.item_height_limit_mm)
    return ItemLimits(row.item_weight_limit_g, *sides, row.item_sides_sum_limit_mm or sum(sides))


def _lane_limits(row: LaneRow) -> ItemLimits | None:
    weight_g, length_mm = row.item_weight_limit_g, row.item_length_limit_mm
    width_mm, height_mm = row.item_width_limit_mm, row.item_height_limit_mm
    if weight_g is None or length_mm is None or width_mm is None or height_mm is None:
        return None
    sides_sum_mm = row.item_sides_sum_limit_mm or length_mm + width_mm + height_mm
    return ItemLimits(weight_g, length_mm, width_mm, height_mm, sides_sum_mm)


def _parcel_limits(row: PointRow | ZoneRow | LaneRow) -> ParcelLimits:
    return ParcelLimits(
        weight_g=row.parcel_weight_limit_g,
        volume_mm3=row.parcel_volume_limit_l,
        value_kopecks=row.parcel_value_limit_rub,
    )
