"""Where an order shall go, and the place of the network that this means."""

import msgspec

from entrepot.contract import errors
from entrepot.contract.errors import Refusal, listed
from entrepot.domain.address import Unresolved, resolve_address
from entrepot.domain.delivery.goods import ItemLimits
from entrepot.domain.delivery.slot import PlaceKind
from entrepot.domain.network import CourierZone, LogisticPoint, Network, zone_of


class ToPoint(msgspec.Struct, frozen=True, gc=False):
    """Pickup at a logistic point."""

    logistic_point_id: int


class ToAddress(msgspec.Struct, frozen=True, gc=False):
    """Courier to an address: one free line and what it need not hold. Personal data."""

    full_address: str
    entrance: str | None = None
    floor: int | None = None
    apartment: str | None = None
    notes: str | None = None


Destination = ToPoint | ToAddress


class Place(msgspec.Struct, frozen=True, gc=False):
    """The point or zone a destination leads to, and the region it lies in."""

    target: LogisticPoint | CourierZone
    region_id: int
    address: str | None

    @property
    def kind(self) -> PlaceKind:
        """Whether parcels are fetched at a point or brought to a zone."""
        return PlaceKind.POINT if isinstance(self.target, LogisticPoint) else PlaceKind.ZONE

    @property
    def limits(self) -> ItemLimits:
        """What one item may weigh and measure on this way."""
        return self.target.limits

    def too_large(self, offer_ids: list[str]) -> Refusal:
        """Refuse goods that this place cannot take."""
        if self.address is None:
            return errors.TOO_LARGE_FOR_POINT(
                logistic_point_id=self.target.id, offer_ids=listed(offer_ids)
            )
        return errors.TOO_LARGE_FOR_COURIER(address=self.address, offer_ids=listed(offer_ids))


def find_place(network: Network, destination: Destination) -> Place | Refusal:
    """Find the place a destination leads to; the refusal says what of it is unknown."""
    if isinstance(destination, ToPoint):
        point = network.points.get(destination.logistic_point_id)
        if point is None:
            return errors.POINT_UNKNOWN(logistic_point_id=destination.logistic_point_id)
        return Place(point, point.address.region_id, None)
    address = destination.full_address
    found = resolve_address(network, address)
    if isinstance(found, Unresolved):
        return errors.ADDRESS_UNRESOLVED(address=address)
    zone = zone_of(network, found.region_id)
    if zone is None:
        return errors.NO_COURIER_TO_ADDRESS(address=address)
    return Place(zone, found.region_id, address)
