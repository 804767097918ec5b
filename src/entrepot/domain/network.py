"""The delivery network: what an operator owns and promises, as one immutable snapshot.

A `NetworkDescription` is what is stored and loaded; `network_build.build_network` makes a
`Network` of it: the same facts, checked, with the indexes that questions are answered from.
"""

from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from entrepot.domain.address_index import AddressIndex
from entrepot.domain.delivery.calendar import Calendar, OwnDays
from entrepot.domain.delivery.goods import ItemLimits, ParcelLimits
from entrepot.domain.regions import Region, RegionTree

DAYS_OF_WEEK = 7
MINUTES_OF_DAY = 1440


class Gps(msgspec.Struct, frozen=True, gc=False):
    """Coordinates in degrees."""

    latitude: float
    longitude: float


class Warehouse(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A fulfilment warehouse.

    `cut_offs` holds a local minute for each day of the week, Monday first. An order placed on a
    working day before that day's cut-off is begun that day, a later one on the next working day;
    it leaves `handling_days` working days after it was begun, at the cut-off of the day on which
    it leaves. No `goods_kinds` at all: every kind is taken.
    """

    id: int
    name: str
    region_id: int
    city: str
    gps: Gps
    time_zone: str
    cut_offs: tuple[int, ...]
    handling_days: int
    calendar_id: int
    street: str | None = None
    number: str | None = None
    building: str | None = None
    block: str | None = None
    goods_kinds: frozenset[str] = frozenset()
    own_days: OwnDays = OwnDays()


class OpenHours(NamedTuple):
    """Opening and closing of a day, in local minutes of that day."""

    from_minute: int
    to_minute: int


class PointAddress(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
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


class LogisticPoint(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
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
    parcel_limits: ParcelLimits = ParcelLimits()
    own_days: OwnDays = OwnDays()


class CourierInterval(NamedTuple):
    """An interval of delivery in local minutes of a day, and how many parcels it takes."""

    from_minute: int
    to_minute: int
    capacity: int


class CourierZone(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An area that couriers serve: the regions named and everything below them."""

    id: int
    name: str
    region_ids: tuple[int, ...]
    time_zone: str
    calendar_id: int
    week: tuple[tuple[CourierInterval, ...], ...]  # seven, Monday first
    limits: ItemLimits
    parcel_limits: ParcelLimits = ParcelLimits()
    own_days: OwnDays = OwnDays()


class Tariff(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What the shop pays for a parcel by one service.

    Each begun kilogram beyond `included_g` costs `per_kg_kopecks`, of the weight or of the
    volumetric weight, whichever is more. `mm3_per_g` says how much volume weighs a gram; the
    trade's usual 5,000 cubic centimetres to a kilogram unless the carrier has another.
    """

    base_kopecks: int
    per_kg_kopecks: int
    included_g: int = 0
    mm3_per_g: int = 5_000


class Lane(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The way from a warehouse to a region and all below it: calendar days and tariffs.

    A service without a tariff is not carried. The limits are the carrier's; those of the place
    apply as well.
    """

    warehouse_id: int
    region_id: int
    transit_days_min: int
    transit_days_max: int
    pickup: Tariff | None = None
    courier: Tariff | None = None
    item_limits: ItemLimits | None = None
    parcel_limits: ParcelLimits = ParcelLimits()


class NetworkDescription(msgspec.Struct, frozen=True):
    """Everything that is stored of a network."""

    regions: tuple[Region, ...] = ()
    calendars: tuple[Calendar, ...] = ()
    warehouses: tuple[Warehouse, ...] = ()
    points: tuple[LogisticPoint, ...] = ()
    zones: tuple[CourierZone, ...] = ()
    lanes: tuple[Lane, ...] = ()


class Network(msgspec.Struct, frozen=True):
    """A network of one version with its indexes; never changed after it was built.

    `warehouse_days`, `point_days` and `zone_days` are the calendars of places, their own days
    included.
    """

    version: int
    regions: RegionTree
    calendars: dict[int, Calendar]
    warehouse_days: dict[int, Calendar]
    point_days: dict[int, Calendar]
    zone_days: dict[int, Calendar]
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
