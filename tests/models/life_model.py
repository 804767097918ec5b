"""A model of orders' lives: what each is and has at a moment, told one thing at a time.

Which moves there are it takes from the program's own table, whose tests are elsewhere; what a
move comes to (stock, slots, pieces, timers, operations) it reckons by itself.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from entrepot.contract.enums import OrderDelivery, OrderStatus
from entrepot.domain.order_moves import (
    CANCELLED_BY_SHOP,
    DELIVERED,
    DELIVERY,
    DRAFT,
    EXPIRED,
    LIVE,
    LOST,
    NOT_FETCHED,
    OUTSIDE,
    PICKUP,
    REFUSED_AT_HAND,
    SHIPPED,
    ActorKind,
    Stage,
    find_edge,
)
from tests.models.shop_model import HOUR, ROOM, To

STORAGE_DAYS = 7
ENDLESS = 10**6
MOSCOW = ZoneInfo("Europe/Moscow")


@dataclass
class Life:
    """One order. `ends_at` is its timer; `cancelling_at` and `moving_at` are when it changes."""

    to: To
    day: str
    pieces: int
    fake: bool
    stage: Stage
    ends_at: datetime | None
    operation: str | None = None
    cancelling_at: datetime | None = None
    moving: dict[str, tuple[datetime, To]] = field(default_factory=dict)
    moves_asked: int = 0
    shipped: bool = False
    takes_place: bool = True
    rejected: int = 0
    lost: int = 0

    @property
    def delivery(self) -> OrderDelivery:
        """How it goes."""
        return OrderDelivery.PICKUP if self.to is To.WIDE_POINT else OrderDelivery.DELIVERY

    def at(self, now: datetime) -> Stage:
        """Tell where it stands, its timer counted."""
        if self.ends_at is None or now < self.ends_at:
            return self.stage
        return EXPIRED if self.stage == DRAFT else NOT_FETCHED

    def units(self, now: datetime) -> Counter[str]:
        """Tell what became of its pieces."""
        stage = self.at(now)
        rest = self.pieces - self.rejected - self.lost
        usual = "CREATED"
        if stage.status is OrderStatus.CANCELLED:
            usual = "CANCELLED"
        elif stage == DELIVERED:
            usual = "DELIVERED_TO_BUYER"
        elif stage in OUTSIDE:
            usual = "SHIPPED"
        told = Counter({usual: rest, "REJECTED": self.rejected, "LOST": self.lost})
        return +told

    def go(self, stage: Stage, now: datetime) -> None:
        """Move it."""
        before, self.stage, self.ends_at = self.stage, stage, None
        self.shipped |= stage == SHIPPED
        if stage == PICKUP:
            kept_until = now.astimezone(MOSCOW).date() + timedelta(days=STORAGE_DAYS + 1)
            self.ends_at = datetime.combine(kept_until, datetime.min.time(), MOSCOW)
        if stage.status is not OrderStatus.CANCELLED:
            return
        if stage == LOST:
            self.lost = self.pieces
        if stage.substatus in REFUSED_AT_HAND:
            self.rejected = self.pieces
        # At the door or at the point its place is used; before that it is free again.
        at_the_door = before == DELIVERY and stage.substatus in REFUSED_AT_HAND
        self.takes_place = before == PICKUP or at_the_door


@dataclass
class LifeModel:
    """Every order of one shop."""

    now: datetime
    fit: int
    orders: dict[int, Life] = field(default_factory=dict)

    def held(self) -> int:
        """Count the pieces that orders hold in the warehouse."""
        return sum(
            one.pieces
            for one in self.orders.values()
            if not one.fake and not one.shipped and one.at(self.now) in LIVE
        )

    def gone(self) -> int:
        """Count the pieces that have left with orders."""
        return sum(one.pieces for one in self.orders.values() if one.shipped and not one.fake)

    def available(self) -> int:
        """Count the pieces that can be ordered."""
        return self.fit - self.gone() - self.held()

    def room(self, to: To, day: str, besides: Life | None = None) -> bool:
        """Tell whether one more parcel has a place."""
        return self.places_left(to, day, besides) > 0

    def places_left(self, to: To, day: str, besides: Life | None = None) -> int:
        """Count the places that nobody has."""
        taken = sum(
            one.to is to and one.day == day and not one.fake and self._has_place(one)
            for one in self.orders.values()
            if one is not besides
        )
        return ROOM.get(to, ENDLESS) - taken

    def _has_place(self, one: Life) -> bool:
        stage = one.at(self.now)
        if stage == EXPIRED:
            return False
        return stage == NOT_FETCHED or one.takes_place

    def may_move(self, one: Life, target: Stage, actor: ActorKind) -> bool:
        """Tell whether somebody may say that an order goes there."""
        stage = one.at(self.now)
        if target == stage:
            return True
        edge = find_edge(stage, target, one.delivery)
        return edge is not None and actor in edge.actors

    def settle(self) -> None:
        """Let timers be noticed and cancellations happen whose time has come."""
        for one in self.orders.values():
            if one.at(self.now) != one.stage:
                one.go(one.at(self.now), self.now)
            if one.cancelling_at is not None and one.cancelling_at <= self.now:
                one.cancelling_at = None
                if one.stage in LIVE:
                    one.go(CANCELLED_BY_SHOP, self.now)

    def draft_ends(self) -> datetime:
        """Tell when a draft ends that is placed now."""
        return self.now + HOUR
