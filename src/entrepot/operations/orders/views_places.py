"""How reads of orders show places: addresses of couriers and points.

Of a courier's address the contract shows parts only. The street and house that the shop wrote
stay in the one line they came in; country and city are those of the region that was found.
"""

from typing import Annotated, NamedTuple

from msgspec import Meta, Struct

from entrepot.contract.dates import clock_text
from entrepot.contract.enums import OrderDelivery, RegionType
from entrepot.domain.network import LogisticPoint, Network
from entrepot.domain.order import Order
from entrepot.operations.views import GpsDTO

_SETTLEMENTS = (RegionType.CITY, RegionType.VILLAGE)

ClockTime = Annotated[str, Meta(extra_json_schema={"format": "time"})]


class AddressParts(Struct, frozen=True, kw_only=True):
    """What is shown of an address."""

    country: str | None = None
    city: str | None = None
    street: str | None = None
    house: str | None = None
    building: str | None = None
    block: str | None = None
    entrance: str | None = None
    floor: str | None = None
    apartment: str | None = None
    gps: GpsDTO | None = None


class Interval(NamedTuple):
    """When on its day a courier comes; a point has no such interval."""

    from_time: str | None = None
    to_time: str | None = None


def address_of(order: Order, network: Network) -> AddressParts | None:
    """Show where an order goes: the point's address, or what is known of the courier's."""
    if order.delivery is OrderDelivery.PICKUP:
        point = network.points.get(order.slot.place_id)
        return _point_address(network, point) if point else None
    return AddressParts(
        country=_country(network, order.region_id),
        city=_city(network, order.region_id),
        entrance=order.address.entrance,
        floor=None if order.address.floor is None else str(order.address.floor),
        apartment=order.address.apartment,
    )


def interval_of(order: Order) -> Interval:
    """Show the courier's interval in local time of the address."""
    if order.delivery is OrderDelivery.PICKUP:
        return Interval()
    return Interval(clock_text(order.slot.from_minute), clock_text(order.slot.to_minute))


def _point_address(network: Network, point: LogisticPoint) -> AddressParts:
    at = point.address
    return AddressParts(
        country=_country(network, at.region_id),
        city=at.city,
        street=at.street,
        house=at.house,
        building=at.building,
        block=at.block,
        gps=GpsDTO(latitude=at.gps.latitude, longitude=at.gps.longitude),
    )


def _country(network: Network, region_id: int) -> str | None:
    chain = network.regions.chain(region_id)
    return next((region.name for region in chain if region.type is RegionType.COUNTRY), None)


def _city(network: Network, region_id: int) -> str | None:
    chain = network.regions.chain(region_id)
    return next((region.name for region in chain if region.type in _SETTLEMENTS), None)
