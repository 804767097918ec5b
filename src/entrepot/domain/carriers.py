"""Who carries parcels: the port that every carrier is behind, and the operator's own fleet.

A carrier says which shipments it takes. What it tells of them later comes in as carrier events,
from whoever drives or from a file of another carrier's, so nothing here talks to anybody.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from entrepot.domain.delivery.slot import PlaceKind


class Shipment(NamedTuple):
    """What a carrier is offered: where to, and the parcels' weights in grams."""

    place_kind: PlaceKind
    place_id: int
    weights_g: tuple[int, ...]


class Carrier(Protocol):
    """A carrier."""

    @property
    def id(self) -> str:
        """What it is called in keys, acts and events: capital letters, digits and dashes."""
        ...

    @property
    def name(self) -> str:
        """What people call it; stands on labels and acts."""
        ...

    def objection(self, shipment: Shipment) -> str | None:
        """Say why it does not take a shipment; None when it does."""
        ...


class OwnFleet(NamedTuple):
    """The operator's own drivers and points: they go wherever the network goes."""

    id: str = "OWN"
    name: str = "Собственная доставка"

    def objection(self, shipment: Shipment) -> str | None:
        """Take everything: what the network does not carry was never ordered."""
        del shipment
        return None


OWN_FLEET = OwnFleet()
CARRIERS: Mapping[str, Carrier] = MappingProxyType({OWN_FLEET.id: OWN_FLEET})
