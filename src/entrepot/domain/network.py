"""The delivery network: what an operator owns and promises, as one immutable snapshot.

A `NetworkDescription` is what is stored and loaded; `network_build.build_network` makes a
`Network` of it: the same facts, checked, with the indexes that questions are answered from.
"""

from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from entrepot.domain.address_index import AddressIndex
from entrepot.domain.delivery.calendar import Calendar
from entrepot.domain.delivery.goods import ItemLimits
from entrepot.domain.regions import Region, RegionTree

DAYS_OF_WEEK = 7
MINUTES_OF_DAY = 1440


class Gps(msgspec.Struct, frozen=True, gc=False):
    """Coordinates in degrees."""

    latitude: float
    longitude: float


class Warehouse(msgspec.Struct, frozen=True, gc=False):
    """A fulfilment warehouse.

    An order placed on a working day before `cut_off_minute` (local minute of the day) is begun
    that day, a later one on the next working day; it leaves `handling_days` working days after
    it was begun, at the cut-off.
    """

    id: int
    name: str
    region_id: int
    city: str
    gps: Gps
    time_zone: str
    cut_off_minute: int
    handling_days: int
    calendar_id: int
    street: str | None = None
    number: str | None = None
    building: str | None = None
    block: str | None = None


class OpenHours(NamedTuple):
    """Opening and closing of a day, in local minutes of that day."""

    from_minute: int
    to_minute: int


class PointAddress(msgspec.Struct, frozen=True, gc=False):
    """Where a logistic point is (the wire's `LogisticPointAddressDTO`)."""

    full_address: str
    gps: Gps
    region_id: int
    city: str | None = None
    street: str | None = None
    house: str | None = None
    building: str | None = None
    block: str | None = None
    km: int | None = None
    additional: str | None = None


class LogisticPoint(msgspec.Struct, frozen=True, gc=False):
    """A pickup point. It takes up to `daily_capacity` parcels on each day that it is open."""

    id: int
    address: PointAddress
    time_zone: str
    calendar_id: int
    hours: tuple[OpenHours | None, ...]  # seven, Monday first; None is closed
    daily_capacity: int
    limits: ItemLimits
    storage_days: int
    return_allowed: bool


class CourierInterval(NamedTuple):
    """An interval of delivery in local minutes of a day, and how many parcels it takes."""

    from_minute: int
    to_minute: int
    capacity: int


class CourierZone(msgspec.Struct, frozen=True, gc=False):
    """An area that couriers serve: the regions named and everything below them."""

    id: int
    name: str
    region_ids: tuple[int, ...]
    time_zone: str
    calendar_id: int
    week: tuple[tuple[CourierInterval, ...], ...]  # seven, Monday first
    limits: ItemLimits


class Lane(msgspec.Struct, frozen=True, gc=False):
    """The way from a warehouse to a region and all below it: calendar days and tariff."""

    warehouse_id: int
    region_id: int
    transit_days_min: int
    transit_days_max: int
    base_kopecks: int
    per_kg_kopecks: int


class NetworkDescription(msgspec.Struct, frozen=True):
    """Everything that is stored of a network."""

    regions: tuple[Region, ...] = ()
    calendars: tuple[Calendar, ...] = ()
    warehouses: tuple[Warehouse, ...] = ()
    points: tuple[LogisticPoint, ...] = ()
    zones: tuple[CourierZone, ...] = ()
    lanes: tuple[Lane, ...] = ()


class Network(msgspec.Struct, frozen=True):
    """A network of one version with its indexes; never changed after it was built."""

    version: int
    regions: RegionTree
    calendars: dict[int, Calendar]
    warehouses: dict[int, Warehouse]
    points: dict[int, LogisticPoint]
    point_ids: tuple[int, ...]  # ascending, for pages
    zones: dict[int, CourierZone]
    lanes: dict[tuple[int, int], Lane]  # by warehouse and region
    zone_by_region: dict[int, int]
    zone_anchors: dict[int, tuple[int, ...]]  # regions whose lanes say how long a zone takes
    clocks: dict[str, ZoneInfo]
    addresses: AddressIndex


def zone_of(network: Network, region_id: int) -> CourierZone | None:
    """Find the courier zone that serves a region: its own, or that of the nearest above it."""
    regions = network.regions.by_id
    region = regions.get(region_id)
    while region is not None:
        zone_id = network.zone_by_region.get(region.id)
        if zone_id is not None:
            return network.zones[zone_id]
        region = regions.get(region.parent_id) if region.parent_id is not None else None
    return None
