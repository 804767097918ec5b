"""Where an order shall go, and the place of the network that this means."""

import msgspec

from entrepot.contract import errors
from entrepot.contract.errors import Refusal, Template, listed
from entrepot.contract.money import roubles
from entrepot.domain.address import Unresolved, resolve_address
from entrepot.domain.delivery.goods import ItemLimits, Load, ParcelLimits
from entrepot.domain.delivery.slot import PlaceKind
from entrepot.domain.network import CourierZone, LogisticPoint, Network, zone_of

_MM3_PER_CM3 = 1_000


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
        template, where = self._by_way(errors.TOO_LARGE_FOR_POINT, errors.TOO_LARGE_FOR_COURIER)
        return template(offer_ids=listed(offer_ids), **where)

    def overload(self, warehouse_id: int, load: Load, limits: ParcelLimits) -> Refusal | None:
        """Refuse a parcel beyond the limits on its way here; None when it keeps them."""
        if limits.admit(load):
            return None
        if limits.weight_g is not None and load.weight_g > limits.weight_g:
            return self._too_large(warehouse_id, "weight", load.weight_g, limits.weight_g, "g")
        if limits.volume_mm3 is not None and load.volume_mm3 > limits.volume_mm3:
            found, most = -(-load.volume_mm3 // _MM3_PER_CM3), limits.volume_mm3 // _MM3_PER_CM3
            return self._too_large(warehouse_id, "volume", found, most, "cm3")
        assert load.value_kopecks is not None and limits.value_kopecks is not None  # noqa: PT018
        template, where = self._by_way(
            errors.PARCEL_TOO_VALUABLE_FOR_POINT, errors.PARCEL_TOO_VALUABLE_FOR_COURIER
        )
        return template(
            warehouse_id=warehouse_id,
            found=f"{roubles(load.value_kopecks):.2f}",
            most=f"{roubles(limits.value_kopecks):.2f}",
            **where,
        )

    def _too_large(
        self, warehouse_id: int, measure: str, found: int, most: int, unit: str
    ) -> Refusal:
        template, where = self._by_way(
            errors.PARCEL_TOO_LARGE_FOR_POINT, errors.PARCEL_TOO_LARGE_FOR_COURIER
        )
        return template(
            warehouse_id=warehouse_id,
            measure=measure,
            found=f"{found} {unit}",
            most=f"{most} {unit}",
            **where,
        )

    def _by_way(
        self, for_point: Template, for_courier: Template
    ) -> tuple[Template, dict[str, object]]:
        """Give the message for the way this is, and its words for the place."""
        if self.address is None:
            return for_point, {"logistic_point_id": self.target.id}
        return for_courier, {"address": self.address}


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
