"""Making a network of its description: what contradicts itself is refused, the rest is indexed."""

from collections.abc import Iterable
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from entrepot.domain.address_index import index_addresses
from entrepot.domain.delivery.calendar import Calendar, OwnDays, with_own_days
from entrepot.domain.delivery.goods import ItemLimits, ParcelLimits
from entrepot.domain.network import (
    DAYS_OF_WEEK,
    MINUTES_OF_DAY,
    CourierZone,
    Lane,
    LogisticPoint,
    Network,
    NetworkDescription,
    Tariff,
    Warehouse,
)
from entrepot.domain.regions import InvalidNetworkError, RegionTree, by_ascending_id, grow

_Place = TypeVar("_Place", Calendar, Warehouse, LogisticPoint, CourierZone)


def build_network(version: int, described: NetworkDescription) -> Network:
    """Check a description and index it.

    Raises:
        InvalidNetworkError: It contradicts itself; the message names the first fault.
    """
    tree = grow(described.regions)
    calendars = _by_id("calendar", described.calendars)
    warehouses = _by_id("warehouse", described.warehouses)
    points = _by_id("logistic point", described.points)
    zones = _by_id("courier zone", described.zones)
    for warehouse in described.warehouses:
        _check_warehouse(warehouse, tree, calendars)
    for point in described.points:
        _check_point(point, tree, calendars)
    for zone in described.zones:
        _check_zone(zone, tree, calendars)
    for lane in described.lanes:
        _check_lane(lane, tree, warehouses)
    lanes = {(lane.warehouse_id, lane.region_id): lane for lane in described.lanes}
    _require(len(lanes) == len(described.lanes), "A lane stands twice")
    zone_by_region = _zone_by_region(described.zones)
    days = _PlaceDays(calendars)
    return Network(
        version=version,
        regions=tree,
        calendars=calendars,
        warehouse_days=days.of(described.warehouses),
        point_days=days.of(described.points),
        zone_days=days.of(described.zones),
        warehouses=warehouses,
        points=points,
        point_ids=tuple(points),
        zones=zones,
        lanes=lanes,
        zone_by_region=zone_by_region,
        zone_anchors=_zone_anchors(tree, described, zone_by_region),
        clocks=_clocks(described),
        addresses=index_addresses(tree),
    )


def _require(holds: bool, fault: str) -> None:
    if not holds:
        raise InvalidNetworkError(fault)


def _by_id(kind: str, things: tuple[_Place, ...]) -> dict[int, _Place]:
    found = {thing.id: thing for thing in by_ascending_id(things)}
    _require(len(found) == len(things), f"A {kind} id stands twice")
    return found


def _check_warehouse(place: Warehouse, tree: RegionTree, calendars: dict[int, Calendar]) -> None:
    name = f"Warehouse {place.id}"
    _check_place(name, (place.region_id,), place.calendar_id, tree, calendars)
    _require(
        len(place.cut_offs) == DAYS_OF_WEEK, f"{name}: a cut-off is owed for each day of the week"
    )
    _require(
        all(0 <= minute <= MINUTES_OF_DAY for minute in place.cut_offs),
        f"{name}: cut-off outside the day",
    )
    _require(place.handling_days >= 0, f"{name}: handling takes less than no time")


def _check_point(place: LogisticPoint, tree: RegionTree, calendars: dict[int, Calendar]) -> None:
    name = f"Logistic point {place.id}"
    _check_place(name, (place.address.region_id,), place.calendar_id, tree, calendars)
    _require(place.daily_capacity >= 0, f"{name}: capacity below nothing")
    _check_limits(name, place.limits, place.parcel_limits)
    _require(len(place.hours) == DAYS_OF_WEEK, f"{name}: hours for each day of the week are owed")
    for hours in place.hours:
        if hours is not None:
            _check_interval(name, hours.from_minute, hours.to_minute)


def _check_zone(place: CourierZone, tree: RegionTree, calendars: dict[int, Calendar]) -> None:
    name = f"Courier zone {place.id}"
    _check_place(name, place.region_ids, place.calendar_id, tree, calendars)
    _check_limits(name, place.limits, place.parcel_limits)
    _require(len(place.week) == DAYS_OF_WEEK, f"{name}: a week has seven days")
    for intervals in place.week:
        _require(
            len({interval[:2] for interval in intervals}) == len(intervals),
            f"{name}: an interval stands twice",
        )
        for interval in intervals:
            _check_interval(name, interval.from_minute, interval.to_minute)
            _require(interval.capacity >= 0, f"{name}: capacity below nothing")


