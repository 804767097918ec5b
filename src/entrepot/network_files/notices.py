"""What a planner would notice in a network that is valid all the same."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from typing import TypeVar

import msgspec

from entrepot.domain.delivery.calendar import SEARCH_DAYS_MAX, Calendar
from entrepot.domain.delivery.distance import great_circle_km
from entrepot.domain.delivery.lanes import lane_between, tariff_of
from entrepot.domain.delivery.slot import PlaceKind
from entrepot.domain.network import CourierZone, LogisticPoint, Network, Warehouse
from entrepot.domain.regions import folded

IDS_NAMED_MAX = 10
FAR_KM = 500  # a town's point may lie in its suburbs, not on another map
HOLIDAYS_AHEAD_DAYS = 60

_NO_PLACE = (
    "Regions to which a warehouse has neither a lane nor a distance: write a lane, or give the"
    " region, or one above it, coordinates"
)
_RUN_OUT = (
    f"Calendars in use that know no holiday later than {HOLIDAYS_AHEAD_DAYS} days from now: have"
    " their years run out?"
)
_FAR = f"more than {FAR_KM} km from their region: are latitude and longitude exchanged?"
_NAMESAKES = "Regions with the name of a sister: addresses there cannot be told apart"

_Place = TypeVar("_Place", Warehouse, LogisticPoint, CourierZone)


class Notice(msgspec.Struct, frozen=True):
    """One thing to look at: what it is, how many places it concerns, and the first of them."""

    what: str
    count: int
    ids: tuple[int, ...]

    def __str__(self) -> str:
        named = ", ".join(map(str, self.ids))
        more = self.count - len(self.ids)
        return f"{self.what}: {named}{f' and {more} more' if more else ''}."


def find_notices(network: Network, today: date) -> tuple[Notice, ...]:
    """Look a network over.

    Args:
        network: a valid one.
        today: from which day on the calendars must know what they are asked.
    """
    warehouses, points, zones = network.warehouses, network.points, network.zones
    found = (
        ("Warehouses whose calendar never works", _idle(warehouses, network, today)),
        ("Pickup points that are never open", _idle(points, network, today)),
        ("Courier zones without a day of delivery", _idle(zones, network, today)),
        ("Pickup points that take no parcels (daily_capacity 0)", _without_capacity(network)),
        ("Pickup points that no warehouse can send to", _points_without_way(network)),
        ("Courier zones that no warehouse can send to", _zones_without_way(network)),
        (_NO_PLACE, _without_place(network)),
        ("Calendars that nothing uses", _orphans(network)),
        (_RUN_OUT, _run_out(network, today + timedelta(days=HOLIDAYS_AHEAD_DAYS))),
        (f"Warehouses {_FAR}", _far(network, ((w.region_id, w) for w in warehouses.values()))),
        (
            f"Pickup points {_FAR}",
            _far(network, ((p.address.region_id, p) for p in points.values())),
        ),
        (_NAMESAKES, _namesakes(network)),
    )
    return tuple(notice for what, ids in found if (notice := _notice(what, ids)) is not None)


def _notice(what: str, ids: Iterable[int]) -> Notice | None:
    ordered = sorted(set(ids))
    if not ordered:
        return None
    return Notice(what, len(ordered), tuple(ordered[:IDS_NAMED_MAX]))


def _idle(places: Mapping[int, _Place], network: Network, today: date) -> Iterator[int]:
    """Find places that do not work on a single day of the time that is searched ahead."""
    if not places:
        return
    days = [today + timedelta(days=nth) for nth in range(SEARCH_DAYS_MAX)]
    weekdays_worked: dict[int, frozenset[int]] = {}
    for place in places.values():
        calendar, open_on = _days_and_week(place, network)
        worked = weekdays_worked.get(id(calendar))
        if worked is None:
            worked = _weekdays_worked(calendar, days)
            weekdays_worked[id(calendar)] = worked
        if not worked & open_on:
            yield place.id


def _weekdays_worked(calendar: Calendar, days: Iterable[date]) -> frozenset[int]:
    return frozenset(day.weekday() for day in days if calendar.works(day))


def _days_and_week(
    place: Warehouse | LogisticPoint | CourierZone, network: Network
) -> tuple[Calendar, frozenset[int]]:
    if isinstance(place, Warehouse):
        return network.warehouse_days[place.id], frozenset(range(7))
    if isinstance(place, LogisticPoint):
        opened = frozenset(day for day, hours in enumerate(place.hours) if hours is not None)
        return network.point_days[place.id], opened
    delivered = frozenset(
        day for day, intervals in enumerate(place.week) if any(each.capacity for each in intervals)
    )
    return network.zone_days[place.id], delivered


def _without_capacity(network: Network) -> Iterator[int]:
    return (point.id for point in network.points.values() if point.daily_capacity == 0)


def _reachable(network: Network, kind: PlaceKind) -> Callable[[int], bool]:
    """Tell of regions whether any warehouse sends there; asked once for each region."""

    @cache
    def is_reached(region_id: int) -> bool:
        lanes = (lane_between(network, id_, region_id) for id_ in network.warehouses)
        return any(lane is not None and tariff_of(lane, kind) is not None for lane in lanes)

    return is_reached


def _points_without_way(network: Network) -> Iterator[int]:
    is_reached = _reachable(network, PlaceKind.POINT)
    return (p.id for p in network.points.values() if not is_reached(p.address.region_id))


def _zones_without_way(network: Network) -> Iterator[int]:
    is_reached = _reachable(network, PlaceKind.ZONE)
    for zone in network.zones.values():
        if not any(is_reached(region_id) for region_id in zone.region_ids):
            yield zone.id


def _without_place(network: Network) -> Iterator[int]:
    """Find regions of places to which a warehouse has neither a lane nor a distance."""
    regions = {point.address.region_id for point in network.points.values()}
    regions.update(region for zone in network.zones.values() for region in zone.region_ids)
    for region_id in regions:
        if network.regions.coordinates(region_id) is None and any(
            lane_between(network, warehouse_id, region_id) is None
            for warehouse_id in network.warehouses
        ):
            yield region_id


def _orphans(network: Network) -> set[int]:
    used = {place.calendar_id for place in network.warehouses.values()}
    used.update(place.calendar_id for place in network.points.values())
    used.update(place.calendar_id for place in network.zones.values())
    return network.calendars.keys() - used


def _run_out(network: Network, day: date) -> Iterator[int]:
    orphans = _orphans(network)
    for calendar in network.calendars.values():
        if calendar.holidays and max(calendar.holidays) < day and calendar.id not in orphans:
            yield calendar.id


def _far(
    network: Network, places: Iterable[tuple[int, Warehouse | LogisticPoint]]
) -> Iterator[int]:
    for region_id, place in places:
        region = network.regions.by_id[region_id]
        gps = place.gps if isinstance(place, Warehouse) else place.address.gps
        if region.latitude is None or region.longitude is None:
            continue  # what lies above it may be as large as a country
        if great_circle_km(gps.latitude, gps.longitude, region.latitude, region.longitude) > FAR_KM:
            yield place.id


def _namesakes(network: Network) -> Iterator[int]:
    for siblings in network.regions.children.values():
        names: dict[str, int] = {}
        for region in siblings:
            name = folded(region.name)
            if name in names:
                yield region.id
            names.setdefault(name, region.id)
