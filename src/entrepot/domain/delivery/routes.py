"""The way of a parcel from a warehouse to a place: when, within which limits, at what price.

Quoting, placing and moving an order all ask here, so that what one offers the others accept. A
route is the costly part of their questions (a clock, two calendars, a lane): who has many
questions about one warehouse and one place at one moment asks for it once.
"""

from datetime import date, datetime
from typing import NamedTuple

import msgspec

from entrepot.domain.delivery.goods import ItemLimits, Load, ParcelLimits, Sized
from entrepot.domain.delivery.lanes import lane_between, tariff_of, tariff_price
from entrepot.domain.delivery.offering import DeliveryWindow, OfferedSlot, delivery_window
from entrepot.domain.delivery.shipping import Shipping, shipping
from entrepot.domain.delivery.slot import PlaceKind
from entrepot.domain.destination import Place
from entrepot.domain.network import CourierZone, LogisticPoint, Network, Tariff

# Slots of ways that are remembered from moment to moment: about 500 bytes each.
REMEMBERED_MAX = 20_000


class Route(msgspec.Struct, frozen=True):
    """What a warehouse can do for a place at one moment.

    `carrier_limits` are those of the lane for each item, over those of the place;
    `parcel_limits` are those of both.
    """

    warehouse_id: int
    target: LogisticPoint | CourierZone
    ship_day: date
    window: DeliveryWindow
    tariff: Tariff
    carrier_limits: ItemLimits | None
    parcel_limits: ParcelLimits

    def carries(self, item: Sized) -> bool:
        """Tell whether the carrier takes an item; whether the place does is not asked here."""
        return self.carrier_limits is None or self.carrier_limits.fit(item)

    def price_kopecks(self, load: Load) -> int:
        """Give what the shop pays for a parcel."""
        return tariff_price(self.tariff, load.weight_g, load.volume_mm3)


class _Known(NamedTuple):
    """What was found of a way and one of its slots, for a parcel that leaves then."""

    leaving: Shipping | None
    route: Route | None
    offered: OfferedSlot | None


class Routes:
    """The ways of orders placed at one moment, each found once."""

    def __init__(self, network: Network, *, now: datetime, days_ahead: int) -> None:
        """Start with none found; nothing arrives later than `days_ahead` days from now."""
        self._network = network
        self._now = now
        self._days_ahead = days_ahead
        self._leaving: dict[int, Shipping | None] = {}
        self._found: dict[tuple[int, PlaceKind, int, int], Route | None] = {}
        self._known: dict[tuple[int, PlaceKind, int, int, date, int, int], _Known] = {}

    def at(self, network: Network, now: datetime) -> "Routes":
        """Give the ways at another moment; what is known of a departure is known there too."""
        other = Routes(network, now=now, days_ahead=self._days_ahead)
        if network is self._network and self.remembered < REMEMBERED_MAX:
            other._known = self._known
        return other

    @property
    def remembered(self) -> int:
        """How many slots of ways are known at other moments too."""
        return len(self._known)

    def find_slot(
        self, warehouse_id: int, place: Place, day: date, from_minute: int, to_minute: int
    ) -> tuple[Route | None, OfferedSlot | None]:
        """Find the way of an order placed now, and the slot that is asked for, if it is offered."""
        leaving = self._leaves(warehouse_id)
        target = place.kind, place.target.id, place.region_id
        key = (warehouse_id, *target, day, from_minute, to_minute)
        # After the moment of departure what can be reached depends on the present one as well.
        lasts = leaving is None or self._now <= leaving.leaves_at
        known = self._known.get(key) if lasts else None
        if known is None or known.leaving != leaving:
            route = self.find(warehouse_id, place)
            offered = None if route is None else route.window.slot(day, from_minute, to_minute)
            known = _Known(leaving, route, offered)
            if lasts:
                self._known[key] = known
        return known.route, known.offered

    def find(self, warehouse_id: int, place: Place) -> Route | None:
        """Find the way of an order placed now.

        None when there is no such warehouse, or it never works, no lane leads there or carries
        such a delivery, or nothing arrives in time.
        """
        key = (warehouse_id, place.kind, place.target.id, place.region_id)
        if key not in self._found:
            self._found[key] = self._seek(warehouse_id, place)
        return self._found[key]

    def _seek(self, warehouse_id: int, place: Place) -> Route | None:
        leaving = self._leaves(warehouse_id)
        if leaving is None:
            return None
        return route_of(
            self._network,
            warehouse_id,
            place,
            leaving,
            now=self._now,
            days_ahead=self._days_ahead,
        )

    def _leaves(self, warehouse_id: int) -> Shipping | None:
        if warehouse_id not in self._leaving:
            warehouse = self._network.warehouses.get(warehouse_id)
            self._leaving[warehouse_id] = (
                None if warehouse is None else shipping(self._network, warehouse, self._now)
            )
        return self._leaving[warehouse_id]


def route_of(
    network: Network,
    warehouse_id: int,
    place: Place,
    leaving: Shipping,
    *,
    now: datetime,
    days_ahead: int,
) -> Route | None:
    """Find the way of a parcel that leaves at a certain moment; None as with `Routes.find`.

    It arrives when the longest transit of the lane is over: what is promised must hold on a bad
    day too. The lane is that of the address, also where a slot is shared by a larger zone.
    """
    lane = lane_between(network, warehouse_id, place.region_id)
    tariff = None if lane is None else tariff_of(lane, place.kind)
    if lane is None or tariff is None:
        return None
    window = delivery_window(
        network, place.target, leaving, lane.transit_days_max, now=now, days_ahead=days_ahead
    )
    if window is None:
        return None
    return Route(
        warehouse_id,
        place.target,
        leaving.ship_day,
        window,
        tariff,
        lane.item_limits,
        place.target.parcel_limits.within(lane.parcel_limits),
    )