def _check_lane(lane: Lane, tree: RegionTree, warehouses: dict[int, Warehouse]) -> None:
    name = f"Lane from warehouse {lane.warehouse_id} to region {lane.region_id}"
    _require(lane.warehouse_id in warehouses, f"{name}: unknown warehouse")
    _require(lane.region_id in tree.by_id, f"{name}: unknown region")
    _require(
        0 <= lane.transit_days_min <= lane.transit_days_max, f"{name}: transit days contradict"
    )
    _check_limits(name, lane.item_limits, lane.parcel_limits)
    _require(lane.pickup is not None or lane.courier is not None, f"{name}: it carries no service")
    for tariff in (lane.pickup, lane.courier):
        if tariff is not None:
            _check_tariff(name, tariff)


def _check_tariff(name: str, tariff: Tariff) -> None:
    _require(
        tariff.base_kopecks > 0 and tariff.per_kg_kopecks >= 0, f"{name}: a price is not positive"
    )
    _require(tariff.included_g >= 0, f"{name}: less than nothing is included")
    _require(tariff.mm3_per_g > 0, f"{name}: the volumetric weight has no divisor")


def _check_limits(name: str, items: ItemLimits | None, parcels: ParcelLimits) -> None:
    given = () if items is None else msgspec.structs.astuple(items)
    given += tuple(limit for limit in msgspec.structs.astuple(parcels) if limit is not None)
    _require(all(limit > 0 for limit in given), f"{name}: a limit that nothing keeps")


def _check_place(
    name: str,
    region_ids: tuple[int, ...],
    calendar_id: int,
    tree: RegionTree,
    calendars: dict[int, Calendar],
) -> None:
    _require(bool(region_ids), f"{name}: no region")
    for region_id in region_ids:
        _require(region_id in tree.by_id, f"{name}: unknown region {region_id}")
    _require(calendar_id in calendars, f"{name}: unknown calendar {calendar_id}")


def _check_interval(name: str, from_minute: int, to_minute: int) -> None:
    # The wire writes HH:MM, so a day ends at 23:59 there.
    _require(
        0 <= from_minute < to_minute < MINUTES_OF_DAY,
        f"{name}: {from_minute} to {to_minute} is no interval of minutes of a day",
    )


def _zone_by_region(zones: Iterable[CourierZone]) -> dict[int, int]:
    found: dict[int, int] = {}
    for zone in zones:
        for region_id in zone.region_ids:
            taken = found.setdefault(region_id, zone.id)
            _require(
                taken == zone.id, f"Courier zones {taken} and {zone.id} share region {region_id}"
            )
    return found


def _zone_anchors(
    tree: RegionTree, described: NetworkDescription, zone_by_region: dict[int, int]
) -> dict[int, tuple[int, ...]]:
    """Name for each zone the regions whose lanes decide how long the way there takes.

    A slot belongs to a whole zone, so the slowest lane into it sets the promise. Between a
    region and the nearest above it with any lane, no lane differs: that one stands for all.
    """
    with_lane = {lane.region_id for lane in described.lanes}
    anchors: dict[int, set[int]] = {zone.id: set() for zone in described.zones}
    for zone in described.zones:
        for region_id in zone.region_ids:
            lanes_above = (each.id for each in tree.chain(region_id) if each.id in with_lane)
            anchors[zone.id].add(next(lanes_above, zone.region_ids[0]))
    for region_id in with_lane:
        for region in tree.chain(region_id):
            if region.id in zone_by_region:
                anchors[zone_by_region[region.id]].add(region_id)
                break
    return {zone_id: tuple(sorted(regions)) for zone_id, regions in anchors.items()}


class _PlaceDays:
    """Calendars of places; those with the same own days over one calendar share the result."""

    def __init__(self, calendars: dict[int, Calendar]) -> None:
        self._calendars = calendars
        self._merged: dict[tuple[int, OwnDays], Calendar] = {}

    def of(self, places: Iterable[Warehouse | LogisticPoint | CourierZone]) -> dict[int, Calendar]:
        return {place.id: self._days(place.calendar_id, place.own_days) for place in places}

    def _days(self, calendar_id: int, own: OwnDays) -> Calendar:
        shared = self._calendars[calendar_id]
        if not own.closed and not own.working:
            return shared
        key = (calendar_id, own)
        if key not in self._merged:
            self._merged[key] = with_own_days(shared, own)
        return self._merged[key]


def _clocks(described: NetworkDescription) -> dict[str, ZoneInfo]:
    names = {place.time_zone for place in described.warehouses}
    names.update(place.time_zone for place in described.points)
    names.update(place.time_zone for place in described.zones)
    return {name: _clock(name) for name in sorted(names)}


def _clock(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as unknown:
        raise InvalidNetworkError(f"Unknown time zone {name}") from unknown
