"""Quoting: which warehouses would send a basket, when it could arrive, what the shop pays.

`quote` decides on what was read beforehand and answers with what placing would accept at the
same moment: the windows, capacities, limits and prices are those of `placement.decide`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from entrepot.contract import errors
from entrepot.contract.errors import Refusal, listed
from entrepot.domain.delivery.choose import (
    Arrival,
    BasketLine,
    NotInStock,
    Way,
    choose_warehouses,
)
from entrepot.domain.delivery.goods import Goods, ItemLimits, Load, takes_kind
from entrepot.domain.delivery.offering import OfferedSlot
from entrepot.domain.delivery.routes import Route, Routes
from entrepot.domain.delivery.slot import SlotKey
from entrepot.domain.destination import Place
from entrepot.domain.network import Network


class QuotedItem(msgspec.Struct, frozen=True, gc=False):
    """An offer and a count, of a certain warehouse or of any."""

    offer_id: str
    count: int
    warehouse_id: int | None = None


class QuoteSituation(msgspec.Struct, frozen=True):
    """What is known when a basket is quoted.

    `places` is where it might go: points, or the zone of an address, or nothing. `available`
    lacks offers that are not in a warehouse; `slots_held` lacks slots that nobody holds.
    """

    now: datetime
    days_ahead: int
    network: Network
    places: tuple[Place, ...]
    goods: Mapping[str, Goods]
    available: Mapping[tuple[int, str], int]
    slots_held: Mapping[SlotKey, int]


class QuotedPlace(msgspec.Struct, frozen=True):
    """A place that takes a parcel: its slots, earliest first, and the price in kopecks."""

    place: Place
    price_kopecks: int
    slots: tuple[OfferedSlot, ...]


class QuotedParcel(msgspec.Struct, frozen=True):
    """What one warehouse would send, and the places that it could reach."""

    warehouse_id: int
    items: tuple[QuotedItem, ...]
    places: tuple[QuotedPlace, ...]


def quote(
    items: tuple[QuotedItem, ...], situation: QuoteSituation
) -> tuple[QuotedParcel, ...] | Refusal:
    """Quote a basket: one parcel per warehouse, ascending by warehouse.

    A warehouse that an item names is kept; for the others `choose_warehouses` decides. A place
    that cannot take a parcel, or has no slot left, is left out. A slot counts as free when all
    parcels of the basket find room in it together. What the goods are worth is not known yet, so
    that limits of value are left to placing.
    """
    unknown = [item.offer_id for item in items if item.offer_id not in situation.goods]
    if unknown:
        return errors.OFFERS_NOT_FOUND(offer_ids=listed(unknown))
    for item in items:
        refusal = _warehouse_refusal(item, situation)
        if refusal is not None:
            return refusal
    return _Quoting(items, situation).parcels()


def _warehouse_refusal(item: QuotedItem, situation: QuoteSituation) -> Refusal | None:
    if item.warehouse_id is None:
        return None
    warehouse = situation.network.warehouses.get(item.warehouse_id)
    if warehouse is None:
        return errors.WAREHOUSE_UNKNOWN(warehouse_id=item.warehouse_id)
    if takes_kind(warehouse.goods_kinds, situation.goods[item.offer_id].kind):
        return None
    return errors.KIND_NOT_SENT(warehouse_id=item.warehouse_id, offer_ids=item.offer_id)


class _Quoting:
    """One basket while it is being quoted: each route is found once."""

    def __init__(self, items: tuple[QuotedItem, ...], situation: QuoteSituation) -> None:
        self.items = items
        self.situation = situation
        self._routes = Routes(situation.network, now=situation.now, days_ahead=situation.days_ahead)
        self._too_large: dict[ItemLimits, frozenset[str]] = {}
        self._in_stock = _by_offer(situation.available)

    def parcels(self) -> tuple[QuotedParcel, ...] | Refusal:
        lines = tuple(self._line(item) for item in self.items)
        concerned = sorted(frozenset[int]().union(*(line.available_at for line in lines)))
        places = [self._ways(place, concerned) for place in self.situation.places]
        chosen = choose_warehouses(lines, places)
        if isinstance(chosen, NotInStock):
            return errors.NOT_ENOUGH_STOCK(offer_ids=listed(chosen.offer_ids))
        by_offer = {item.offer_id: item for item in self.items}
        return tuple(
            self._parcel(
                parcel.warehouse_id,
                tuple(by_offer[line.offer_id] for line in parcel.lines),
                len(chosen.parcels),
            )
            for parcel in chosen.parcels
        )

    def _line(self, item: QuotedItem) -> BasketLine:
        warehouses = self.situation.network.warehouses
        kind = self.situation.goods[item.offer_id].kind
        return BasketLine(
            item.offer_id,
            item.count,
            self._load((item,)),
            frozenset(
                warehouse_id
                for warehouse_id, available in self._in_stock.get(item.offer_id, ())
                if available >= item.count
                and item.warehouse_id in (None, warehouse_id)
                and takes_kind(warehouses[warehouse_id].goods_kinds, kind)
            ),
        )

    def _load(self, items: Iterable[QuotedItem]) -> Load:
        weight_g = volume_mm3 = 0
        for item in items:
            goods = self.situation.goods[item.offer_id]
            weight_g += goods.weight_g * item.count
            volume_mm3 += goods.length_mm * goods.width_mm * goods.height_mm * item.count
        return Load(weight_g, volume_mm3)

    def _ways(self, place: Place, warehouse_ids: Iterable[int]) -> tuple[Way, ...]:
        """Say of each warehouse what a parcel from it to a place is bound to."""
        ways: list[Way] = []
        for warehouse_id in warehouse_ids:
            route = self._routes.find(warehouse_id, place)
            if route is None:
                continue
            refused = self._too_large_for(place.limits)
            if route.carrier_limits is not None:
                refused |= self._too_large_for(route.carrier_limits)
            arrivals = self._arrivals(route)
            ways.append(Way(warehouse_id, route.tariff, arrivals, route.parcel_limits, refused))
        return tuple(ways)

    def _arrivals(self, route: Route) -> tuple[Arrival, ...]:
        """Tell the first day for one parcel, for two, and so on: a day may have room for few."""
        held = self.situation.slots_held
        arrivals: list[Arrival] = []
        most = 0

        def is_roomier(slot: OfferedSlot) -> bool:
            return slot.capacity - held.get(slot.key, 0) > most

        while most < len(self.items):
            slot = route.window.first_slot(is_roomier)
            if slot is None:
                break
            most = slot.capacity - held.get(slot.key, 0)
            arrivals.append(Arrival(most, slot.key.day))
        return tuple(arrivals)

    def _too_large_for(self, limits: ItemLimits) -> frozenset[str]:
        if limits not in self._too_large:
            goods = self.situation.goods
            self._too_large[limits] = frozenset(
                item.offer_id for item in self.items if not limits.fit(goods[item.offer_id])
            )
        return self._too_large[limits]

    def _parcel(
        self, warehouse_id: int, items: tuple[QuotedItem, ...], parcels: int
    ) -> QuotedParcel:
        held = self.situation.slots_held
        offer_ids = {item.offer_id for item in items}
        load = self._load(items)
        places: list[QuotedPlace] = []
        for place in self.situation.places:
            route = self._routes.find(warehouse_id, place)
            if route is None or not self._goes(route, load, offer_ids):
                continue
            slots = tuple(
                slot
                for slot in route.window.slots()
                if held.get(slot.key, 0) + parcels <= slot.capacity
            )
            if slots:
                places.append(QuotedPlace(place, route.price_kopecks(load), slots))
        return QuotedParcel(warehouse_id, items, tuple(places))

    def _goes(self, route: Route, load: Load, offer_ids: set[str]) -> bool:
        limits = (route.target.limits, route.carrier_limits)
        return route.parcel_limits.admit(load) and all(
            each is None or self._too_large_for(each).isdisjoint(offer_ids) for each in limits
        )


def _by_offer(available: Mapping[tuple[int, str], int]) -> Mapping[str, list[tuple[int, int]]]:
    """Give the warehouses in which each offer lies, with what is free there."""
    found: dict[str, list[tuple[int, int]]] = {}
    for (warehouse_id, offer_id), count in available.items():
        found.setdefault(offer_id, []).append((warehouse_id, count))
    return found
