"""What only shows when rows, or files, are held against each other."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

import msgspec

from entrepot.domain.regions import DEPTH_MAX
from entrepot.network_files.build import UnknownCountryError, calendar_of
from entrepot.network_files.problems import Problems, shown
from entrepot.network_files.row_types import (
    CALENDARS,
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
from entrepot.network_files.schedules import DAY_NAMES, write_time
from entrepot.network_files.sheets import Sheet

_YEARS_MAX = 50
_SIDES = ("length_limit_mm", "width_limit_mm", "height_limit_mm")
_Row = TypeVar("_Row", bound=msgspec.Struct)
_Fault = tuple[str, str]  # column and reason


class Sheets(NamedTuple):
    """All files of a network."""

    regions: Sheet[RegionRow]
    calendars: Sheet[CalendarRow]
    warehouses: Sheet[WarehouseRow]
    points: Sheet[PointRow]
    zones: Sheet[ZoneRow]
    intervals: Sheet[IntervalRow]
    lanes: Sheet[LaneRow]


def check_sheets(sheets: Sheets, problems: Problems) -> None:
    """Name everything that rows contradict each other in, and themselves."""
    _check_keys(REGIONS, sheets.regions, problems)
    _check_keys(CALENDARS, sheets.calendars, problems)
    _check_keys(WAREHOUSES, sheets.warehouses, problems)
    _check_keys(POINTS, sheets.points, problems)
    _check_keys(ZONES, sheets.zones, problems)
    _check_keys(LANES, sheets.lanes, problems)
    _check_links(sheets, problems)
    _check(sheets.regions, _region_faults, problems)
    _check(sheets.calendars, _calendar_faults, problems)
    _check(sheets.warehouses, _place_faults, problems)
    _check(sheets.points, _point_faults, problems)
    _check(sheets.zones, _place_faults, problems)
    _check(sheets.intervals, _interval_faults, problems)
    _check(sheets.lanes, _lane_faults, problems)
    _check_cycles(sheets.regions, problems)
    _check_shared_regions(sheets.zones, problems)
    _check_repeated_intervals(sheets.intervals, problems)


def _check_links(sheets: Sheets, problems: Problems) -> None:
    """Find ids that stand nowhere. A row that is broken is there all the same, and is asked."""
    regions, calendars = _Known("region", sheets.regions), _Known("calendar", sheets.calendars)
    warehouses, zones = _Known("warehouse", sheets.warehouses), _Known("zone", sheets.zones)
    links: tuple[tuple[Sheet[Any], str, _Known], ...] = (
        (sheets.regions, "parent_id", regions),
        (sheets.warehouses, "region_id", regions),
        (sheets.warehouses, "calendar_id", calendars),
        (sheets.points, "region_id", regions),
        (sheets.points, "calendar_id", calendars),
        (sheets.zones, "region_ids", regions),
        (sheets.zones, "calendar_id", calendars),
        (sheets.intervals, "zone_id", zones),
        (sheets.lanes, "warehouse_id", warehouses),
        (sheets.lanes, "region_id", regions),
    )
    for sheet, column, known in links:
        for row, line in sheet.every():
            value = getattr(row, column)
            for id_ in value if isinstance(value, tuple) else (value,):
                if id_ is not None and id_ not in known:
                    reason = f"there is no {known.what} {id_}"
                    problems.add(sheet.file, line, reason, column=column, value=str(id_))


class _Known:
    """The ids of a file; every id when it could not be read: then nothing is missing."""

    def __init__(self, what: str, sheet: Sheet[Any]) -> None:
        self.what = what
        self._ids = {row.id for row, _ in sheet.every()} if sheet.is_whole else None

    def __contains__(self, id_: int) -> bool:
        return self._ids is None or id_ in self._ids


def _check(
    sheet: Sheet[_Row], faults: Callable[[_Row], Iterator[_Fault]], problems: Problems
) -> None:
    for row, line in zip(sheet.rows, sheet.lines, strict=True):
        for column, reason in faults(row):
            value = getattr(row, column)
            problems.add(
                sheet.file, line, reason, column=column, value=None if value is None else str(value)
            )


def _check_keys(table: Table, sheet: Sheet[Any], problems: Problems) -> None:
    first: dict[Any, int] = {}
    for row, line in sheet.every():
        key = tuple(getattr(row, name) for name in table.key)
        if None in key:
            continue
        seen = first.setdefault(key, line)
        if seen != line:
            values = " and ".join(map(str, key))
            reason = f"{values} stands on line {seen} already"
            problems.add(sheet.file, line, reason, column=" and ".join(table.key), value=values)


def _region_faults(row: RegionRow) -> Iterator[_Fault]:
    if (row.latitude is None) != (row.longitude is None):
        empty = "latitude" if row.latitude is None else "longitude"
        yield empty, "is empty, while the other coordinate is given"


def _calendar_faults(row: CalendarRow) -> Iterator[_Fault]:
    if row.country is not None and not row.years:
        yield "years", f"is empty: of which years are the holidays of {row.country}? (2026-2030)"
    if row.country is None and row.years:
        yield "country", "is empty, while years are given"
    if len(row.years) > _YEARS_MAX:
        yield "years", f"are {len(row.years)}; {_YEARS_MAX} at most"
    elif row.country is not None and row.years:
        try:
            calendar_of(row)
        except UnknownCountryError:
            yield "country", f"no holidays are known of {shown(row.country)}"
    if both := row.holidays & row.working_days:
        yield "working_days", f"{min(both)} stands under holidays as well"


def _place_faults(row: WarehouseRow | PointRow | ZoneRow) -> Iterator[_Fault]:
    if both := row.closed_days & row.working_days:
        yield "working_days", f"{min(both)} stands under closed_days as well"


def _point_faults(row: PointRow) -> Iterator[_Fault]:
    yield from _place_faults(row)
    if not row.full_address and not (row.city or row.street):
        yield "full_address", "is empty, and neither city nor street says where the point is"


def _interval_faults(row: IntervalRow) -> Iterator[_Fault]:
    if row.from_time >= row.to_time:
        ends = f"{write_time(row.from_time)} to {write_time(row.to_time)}"
        yield "to_time", f"{ends} ends before it begins"


def _lane_faults(row: LaneRow) -> Iterator[_Fault]:
    if row.transit_days_min > row.transit_days_max:
        reason = f"{row.transit_days_max} is less than transit_days_min, {row.transit_days_min}"
        yield "transit_days_max", reason
    if row.pickup_base_rub is None and row.courier_base_rub is None:
        yield "pickup_base_rub", "is empty, and so is courier_base_rub: what does the lane carry?"
    yield from _tariff_faults(row, "pickup")
    yield from _tariff_faults(row, "courier")
    yield from _limit_faults(row)


def _tariff_faults(row: LaneRow, service: str) -> Iterator[_Fault]:
    base = f"{service}_base_rub"
    if getattr(row, base) is not None:
        return
    for part in ("per_kg_rub", "included_g", "cm3_per_kg"):
        if getattr(row, f"{service}_{part}") is not None:
            yield base, f"is empty, while {service}_{part} is given"
            return


def _limit_faults(row: LaneRow) -> Iterator[_Fault]:
    names = [f"item_{part}" for part in ("weight_limit_g", *_SIDES)]
    empty = [name for name in names if getattr(row, name) is None]
    if empty and (len(empty) < len(names) or row.item_sides_sum_limit_mm is not None):
        yield empty[0], f"is empty; limits of an item are given all: {', '.join(names)}"


def _check_cycles(regions: Sheet[RegionRow], problems: Problems) -> None:
    """Name each circle of parents once, and each chain that is longer than any tree of places."""
    parents = {row.id: row.parent_id for row in regions.rows}
    depths: dict[int, int] = {}
    for row, line in zip(regions.rows, regions.lines, strict=True):
        path: list[int] = []
        on_path: set[int] = set()
        current: int | None = row.id
        while current is not None and current in parents and current not in depths:
            if current in on_path:
                circle = path[path.index(current) :]
                reason = f"is below itself: {' → '.join(map(str, [*circle, current][:9]))}"
                problems.add(
                    regions.file, line, reason, column="parent_id", value=str(row.parent_id)
                )
                break
            path.append(current)
            on_path.add(current)
            current = parents[current]
        depth = depths.get(current, 0) if current is not None else 0
        for each in reversed(path):
            depth += 1
            depths[each] = depth
        if depth > DEPTH_MAX >= depth - len(path):
            reason = f"the region lies {depth} deep; {DEPTH_MAX} at most"
            problems.add(regions.file, line, reason, column="parent_id", value=str(row.parent_id))


def _check_shared_regions(zones: Sheet[ZoneRow], problems: Problems) -> None:
    taken: dict[int, tuple[int, int]] = {}
    for row, line in zip(zones.rows, zones.lines, strict=True):
        for region_id in row.region_ids:
            zone_id, at = taken.setdefault(region_id, (row.id, line))
            if at != line:
                reason = f"region {region_id} belongs to zone {zone_id} (line {at}) already"
                problems.add(zones.file, line, reason, column="region_ids", value=str(region_id))


def _check_repeated_intervals(intervals: Sheet[IntervalRow], problems: Problems) -> None:
    first: dict[tuple[int, int, int, int], int] = {}
    for row, line in zip(intervals.rows, intervals.lines, strict=True):
        for day in sorted(row.days):
            seen = first.setdefault((row.zone_id, day, row.from_time, row.to_time), line)
            if seen != line:
                interval = f"{write_time(row.from_time)} to {write_time(row.to_time)}"
                reason = f"{DAY_NAMES[day]} {interval} of the zone stands on line {seen} already"
                problems.add(intervals.file, line, reason, column="days", value=DAY_NAMES[day])
                break
