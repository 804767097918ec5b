"""Quoting: which warehouses would send a basket, when it could arrive, what the shop pays.

`quote` decides on what was read beforehand and answers with what placing would accept at the
same moment: the windows, capacities, limits and prices are those of `placement.decide`.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime

import msgspec

from entrepot.contract import errors
from entrepot.contract.errors import Refusal, listed
from entrepot.domain.delivery.choose import (
    BasketLine,
    NotInStock,
    Source,
    choose_warehouses,
)
from entrepot.domain.delivery.goods import Goods
from entrepot.domain.delivery.lanes import lane_between, tariff_of, tariff_price
from entrepot.domain.delivery.offering import DeliveryWindow, OfferedSlot, delivery_window
from entrepot.domain.delivery.slot import PlaceKind, SlotKey
from entrepot.domain.destination import Place
from entrepot.domain.network import Network, Tariff

_USUAL_MM3_PER_G = 5_000  # where warehouses are compared, a tariff's own divisor matters little


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
    that does not take one of a parcel's goods, or has no slot left, is left out. A slot counts
    as free when all parcels of the basket find room in it together.
    """
    unknown = [item.offer_id for item in items if item.offer_id not in situation.goods]
    if unknown:
        return errors.OFFERS_NOT_FOUND(offer_ids=listed(unknown))
    for item in items:
        if item.warehouse_id is not None and item.warehouse_id not in situation.network.warehouses:
            return errors.WAREHOUSE_UNKNOWN(warehouse_id=item.warehouse_id)
    return _Quoting(items, situation).parcels()


def slot_room(network: Network, key: SlotKey) -> int:
    """Give the capacity of a slot; 0 when the network has no such slot any more."""
    if key.place_kind is PlaceKind.POINT:
        point = network.points.get(key.place_id)
        return 0 if point is None else point.daily_capacity
    zone = network.zones.get(key.place_id)
    if zone is None:
        return 0
    for opens, closes, capacity in zone.week[key.day.weekday()]:
        if (opens, closes) == (key.from_minute, key.to_minute):
            return capacity
    return 0


class _Quoting:
    """One basket while it is being quoted: windows are reckoned once."""

    def __init__(self, items: tuple[QuotedItem, ...], situation: QuoteSituation) -> None:
        self.items = items
        self.situation = situation
        self._windows: dict[tuple[int, int], DeliveryWindow | None] = {}

    def parcels(self) -> tuple[QuotedParcel, ...] | Refusal:
        lines = tuple(self._line(item) for item in self.items)
        chosen = choose_warehouses(lines, self._sources(lines))
        if isinstance(chosen, NotInStock):
            return errors.NOT_ENOUGH_STOCK(offer_ids=listed(chosen.offer_ids))
        by_offer = {item.offer_id: item for item in self.items}
        return tuple(
            self._parcel(
                parcel.warehouse_id,
                tuple(by_offer[line.offer_id] for line in parcel.lines),
                len(chosen),
            )
            for parcel in chosen
        )

    def _line(self, item: QuotedItem) -> BasketLine:
        warehouses = self.situation.network.warehouses
        asked = warehouses if item.warehouse_id is None else (item.warehouse_id,)
        available = self.situation.available
        return BasketLine(
            item.offer_id,
            item.count,
            self._chargeable_g(item),
            frozenset(
                warehouse_id
                for warehouse_id in asked
                if available.get((warehouse_id, item.offer_id), 0) >= item.count
            ),
        )

    def _chargeable_g(self, item: QuotedItem) -> int:
        weight_g, volume_mm3 = self._weigh((item,))
        return max(weight_g, volume_mm3 // _USUAL_MM3_PER_G)

    def _weigh(self, items: Iterable[QuotedItem]) -> tuple[int, int]:
        weight_g = volume_mm3 = 0
        for item in items:
            goods = self.situation.goods[item.offer_id]
            weight_g += goods.weight_g * item.count
            volume_mm3 += goods.length_mm * goods.width_mm * goods.height_mm * item.count
        return weight_g, volume_mm3

    def _tariff(self, warehouse_id: int, place: Place) -> Tariff | None:
        lane = lane_between(self.situation.network, warehouse_id, place.region_id)
        return None if lane is None else tariff_of(lane, place.kind)

    def _sources(self, lines: tuple[BasketLine, ...]) -> list[Source]:
        """Say of each warehouse that matters when a parcel from it would arrive, and its tariff."""
        concerned = sorted(frozenset[int]().union(*(line.available_at for line in lines)))
        if all(len(line.available_at) <= 1 for line in lines):
            return [Source(each, None, 0, 0) for each in concerned]  # there is no choice
        return [self._source(each) for each in concerned]

    def _source(self, warehouse_id: int) -> Source:
        best: tuple[date, int, int] | None = None
        for place in self.situation.places:
            tariff = self._tariff(warehouse_id, place)
            window = self._window(warehouse_id, place)
            first = None if window is None else window.first_slot(self._has_room(1))
            if tariff is not None and first is not None:
                reached = (first.key.day, tariff.base_kopecks, tariff.per_kg_kopecks)
                best = reached if best is None else min(best, reached)
        return Source(warehouse_id, None, 0, 0) if best is None else Source(warehouse_id, *best)

    def _parcel(
        self, warehouse_id: int, items: tuple[QuotedItem, ...], parcels: int
    ) -> QuotedParcel:
        goods = [self.situation.goods[item.offer_id] for item in items]
        weight_g, volume_mm3 = self._weigh(items)
        has_room = self._has_room(parcels)
        places: list[QuotedPlace] = []
        for place in self.situation.places:
            window = self._window(warehouse_id, place)
            tariff = self._tariff(warehouse_id, place)
            if window is None or tariff is None or not place.limits.fit_all(goods):
                continue
            slots = tuple(filter(has_room, window.slots()))
            if slots:
                places.append(QuotedPlace(place, tariff_price(tariff, weight_g, volume_mm3), slots))
        return QuotedParcel(warehouse_id, items, tuple(places))

    def _has_room(self, parcels: int) -> Callable[[OfferedSlot], bool]:
        held = self.situation.slots_held
        return lambda slot: held.get(slot.key, 0) + parcels <= slot.capacity

    def _window(self, warehouse_id: int, place: Place) -> DeliveryWindow | None:
        key = (warehouse_id, place.target.id)
        if key not in self._windows:
            self._windows[key] = delivery_window(
                self.situation.network,
                warehouse_id,
                place.kind,
                place.target.id,
                now=self.situation.now,
                days_ahead=self.situation.days_ahead,
            )
        return self._windows[key]
