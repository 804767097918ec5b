"""Placing orders: what is asked, what is known, and the decision. Nothing here does I/O.

`decide` takes the commands of one batch in the order of their arrival; each sees what its
predecessors took. A command is placed whole (all its parcels) or refused whole, and a refused
one changes nothing for the others.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import msgspec

from entrepot.contract import errors
from entrepot.contract.enums import OrderStatus, OrderSubstatus, PackageType
from entrepot.contract.errors import Refusal, listed
from entrepot.domain.delivery.goods import Goods, Load, takes_kind
from entrepot.domain.delivery.offering import OfferedSlot
from entrepot.domain.delivery.routes import Routes
from entrepot.domain.delivery.slot import SlotKey
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
    however often the command is tried: that is how a lost COMMIT is recognised. `placed_by` is
    the name of the key, for the history of the orders.
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
    placed_by: str | None = None

    @property
    def lines(self) -> int:
        """Count the lines, which is what a batch is bounded by."""
        lines = 0
        for parcel in self.parcels:
            lines += len(parcel.items)
        return lines


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
    """What is known when a batch is decided: read after its locks were taken, or holding there too.

    `places` holds where each command leads and `wanted` what stock it takes (`stock_wanted`), in
    their order; `used` the order ids under each external id taken; `slots_held` counts parcels
    and lacks the slots nobody used yet. `routes` are those of `now` in `network`.
    """

    now: datetime
    network: Network
    routes: Routes
    draft_life: timedelta
    places: Sequence[Place | Refusal]
    wanted: Sequence[Mapping[StockKey, int]]
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

    @property
    def lacks(self) -> bool:
        """Whether any command was refused for what is short."""
        return bool(self.short_stock or self.short_slots)


class _Choice(NamedTuple):
    """What a parcel of a command would take."""

    offered: OfferedSlot
    shipment_day: date
    price_kopecks: int


def stock_wanted(command: PlaceCommand) -> dict[StockKey, int]:
    """Count the pieces that a command takes of each stock row, in the order of its items."""
    business_id = command.business_id
    wanted: dict[StockKey, int] = {}
    for parcel in command.parcels:
        for item in parcel.items:
            key = StockKey(business_id, parcel.warehouse_id, item.offer_id)
            wanted[key] = wanted.get(key, 0) + item.count
    return wanted


def decide(commands: Sequence[PlaceCommand], situation: Situation) -> Decision:
    """Decide a batch in arrival order."""
    batch = _Batch(situation)
    outcomes = batch.decision.outcomes
    for command, place, wanted in zip(commands, situation.places, situation.wanted, strict=True):
        outcomes.append(batch.outcome(command, place, wanted))
    return batch.decision


class _Batch:
    """The decision while it is being made: what is left after the commands so far."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.decision = Decision()
        self._left = {key: row.fit - row.held for key, row in situation.stock.items()}
        self._answered: dict[tuple[int, bytes], tuple[bytes, Outcome]] = {}
        self._placed: dict[tuple[int, bytes], tuple[int, ...]] = {}

    def outcome(
        self, command: PlaceCommand, place: Place | Refusal, wanted: Mapping[StockKey, int]
    ) -> Outcome:
        """Decide one command and take what it needs."""
        retry_key = command.retry_key
        if retry_key is None:
            return self._fresh(command, place, wanted)
        key = (command.business_id, retry_key.key_hash)
        outcome = self._repeated(key, retry_key)
        if outcome is None:
            outcome = self._fresh(command, place, wanted)
            self._answered[key] = (retry_key.fingerprint, outcome)
        return outcome

    def _repeated(self, key: tuple[int, bytes], retry_key: RetryKey) -> Outcome | None:
        """Give the answer of an earlier request under the same `Idempotency-Key`."""
        stored = self.situation.answers.get(key)
        fingerprint, first = (
            (stored.fingerprint, Replayed(stored))
            if stored is not None
            else self._answered.get(key, (retry_key.fingerprint, None))
        )
        if fingerprint != retry_key.fingerprint:
            return errors.IDEMPOTENCY_KEY_REUSED(value=retry_key.shown)
        return first

    def _fresh(
        self, command: PlaceCommand, place: Place | Refusal, wanted: Mapping[StockKey, int]
    ) -> Outcome:
        external = (command.business_id, command.external_id_hash)
        taken = self._placed.get(external) or self.situation.used.get(external)
        if taken is not None:
            # Our own ids under it: an earlier attempt had committed before its connection died.
            if taken == command.order_ids:
                return Placed(taken)
            return errors.ORDER_ALREADY_EXISTS(external_order_id=command.external_order_id)
        if isinstance(place, Refusal):
            return place
        contents = self._contents(command)
        if isinstance(contents, Refusal):
            return contents
        refusal = self._goods_refusal(command, contents, place)
        if refusal is not None:
            return refusal
        choices: list[_Choice] = []
        for parcel, goods in zip(command.parcels, contents, strict=True):
            choice = self._choose(command, parcel, goods, place)
            if isinstance(choice, Refusal):
                return choice
            choices.append(choice)
        # Both are looked at in full: whatever is short must be known before overdue drafts on
        # it are sought.
        no_slot, no_stock = self._slot_refusal(command, choices), self._stock_refusal(wanted)
        refusal = no_slot or no_stock
        if refusal is not None:
            return refusal
        self._placed[external] = command.order_ids
        self._write(command, place, choices)
        if not command.fake:
            self._take(choices, wanted)
        return Placed(command.order_ids)

    def _contents(self, command: PlaceCommand) -> list[list[Goods]] | Refusal:
        """Find out what each parcel's items weigh and measure."""
        offers, business_id = self.situation.offers, command.business_id
        unknown: list[str] = []
        contents: list[list[Goods]] = []
        for parcel in command.parcels:
            known: list[Goods] = []
            for item in parcel.items:
                goods = offers.get((business_id, item.offer_id))
                if goods is None:
                    unknown.append(item.offer_id)
                else:
                    known.append(goods)
            contents.append(known)
        return errors.OFFERS_NOT_FOUND(offer_ids=listed(unknown)) if unknown else contents

    def _goods_refusal(
        self, command: PlaceCommand, contents: list[list[Goods]], place: Place
    ) -> Refusal | None:
        fits = place.limits.fit
        too_large: list[str] = []
        for parcel, goods in zip(command.parcels, contents, strict=True):
            refusal = self._warehouse_refusal(parcel, goods)
            if refusal is not None:
                return refusal
            too_large += _not_accepted(parcel, goods, fits)
        return place.too_large(too_large) if too_large else None

    def _warehouse_refusal(self, parcel: WantedParcel, goods: list[Goods]) -> Refusal | None:
        warehouse = self.situation.network.warehouses.get(parcel.warehouse_id)
        if warehouse is None:
            return errors.WAREHOUSE_UNKNOWN(warehouse_id=parcel.warehouse_id)
        kinds = warehouse.goods_kinds
        alien = kinds and _not_accepted(parcel, goods, lambda one: takes_kind(kinds, one.kind))
        if not alien:
            return None
        return errors.KIND_NOT_SENT(warehouse_id=warehouse.id, offer_ids=listed(alien))

    def _choose(
        self, command: PlaceCommand, parcel: WantedParcel, goods: list[Goods], place: Place
    ) -> _Choice | Refusal:
        route, offered = self.situation.routes.find_slot(
            parcel.warehouse_id, place, parcel.day, parcel.from_minute, parcel.to_minute
        )
        if route is None:
            return errors.INTERVAL_NOT_VALID(order_id=command.external_order_id)
        if route.carrier_limits is not None:
            too_large = _not_accepted(parcel, goods, route.carries)
            if too_large:
                return place.too_large(too_large)
        load = _load(parcel, goods)
        refusal = place.overload(parcel.warehouse_id, load, route.parcel_limits)
        if refusal is not None:
            return refusal
        if offered is None:
            return errors.INTERVAL_NOT_VALID(order_id=command.external_order_id)
        return _Choice(offered, route.ship_day, route.price_kopecks(load))

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

    def _stock_refusal(self, wanted: Mapping[StockKey, int]) -> Refusal | None:
        left = self._left
        short = [key for key, count in wanted.items() if left.get(key, 0) < count]
        if not short:
            return None
        self.decision.short_stock.update(short)
        return errors.NOT_ENOUGH_STOCK(offer_ids=listed([key.offer_id for key in short]))

    def _write(self, command: PlaceCommand, place: Place, choices: list[_Choice]) -> None:
        status, substatus, reserved_until = self._first_status(command)
        self.decision.parcels += [
            PlacedParcel(
                command,
                index,
                choice.offered.key,
                place.region_id,
                choice.shipment_day,
                choice.price_kopecks,
                status,
                substatus,
                reserved_until,
            )
            for index, choice in enumerate(choices)
        ]

    def _take(self, choices: list[_Choice], wanted: Mapping[StockKey, int]) -> None:
        slots, stock, left = self.decision.slots_taken, self.decision.stock_taken, self._left
        for choice in choices:
            slot = choice.offered.key
            slots[slot] = slots.get(slot, 0) + 1
        for key, count in wanted.items():
            left[key] -= count
            stock[key] = stock.get(key, 0) + count

    def _first_status(
        self, command: PlaceCommand
    ) -> tuple[OrderStatus, OrderSubstatus, datetime | None]:
        if not command.draft:
            return OrderStatus.PROCESSING, OrderSubstatus.STARTED, None
        until = self.situation.now + self.situation.draft_life
        return OrderStatus.RESERVED, OrderSubstatus.AWAIT_CONFIRMATION, until


def _not_accepted(
    parcel: WantedParcel, goods: list[Goods], accepts: Callable[[Goods], bool]
) -> list[str]:
    """List the offers of a parcel that somebody does not accept."""
    if all(map(accepts, goods)):  # nearly always, and at less cost
        return []
    pairs = zip(parcel.items, goods, strict=True)
    return [item.offer_id for item, one in pairs if not accepts(one)]


def _load(parcel: WantedParcel, goods: list[Goods]) -> Load:
    weight_g = volume_mm3 = value_kopecks = 0
    for item, one in zip(parcel.items, goods, strict=True):
        count = item.count
        weight_g += one.weight_g * count
        volume_mm3 += one.length_mm * one.width_mm * one.height_mm * count
        value_kopecks += item.price_kopecks * count
    return Load(weight_g, volume_mm3, value_kopecks)
