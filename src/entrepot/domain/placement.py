"""Placing orders: what is asked, what is known, and the decision. Nothing here does I/O.

`decide` takes the commands of one batch in the order of their arrival; each sees what its
predecessors took. A command is placed whole (all its parcels) or refused whole, and a refused
one changes nothing for the others.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import msgspec

from entrepot.contract import errors
from entrepot.contract.enums import OrderStatus, OrderSubstatus, PackageType
from entrepot.contract.errors import Refusal, listed
from entrepot.domain.delivery.goods import Goods, Load, takes_kind
from entrepot.domain.delivery.offering import OfferedSlot
from entrepot.domain.delivery.routes import Route, find_route
from entrepot.domain.delivery.slot import PlaceKind, SlotKey
from entrepot.domain.destination import Destination, Place
from entrepot.domain.network import Network
from entrepot.domain.stock import StockKey, StockRow


class WantedItem(msgspec.Struct, frozen=True, gc=False):
    """An offer, how many pieces of it, and what the buyer pays for one, in kopecks."""

    offer_id: str
    count: int
    price_kopecks: int


class WantedParcel(msgspec.Struct, frozen=True, gc=False):
    """What one warehouse shall send, and when it shall arrive (local minutes of a local day)."""

    warehouse_id: int
    items: tuple[WantedItem, ...]
    day: date
    from_minute: int
    to_minute: int


class Customer(msgspec.Struct, frozen=True, gc=False):
    """Who receives the order. Personal data."""

    first_name: str
    last_name: str
    middle_name: str | None
    phone: str


class RetryKey(msgspec.Struct, frozen=True, gc=False):
    """An `Idempotency-Key`: hash of the key, and fingerprint of the request it came with."""

    key_hash: bytes
    fingerprint: bytes
    shown: str


class PlaceCommand(msgspec.Struct, frozen=True, gc=False):
    """One createOrder, checked as far as that goes without the database.

    `order_ids` and `receive_codes` are given beforehand, one per parcel, and stay the same
    however often the command is tried: that is how a lost COMMIT is recognised.
    """

    business_id: int
    campaign_id: int
    external_order_id: str
    external_id_hash: bytes
    parcels: tuple[WantedParcel, ...]
    destination: Destination
    customer: Customer
    package_type: PackageType | None
    draft: bool
    fake: bool
    retry_key: RetryKey | None
    order_ids: tuple[int, ...]
    receive_codes: tuple[str, ...]

    @property
    def lines(self) -> int:
        """Count the lines, which is what a batch is bounded by."""
        return sum(len(parcel.items) for parcel in self.parcels)


class StoredAnswer(msgspec.Struct, frozen=True, gc=False):
    """The first answer given under an `Idempotency-Key`."""

    fingerprint: bytes
    http_status: int
    body: bytes


class Placed(msgspec.Struct, frozen=True, gc=False):
    """The orders that a command created, one per warehouse."""

    order_ids: tuple[int, ...]


class Replayed(msgspec.Struct, frozen=True, gc=False):
    """The command was answered before; this is that answer."""

    answer: StoredAnswer


Outcome = Placed | Refusal | Replayed


class PlacedParcel(msgspec.Struct, frozen=True, gc=False):
    """An order to be written: one parcel of a placed command."""

    command: PlaceCommand
    index: int
    slot: SlotKey
    region_id: int
    shipment_day: date
    delivery_price_kopecks: int
    status: OrderStatus
    substatus: OrderSubstatus
    reserved_until: datetime | None


class Situation(msgspec.Struct, frozen=True):
    """What is known when a batch is decided, all of it read after the locks were taken.

    `places` holds where each command leads, in their order; `used` the order ids under each
    external id taken; `slots_held` counts parcels and lacks the slots nobody used yet.
    """

    now: datetime
    network: Network
    days_ahead: int
    draft_life: timedelta
    places: Sequence[Place | Refusal]
    offers: Mapping[tuple[int, str], Goods]
    stock: Mapping[StockKey, StockRow]
    slots_held: Mapping[SlotKey, int]
    used: Mapping[tuple[int, bytes], tuple[int, ...]]
    answers: Mapping[tuple[int, bytes], StoredAnswer]


class Decision(msgspec.Struct):
    """Outcomes in the order of the commands, and the changes they make together.

    `short_stock` and `short_slots` name what refused commands lacked.
    """

    outcomes: list[Outcome] = []
    parcels: list[PlacedParcel] = []
    stock_taken: dict[StockKey, int] = {}
    slots_taken: dict[SlotKey, int] = {}
    short_stock: set[StockKey] = set()
    short_slots: set[SlotKey] = set()


class _Choice(NamedTuple):
    """What a parcel of a command would take."""

    offered: OfferedSlot
    shipment_day: date
    price_kopecks: int


def decide(commands: Sequence[PlaceCommand], situation: Situation) -> Decision:
    """Decide a batch in arrival order."""
    batch = _Batch(situation)
    for command, place in zip(commands, situation.places, strict=True):
        batch.decision.outcomes.append(batch.outcome(command, place))
    return batch.decision


class _Batch:
    """The decision while it is being made: what is left after the commands so far."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.decision = Decision()
        self._answered: dict[tuple[int, bytes], tuple[bytes, Outcome]] = {}
        self._placed: dict[tuple[int, bytes], tuple[int, ...]] = {}
        self._routes: dict[tuple[int, PlaceKind, int, int], Route | None] = {}

    def outcome(self, command: PlaceCommand, place: Place | Refusal) -> Outcome:
        """Decide one command and take what it needs."""
        repeated = self._repeated(command)
        if repeated is not None:
            return repeated
        outcome = self._fresh(command, place)
        if command.retry_key is not None:
            key = (command.business_id, command.retry_key.key_hash)
            self._answered[key] = (command.retry_key.fingerprint, outcome)
        return outcome

    def _repeated(self, command: PlaceCommand) -> Outcome | None:
        """Give the answer of an earlier request under the same `Idempotency-Key`."""
        retry_key = command.retry_key
        if retry_key is None:
            return None
        key = (command.business_id, retry_key.key_hash)
        stored = self.situation.answers.get(key)
        fingerprint, first = (
            (stored.fingerprint, Replayed(stored))
            if stored is not None
            else self._answered.get(key, (retry_key.fingerprint, None))
        )
        if fingerprint != retry_key.fingerprint:
            return errors.IDEMPOTENCY_KEY_REUSED(value=retry_key.shown)
        return first

    def _fresh(self, command: PlaceCommand, place: Place | Refusal) -> Outcome:
        external = (command.business_id, command.external_id_hash)
        taken = self._placed.get(external) or self.situation.used.get(external)
        if taken is not None:
            # Our own ids under it: an earlier attempt had committed before its connection died.
            if taken == command.order_ids:
                return Placed(taken)
            return errors.ORDER_ALREADY_EXISTS(external_order_id=command.external_order_id)
        if isinstance(place, Refusal):
            return place
        refusal = self._goods_refusal(command, place)
        if refusal is not None:
            return refusal
        choices: list[_Choice] = []
        for parcel in command.parcels:
            choice = self._choose(command, parcel, place)
            if isinstance(choice, Refusal):
                return choice
            choices.append(choice)
        # Both are looked at in full: whatever is short must be known before overdue drafts on
        # it are sought.
        no_slot, no_stock = self._slot_refusal(command, choices), self._stock_refusal(command)
        refusal = no_slot or no_stock
        if refusal is not None:
            return refusal
        self._take(command, place, choices)
        return Placed(command.order_ids)

    def _goods_refusal(self, command: PlaceCommand, place: Place) -> Refusal | None:
        offers = self.situation.offers
        business_id = command.business_id
        unknown: list[str] = []
        too_large: list[str] = []
        fits = place.limits.fit
        for parcel in command.parcels:
            for item in parcel.items:
                goods = offers.get((business_id, item.offer_id))
                if goods is None:
                    unknown.append(item.offer_id)
                elif not fits(goods):
                    too_large.append(item.offer_id)
        if unknown:
            return errors.OFFERS_NOT_FOUND(offer_ids=listed(unknown))
        for parcel in command.parcels:
            refusal = self._warehouse_refusal(business_id, parcel)
            if refusal is not None:
                return refusal
        return place.too_large(too_large) if too_large else None

    def _warehouse_refusal(self, business_id: int, parcel: WantedParcel) -> Refusal | None:
        warehouse = self.situation.network.warehouses.get(parcel.warehouse_id)
        if warehouse is None:
            return errors.WAREHOUSE_UNKNOWN(warehouse_id=parcel.warehouse_id)
        if not warehouse.goods_kinds:
            return None
        offers = self.situation.offers
        alien = [
            item.offer_id
            for item in parcel.items
            if not takes_kind(warehouse.goods_kinds, offers[business_id, item.offer_id].kind)
        ]
        if not alien:
            return None
        return errors.KIND_NOT_SENT(warehouse_id=warehouse.id, offer_ids=listed(alien))

    def _choose(
        self, command: PlaceCommand, parcel: WantedParcel, place: Place
    ) -> _Choice | Refusal:
        route = self._route(parcel.warehouse_id, place)
        if route is None:
            return errors.INTERVAL_NOT_VALID(order_id=command.external_order_id)
        load = self._load(command.business_id, parcel)
        refusal = self._carrier_refusal(command.business_id, parcel, route)
        refusal = refusal or place.overload(parcel.warehouse_id, load, route.parcel_limits)
        if refusal is not None:
            return refusal
        offered = route.window.slot(parcel.day, parcel.from_minute, parcel.to_minute)
        if offered is None:
            return errors.INTERVAL_NOT_VALID(order_id=command.external_order_id)
        return _Choice(offered, route.ship_day, route.price_kopecks(load))

    def _route(self, warehouse_id: int, place: Place) -> Route | None:
        key = (warehouse_id, place.kind, place.target.id, place.region_id)
        if key not in self._routes:
            known = self.situation
            self._routes[key] = find_route(
                known.network, warehouse_id, place, now=known.now, days_ahead=known.days_ahead
            )
        return self._routes[key]

    def _load(self, business_id: int, parcel: WantedParcel) -> Load:
        weight_g = volume_mm3 = value_kopecks = 0
        for item in parcel.items:
            goods = self.situation.offers[business_id, item.offer_id]
            weight_g += goods.weight_g * item.count
            volume_mm3 += goods.length_mm * goods.width_mm * goods.height_mm * item.count
            value_kopecks += item.price_kopecks * item.count
        return Load(weight_g, volume_mm3, value_kopecks)

    def _carrier_refusal(
        self, business_id: int, parcel: WantedParcel, route: Route
    ) -> Refusal | None:
        if route.carrier_limits is None:
            return None
        offers = self.situation.offers
        too_large = [
            item.offer_id
            for item in parcel.items
            if not route.carries(offers[business_id, item.offer_id])
        ]
        return route.place.too_large(too_large) if too_large else None

    def _slot_refusal(self, command: PlaceCommand, choices: list[_Choice]) -> Refusal | None:
        refusal: Refusal | None = None
        wanted: dict[SlotKey, int] = {}
        for choice in choices:
            key, capacity = choice.offered.key, choice.offered.capacity
            wanted[key] = wanted.get(key, 0) + 1
            held = self.situation.slots_held.get(key, 0) + self.decision.slots_taken.get(key, 0)
            if held + wanted[key] > capacity:
                self.decision.short_slots.add(key)
                refusal = errors.INTERVAL_NOT_VALID(order_id=command.external_order_id)
        return refusal

    def _stock_refusal(self, command: PlaceCommand) -> Refusal | None:
        short: list[str] = []
        wanted: dict[StockKey, int] = {}
        for parcel in command.parcels:
            for item in parcel.items:
                key = StockKey(command.business_id, parcel.warehouse_id, item.offer_id)
                wanted[key] = wanted.get(key, 0) + item.count
                row = self.situation.stock.get(key)
                taken = self.decision.stock_taken.get(key, 0)
                if row is None or row.fit - row.held - taken < wanted[key]:
                    short.append(item.offer_id)
                    self.decision.short_stock.add(key)
        return errors.NOT_ENOUGH_STOCK(offer_ids=listed(short)) if short else None

    def _take(self, command: PlaceCommand, place: Place, choices: list[_Choice]) -> None:
        decision = self.decision
        self._placed[command.business_id, command.external_id_hash] = command.order_ids
        status, substatus, reserved_until = self._first_status(command)
        for index, (parcel, choice) in enumerate(zip(command.parcels, choices, strict=True)):
            slot = choice.offered.key
            decision.parcels.append(
                PlacedParcel(
                    command,
                    index,
                    slot,
                    place.region_id,
                    choice.shipment_day,
                    choice.price_kopecks,
                    status,
                    substatus,
                    reserved_until,
                )
            )
            if command.fake:
                continue
            decision.slots_taken[slot] = decision.slots_taken.get(slot, 0) + 1
            for item in parcel.items:
                key = StockKey(command.business_id, parcel.warehouse_id, item.offer_id)
                decision.stock_taken[key] = decision.stock_taken.get(key, 0) + item.count

    def _first_status(
        self, command: PlaceCommand
    ) -> tuple[OrderStatus, OrderSubstatus, datetime | None]:
        if not command.draft:
            return OrderStatus.PROCESSING, OrderSubstatus.STARTED, None
        until = self.situation.now + self.situation.draft_life
        return OrderStatus.RESERVED, OrderSubstatus.AWAIT_CONFIRMATION, until
