"""A model of the service that is too simple to be wrong: dictionaries, one thing at a time.

It predicts every answer. It knows nothing of batches, locks, sweeps or rows: what a draft holds
is simply counted until its hour is over.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

from tests.domain.networks import (
    EVENING,
    MORNING,
    MOSCOW_WAREHOUSE,
    MOSCOW_ZONE,
    NOVOSIBIRSK_WAREHOUSE,
)
from tests.races.world import NARROW_CAPACITY, NARROW_POINT, WIDE_POINT

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)
UNKNOWN_WAREHOUSE = 99
WAREHOUSES = (MOSCOW_WAREHOUSE, NOVOSIBIRSK_WAREHOUSE)
OFFERS = ("apple", "bread", "cup", "wardrobe")
TOO_LARGE_FOR_POINTS = "wardrobe"
UNKNOWN_OFFER = "nail"
OFFERED_DAYS = ("2026-06-13", "2026-06-15")
"""A Saturday and a Monday: offered on every day on which the model's clock stands."""
OTHER_DAYS = ("2026-06-01", "2026-07-20")


class To(Enum):
    """Where an order goes; the value says what room there is on a day, None for endless."""

    WIDE_POINT = "wide"
    NARROW_POINT = "narrow"
    MORNING = "morning"
    EVENING = "evening"
    NO_SUCH_HOURS = "at lunch"
    NO_SUCH_POINT = "no such point"
    NO_SUCH_ADDRESS = "no such address"


ROOM = {To.NARROW_POINT: NARROW_CAPACITY, To.MORNING: 2, To.EVENING: 1}
POINTS = {To.WIDE_POINT: WIDE_POINT, To.NARROW_POINT: NARROW_POINT, To.NO_SUCH_POINT: 999}
HOURS = {
    To.MORNING: ("10:00", "14:00"),
    To.EVENING: ("18:00", "22:00"),
    To.NO_SUCH_HOURS: ("11:00", "12:00"),
    To.NO_SUCH_ADDRESS: ("10:00", "14:00"),
}
assert (MORNING[:2], EVENING[:2], MOSCOW_ZONE) == ((600, 840), (1080, 1320), 201)


class Parcel(NamedTuple):
    """What one warehouse shall send, and on which day it shall arrive."""

    warehouse: int
    items: tuple[tuple[str, int], ...]
    day: str


class Wish(NamedTuple):
    """A createOrder."""

    shop: int
    external: str
    parcels: tuple[Parcel, ...]
    to: To
    draft: bool
    fake: bool
    key: str | None


@dataclass
class Order:
    """One order: a parcel that somebody got."""

    wish: Wish
    parcel: Parcel
    created_at: datetime
    confirmed: bool

    def status(self, now: datetime) -> tuple[str, str]:
        """Give its status and substatus."""
        if self.confirmed:
            return "PROCESSING", "STARTED"
        if now < self.created_at + HOUR:
            return "RESERVED", "AWAIT_CONFIRMATION"
        return "CANCELLED", "RESERVATION_EXPIRED"

    def holds(self, now: datetime) -> bool:
        """Tell whether goods and slot are its own."""
        return not self.wish.fake and self.status(now)[0] != "CANCELLED"


class Stored(NamedTuple):
    """The first answer under a key: the wish it came with, what was said, and until when."""

    wish: Wish
    word: str
    content: bytes
    until: datetime


@dataclass
class Model:
    """Everything there is."""

    now: datetime
    fit: dict[tuple[int, int, str], int] = field(default_factory=dict)
    """Pieces by shop, warehouse and offer; what was never counted is missing."""
    orders: dict[int, Order] = field(default_factory=dict)
    used: set[tuple[int, str]] = field(default_factory=set)
    stored: dict[tuple[int, str], Stored] = field(default_factory=dict)

    def held(self, shop: int, warehouse: int, offer: str) -> int:
        """Count the pieces that orders hold."""
        return sum(
            dict(order.parcel.items).get(offer, 0)
            for order in self.orders.values()
            if order.wish.shop == shop
            and order.parcel.warehouse == warehouse
            and order.holds(self.now)
        )

    def first_answer(self, wish: Wish) -> Stored | None:
        """Find what was answered under the wish's key, if that is still kept."""
        stored = None if wish.key is None else self.stored.get((wish.shop, wish.key))
        return stored if stored is not None and self.now < stored.until else None

    def predict(self, wish: Wish) -> str:
        """Tell how a createOrder ends: OK, or the code of the refusal."""
        stored = self.first_answer(wish)
        if stored is not None:
            return stored.word if stored.wish == wish else "BAD_REQUEST"
        return (
            self._misused(wish)
            or self._nowhere(wish)
            or self._no_such_goods(wish)
            or self._no_slot(wish)
            or self._no_stock(wish)
            or "OK"
        )

    def place(self, wish: Wish, order_ids: tuple[int, ...]) -> None:
        """Take note of the orders that were created."""
        self.used.add((wish.shop, wish.external))
        for order_id, parcel in zip(order_ids, wish.parcels, strict=True):
            assert order_id not in self.orders, "an order id is given once"
            self.orders[order_id] = Order(wish, parcel, self.now, confirmed=not wish.draft)

    def store(self, wish: Wish, word: str, content: bytes) -> None:
        """Take note of the first answer under a key."""
        if wish.key is not None and self.first_answer(wish) is None:
            self.stored[wish.shop, wish.key] = Stored(wish, word, content, self.now + DAY)

    def _misused(self, wish: Wish) -> str | None:
        return "ORDER_ALREADY_EXISTS" if (wish.shop, wish.external) in self.used else None

    def _nowhere(self, wish: Wish) -> str | None:
        if wish.to is To.NO_SUCH_POINT:
            return "INVALID_DELIVERY_OPTION"
        return "COULD_NOT_FIND_COORDS" if wish.to is To.NO_SUCH_ADDRESS else None

    def _no_such_goods(self, wish: Wish) -> str | None:
        offers = {offer for parcel in wish.parcels for offer, _ in parcel.items}
        if UNKNOWN_OFFER in offers:
            return "OFFER_NOT_FOUND"
        if any(parcel.warehouse == UNKNOWN_WAREHOUSE for parcel in wish.parcels):
            return "INVALID_WAREHOUSE_ID"
        if TOO_LARGE_FOR_POINTS in offers and wish.to in POINTS:
            return "INVALID_ITEM_DIMENSIONS"
        return None

    def _no_slot(self, wish: Wish) -> str | None:
        refused = "INVALID_DELIVERY_OPTION"
        if wish.to is To.NO_SUCH_HOURS:
            return refused
        if any(parcel.day in OTHER_DAYS for parcel in wish.parcels):
            return refused
        wanted = Counter(parcel.day for parcel in wish.parcels)
        taken = Counter(
            order.parcel.day
            for order in self.orders.values()
            if order.wish.to is wish.to and order.holds(self.now)
        )
        room = ROOM.get(wish.to)
        if room is not None and any(taken[day] + wanted[day] > room for day in wanted):
            return refused
        return None

    def _no_stock(self, wish: Wish) -> str | None:
        for parcel in wish.parcels:
            for offer, pieces in parcel.items:
                key = (wish.shop, parcel.warehouse, offer)
                if self.fit.get(key, 0) - self.held(*key) < pieces:
                    return "NOT_ENOUGH_STOCK"
        return None
