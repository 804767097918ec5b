"""The files of a network and their columns.

A column is a field: its annotation says what can stand in it, its default what an empty cell or
a missing column means. Where that is None or nothing at all, `flat` and `build` say what follows.
"""

from datetime import date
from functools import cache
from typing import Annotated, Any, NamedTuple, get_args, get_type_hints

import msgspec

from entrepot.contract.enums import RegionType
from entrepot.domain.network import OpenHours
from entrepot.network_files.cells import (
    ADDRESS,
    COUNT,
    COUNTRY,
    DATES,
    DAYS_LONG,
    FLAG,
    GOODS_KINDS,
    ID,
    IDS,
    LATITUDE,
    LITRES,
    LONGITUDE,
    NAME,
    NAMES,
    POSITIVE,
    PRICE,
    REGION_TYPE,
    ROUBLES,
    STORAGE_DAYS,
    TIME_ZONE,
    YEARS,
    CellKind,
)
from entrepot.network_files.schedules import CUT_OFFS, HOURS, TIME_OF_DAY, WEEKDAYS

_NO_DAYS: frozenset[date] = frozenset()
_EVERY_DAY = frozenset(range(7))

Millimetres = Annotated[int, POSITIVE]
OptionalText = Annotated[str | None, NAME]


class RegionRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A row of `regions`."""

    id: Annotated[int, ID]
    parent_id: Annotated[int | None, ID] = None
    name: Annotated[str, NAME]
    type: Annotated[RegionType, REGION_TYPE]
    country_code: Annotated[str | None, COUNTRY] = None
    latitude: Annotated[float | None, LATITUDE] = None
    longitude: Annotated[float | None, LONGITUDE] = None
    aliases: Annotated[tuple[str, ...], NAMES] = ()


class CalendarRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A row of `calendars`."""

    id: Annotated[int, ID]
    name: Annotated[str, NAME]
    works: Annotated[frozenset[int], WEEKDAYS] = _EVERY_DAY
    country: Annotated[str | None, COUNTRY] = None
    years: Annotated[tuple[int, ...], YEARS] = ()
    holidays: Annotated[frozenset[date], DATES] = _NO_DAYS
    working_days: Annotated[frozenset[date], DATES] = _NO_DAYS


class WarehouseRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A row of `warehouses`."""

    id: Annotated[int, ID]
    name: Annotated[str, NAME]
    region_id: Annotated[int, ID]
    city: Annotated[str, NAME]
    street: OptionalText = None
    number: OptionalText = None
    building: OptionalText = None
    block: OptionalText = None
    latitude: Annotated[float, LATITUDE]
    longitude: Annotated[float, LONGITUDE]
    time_zone: Annotated[str, TIME_ZONE]
    calendar_id: Annotated[int, ID]
    cut_off: Annotated[tuple[int, ...], CUT_OFFS]
    handling_days: Annotated[int, DAYS_LONG] = 0
    goods_kinds: Annotated[frozenset[str], GOODS_KINDS] = frozenset()
    closed_days: Annotated[frozenset[date], DATES] = _NO_DAYS
    working_days: Annotated[frozenset[date], DATES] = _NO_DAYS


class PointRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A row of `points`."""

    id: Annotated[int, ID]
    region_id: Annotated[int, ID]
    full_address: Annotated[str | None, ADDRESS] = None
    city: OptionalText = None
    street: OptionalText = None
    house: OptionalText = None
    building: OptionalText = None
    block: OptionalText = None
    km: Annotated[int | None, COUNT] = None
    additional: OptionalText = None
    latitude: Annotated[float, LATITUDE]
    longitude: Annotated[float, LONGITUDE]
    time_zone: Annotated[str, TIME_ZONE]
    calendar_id: Annotated[int, ID]
    hours: Annotated[tuple[OpenHours | None, ...], HOURS]
    daily_capacity: Annotated[int, COUNT]
    storage_days: Annotated[int, STORAGE_DAYS] = 7
    return_allowed: Annotated[bool, FLAG] = True
    item_weight_limit_g: Annotated[int, POSITIVE]
    item_length_limit_mm: Millimetres
    item_width_limit_mm: Millimetres
    item_height_limit_mm: Millimetres
    item_sides_sum_limit_mm: Annotated[int | None, POSITIVE] = None
    parcel_weight_limit_g: Annotated[int | None, POSITIVE] = None
    parcel_volume_limit_l: Annotated[int | None, LITRES] = None
    parcel_value_limit_rub: Annotated[int | None, PRICE] = None
    closed_days: Annotated[frozenset[date], DATES] = _NO_DAYS
    working_days: Annotated[frozenset[date], DATES] = _NO_DAYS


class ZoneRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A row of `zones`."""

    id: Annotated[int, ID]
    name: Annotated[str, NAME]
    region_ids: Annotated[tuple[int, ...], IDS]
    time_zone: Annotated[str, TIME_ZONE]
    calendar_id: Annotated[int, ID]
    item_weight_limit_g: Annotated[int, POSITIVE]
    item_length_limit_mm: Millimetres
    item_width_limit_mm: Millimetres
    item_height_limit_mm: Millimetres
    item_sides_sum_limit_mm: Annotated[int | None, POSITIVE] = None
    parcel_weight_limit_g: Annotated[int | None, POSITIVE] = None
    parcel_volume_limit_l: Annotated[int | None, LITRES] = None
    parcel_value_limit_rub: Annotated[int | None, PRICE] = None
    closed_days: Annotated[frozenset[date], DATES] = _NO_DAYS
    working_days: Annotated[frozenset[date], DATES] = _NO_DAYS


class IntervalRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A row of `zone_intervals`: an interval of a zone on one or several weekdays."""

    zone_id: Annotated[int, ID]
    days: Annotated[frozenset[int], WEEKDAYS] = _EVERY_DAY
    from_time: Annotated[int, TIME_OF_DAY]
    to_time: Annotated[int, TIME_OF_DAY]
    capacity: Annotated[int, COUNT]


class LaneRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A row of `lanes`. A service without a base price is not carried."""

    warehouse_id: Annotated[int, ID]
    region_id: Annotated[int, ID]
    transit_days_min: Annotated[int, DAYS_LONG]
    transit_days_max: Annotated[int, DAYS_LONG]
    pickup_base_rub: Annotated[int | None, PRICE] = None
    pickup_per_kg_rub: Annotated[int | None, ROUBLES] = None
    pickup_included_g: Annotated[int | None, COUNT] = None
    pickup_cm3_per_kg: Annotated[int | None, POSITIVE] = None
    courier_base_rub: Annotated[int | None, PRICE] = None
    courier_per_kg_rub: Annotated[int | None, ROUBLES] = None
    courier_included_g: Annotated[int | None, COUNT] = None
    courier_cm3_per_kg: Annotated[int | None, POSITIVE] = None
    item_weight_limit_g: Annotated[int | None, POSITIVE] = None
    item_length_limit_mm: Annotated[int | None, POSITIVE] = None
    item_width_limit_mm: Annotated[int | None, POSITIVE] = None
    item_height_limit_mm: Annotated[int | None, POSITIVE] = None
    item_sides_sum_limit_mm: Annotated[int | None, POSITIVE] = None
    parcel_weight_limit_g: Annotated[int | None, POSITIVE] = None
    parcel_volume_limit_l: Annotated[int | None, LITRES] = None
    parcel_value_limit_rub: Annotated[int | None, PRICE] = None


class Column(NamedTuple):
    """A column: its name, what stands in it, and what an empty cell means unless it is owed."""

    name: str
    kind: CellKind
    is_required: bool
    default: Any


class Table(NamedTuple):
    """A file of a network: its name without the ending, and the type of its rows.

    `key` names the columns that tell its rows apart. `is_yaml` is how it is written; both ways
    are read.
    """

    name: str
    row_type: type[msgspec.Struct]
    key: tuple[str, ...]
    is_yaml: bool = False


REGIONS = Table("regions", RegionRow, ("id",))
CALENDARS = Table("calendars", CalendarRow, ("id",), is_yaml=True)
WAREHOUSES = Table("warehouses", WarehouseRow, ("id",), is_yaml=True)
POINTS = Table("points", PointRow, ("id",))
ZONES = Table("zones", ZoneRow, ("id",))
INTERVALS = Table("zone_intervals", IntervalRow, ("zone_id", "days", "from_time", "to_time"))
LANES = Table("lanes", LaneRow, ("warehouse_id", "region_id"))
TABLES = (REGIONS, CALENDARS, WAREHOUSES, POINTS, ZONES, INTERVALS, LANES)


@cache
def columns(row_type: type[msgspec.Struct]) -> tuple[Column, ...]:
    """Give the columns of a file in the order in which they are written."""
    hints = get_type_hints(row_type, include_extras=True)
    return tuple(
        Column(
            field.name,
            next(part for part in get_args(hints[field.name]) if isinstance(part, CellKind)),
            field.required,
            None if field.required else field.default,
        )
        for field in msgspec.structs.fields(row_type)
    )
