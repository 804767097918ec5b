"""The life of an order: one table of every stage, every move between stages, and who makes it.

A stage is a status with its substatus (reference lifecycle.md, section 1). Everything that moves
an order asks this table; the documentation, the audit and the sandbox's walks are derived from
it.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

import msgspec

from entrepot.contract.enums import OrderDelivery, OrderStatus, OrderSubstatus
from entrepot.domain.holds import ItemHold, SlotHold


class Stage(NamedTuple):
    """A status with its substatus."""

    status: OrderStatus
    substatus: OrderSubstatus

    def __str__(self) -> str:
        return f"{self.status}/{self.substatus}"


class ActorKind(StrEnum):
    """Who moves an order. OPERATOR is the operator's staff at a desk; TIMER is nobody."""

    SHOP = "SHOP"
    WAREHOUSE = "WAREHOUSE"
    CARRIER = "CARRIER"
    OPERATOR = "OPERATOR"
    TIMER = "TIMER"


class GoodsEffect(StrEnum):
    """What a move does to the pieces an order holds: nothing, free them, or send them off."""

    KEEP = "KEEP"
    RELEASE = "RELEASE"
    SHIP = "SHIP"


class SlotEffect(StrEnum):
    """What a move does to an order's place in its slot: nothing, free it, or use it up."""

    KEEP = "KEEP"
    RELEASE = "RELEASE"
    USE = "USE"


class UnitsEffect(StrEnum):
    """What a move marks every piece of the order as: nothing, turned down by the buyer, lost."""

    NONE = "NONE"
    REJECT = "REJECT"
    LOSE = "LOSE"


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """A move that there is.

    `actors` may make it, the first is who makes it usually. With `delivery` only orders that go
    that way have it. `comes_back`: the goods are outside, and return to the warehouse
    unredeemed.
    """

    source: Stage
    target: Stage
    actors: tuple[ActorKind, ...]
    goods: GoodsEffect = GoodsEffect.KEEP
    slot: SlotEffect = SlotEffect.KEEP
    units: UnitsEffect = UnitsEffect.NONE
    delivery: OrderDelivery | None = None
    comes_back: bool = False

    @property
    def is_timer(self) -> bool:
        """Tell whether it happens by itself when its moment has come."""
        return ActorKind.TIMER in self.actors


DRAFT = Stage(OrderStatus.RESERVED, OrderSubstatus.AWAIT_CONFIRMATION)
STARTED = Stage(OrderStatus.PROCESSING, OrderSubstatus.STARTED)
READY_TO_SHIP = Stage(OrderStatus.PROCESSING, OrderSubstatus.READY_TO_SHIP)
SHIPPED = Stage(OrderStatus.PROCESSING, OrderSubstatus.SHIPPED)
DELIVERY = Stage(OrderStatus.DELIVERY, OrderSubstatus.DELIVERY_SERVICE_RECEIVED)
PICKUP = Stage(OrderStatus.PICKUP, OrderSubstatus.PICKUP_SERVICE_RECEIVED)
DELIVERED = Stage(OrderStatus.DELIVERED, OrderSubstatus.DELIVERY_SERVICE_DELIVERED)


def cancelled(substatus: OrderSubstatus) -> Stage:
    """Give the stage of an order cancelled for a reason."""
    return Stage(OrderStatus.CANCELLED, substatus)


EXPIRED = cancelled(OrderSubstatus.RESERVATION_EXPIRED)
NOT_FETCHED = cancelled(OrderSubstatus.PICKUP_EXPIRED)
CANCELLED_BY_SHOP = cancelled(OrderSubstatus.SHOP_FAILED)
LOST = cancelled(OrderSubstatus.DELIVERY_SERVICE_LOST)

# Where a new order begins.
FIRST = (DRAFT, STARTED)
# In the warehouse; after SHIPPED the goods are outside.
INSIDE = (DRAFT, STARTED, READY_TO_SHIP)
OUTSIDE = (SHIPPED, DELIVERY, PICKUP)
LIVE = (*INSIDE, *OUTSIDE)

# What a buyer says who stands before the parcel: someone was there, the slot is used.
REFUSED_AT_HAND = (
    OrderSubstatus.USER_REFUSED_DELIVERY,
    OrderSubstatus.USER_REFUSED_PRODUCT,
    OrderSubstatus.USER_REFUSED_QUALITY,
    OrderSubstatus.USER_IDENTIFICATION_MISMATCH,
)
_WAREHOUSE_REASONS = (
    OrderSubstatus.MISSING_ITEM,
    OrderSubstatus.BROKEN_ITEM,
    OrderSubstatus.WAREHOUSE_FAILED_TO_SHIP,
)
_CARRIER_REASONS = (
    OrderSubstatus.USER_UNREACHABLE,
    OrderSubstatus.USER_CHANGED_MIND,
    OrderSubstatus.TOO_LONG_DELIVERY,
    OrderSubstatus.INCORRECT_PERSONAL_DATA,
    OrderSubstatus.DELIVERY_SERVICE_UNDELIVERED,
)
_DESK_REASONS = (
    OrderSubstatus.SHOP_FAILED,
    OrderSubstatus.USER_UNREACHABLE,
    OrderSubstatus.USER_CHANGED_MIND,
    OrderSubstatus.REPLACING_ORDER,
    OrderSubstatus.TOO_MANY_DELIVERY_DATE_CHANGES,
    OrderSubstatus.TOO_LONG_DELIVERY,
    OrderSubstatus.INCORRECT_PERSONAL_DATA,
    OrderSubstatus.TECHNICAL_ERROR,
)


def _steps() -> Iterator[Edge]:
    """Give the way forward."""
    by_hand = (ActorKind.WAREHOUSE, ActorKind.OPERATOR)
    by_carrier = (ActorKind.CARRIER, ActorKind.OPERATOR)
    yield Edge(source=DRAFT, target=STARTED, actors=(ActorKind.SHOP,))
    yield Edge(source=STARTED, target=READY_TO_SHIP, actors=by_hand)
    yield Edge(source=READY_TO_SHIP, target=SHIPPED, actors=by_hand, goods=GoodsEffect.SHIP)
    # What was packed can be unpacked again as long as it has not left.
    yield Edge(source=READY_TO_SHIP, target=STARTED, actors=by_hand)
    yield Edge(source=SHIPPED, target=DELIVERY, actors=(*by_carrier, ActorKind.WAREHOUSE))
    yield Edge(
        source=DELIVERY,
        target=PICKUP,
        actors=by_carrier,
        slot=SlotEffect.USE,
        delivery=OrderDelivery.PICKUP,
    )
    yield Edge(
        source=DELIVERY,
        target=DELIVERED,
        actors=by_carrier,
        slot=SlotEffect.USE,
        delivery=OrderDelivery.DELIVERY,
    )
    yield Edge(source=PICKUP, target=DELIVERED, actors=by_carrier, delivery=OrderDelivery.PICKUP)


def _timers() -> Iterator[Edge]:
    """Give what happens by itself."""
    yield Edge(
        source=DRAFT,
        target=EXPIRED,
        actors=(ActorKind.TIMER,),
        goods=GoodsEffect.RELEASE,
        slot=SlotEffect.RELEASE,
    )
    yield Edge(
        source=PICKUP,
        target=NOT_FETCHED,
        actors=(ActorKind.TIMER, ActorKind.CARRIER, ActorKind.OPERATOR),
        delivery=OrderDelivery.PICKUP,
        comes_back=True,
    )


def _cancellations() -> Iterator[Edge]:
    """Give every way to be cancelled that is no timer's."""
    for source in LIVE:
        actors_by_reason: dict[OrderSubstatus, list[ActorKind]] = {}
        for actor, reasons in _reasons(source):
            for reason in reasons:
                actors_by_reason.setdefault(reason, []).append(actor)
        for reason, actors in actors_by_reason.items():
            yield _cancellation(source, reason, tuple(actors))


def _reasons(source: Stage) -> Iterator[tuple[ActorKind, Iterable[OrderSubstatus]]]:
    yield ActorKind.SHOP, (OrderSubstatus.SHOP_FAILED,)
    if source in (STARTED, READY_TO_SHIP):
        yield ActorKind.WAREHOUSE, _WAREHOUSE_REASONS
        yield ActorKind.OPERATOR, _WAREHOUSE_REASONS
    if source in OUTSIDE:
        carriers: tuple[OrderSubstatus, ...] = (
            *_CARRIER_REASONS,
            OrderSubstatus.DELIVERY_SERVICE_LOST,
        )
        if source is not SHIPPED:
            carriers = (*REFUSED_AT_HAND, *carriers)
        yield ActorKind.CARRIER, carriers
        yield ActorKind.OPERATOR, (reason for reason in carriers if reason not in _DESK_REASONS)
    yield ActorKind.OPERATOR, _DESK_REASONS


def _cancellation(source: Stage, reason: OrderSubstatus, actors: tuple[ActorKind, ...]) -> Edge:
    if source in INSIDE:
        goods, slot, units = GoodsEffect.RELEASE, SlotEffect.RELEASE, UnitsEffect.NONE
    else:
        goods, units = GoodsEffect.KEEP, UnitsEffect.NONE
        # Of a parcel that lies at its point the place is used already.
        slot = SlotEffect.KEEP if source is PICKUP else SlotEffect.RELEASE
        if reason in REFUSED_AT_HAND:
            units = UnitsEffect.REJECT
            slot = SlotEffect.KEEP if source is PICKUP else SlotEffect.USE
        if reason is OrderSubstatus.DELIVERY_SERVICE_LOST:
            units = UnitsEffect.LOSE
    return Edge(
        source=source,
        target=cancelled(reason),
        actors=actors,
        goods=goods,
        slot=slot,
        units=units,
        delivery=OrderDelivery.PICKUP if source is PICKUP else None,
        comes_back=source in OUTSIDE and units is not UnitsEffect.LOSE,
    )


EDGES: tuple[Edge, ...] = (*_steps(), *_timers(), *_cancellations())

_BY_ENDS: Mapping[tuple[Stage, Stage], Edge] = {(one.source, one.target): one for one in EDGES}
assert len(_BY_ENDS) == len(EDGES), "two edges between the same stages"

STAGES: tuple[Stage, ...] = tuple(dict.fromkeys((*FIRST, *(one.target for one in EDGES))))


def find_edge(source: Stage, target: Stage, delivery: OrderDelivery) -> Edge | None:
    """Give the move between two stages for an order that goes this way; None when there is none."""
    edge = _BY_ENDS.get((source, target))
    if edge is None or edge.delivery not in (None, delivery):
        return None
    return edge


def find_path(source: Stage, target: Stage, delivery: OrderDelivery) -> tuple[Edge, ...] | None:
    """Give the shortest way from one stage to another by moves that somebody can make.

    Empty when they are the same; None when there is no way. What only a timer does is no part
    of a way: nobody can make it happen before its moment.
    """
    ways: dict[Stage, tuple[Edge, ...]] = {source: ()}
    waiting = deque([source])
    while waiting and target not in ways:
        stage = waiting.popleft()
        for edge in EDGES:
            if edge.source != stage or edge.target in ways or not _walkable(edge, delivery):
                continue
            ways[edge.target] = (*ways[stage], edge)
            waiting.append(edge.target)
    return ways.get(target)


def walker(edge: Edge) -> ActorKind:
    """Tell who makes a move usually: the first of its actors who is no timer."""
    return next(actor for actor in edge.actors if actor is not ActorKind.TIMER)


def usual_stage(status: OrderStatus, substatus: OrderSubstatus | None = None) -> Stage | None:
    """Give the stage that is meant by a status, alone or with its substatus; None for no stage.

    A cancellation without its reason is the shop's.
    """
    if substatus is not None:
        stage = Stage(status, substatus)
        return stage if stage in STAGES else None
    if status is OrderStatus.CANCELLED:
        return CANCELLED_BY_SHOP
    return next((stage for stage in STAGES if stage.status is status), None)


def _walkable(edge: Edge, delivery: OrderDelivery) -> bool:
    return edge.delivery in (None, delivery) and edge.actors != (ActorKind.TIMER,)


class Holds(NamedTuple):
    """What the items and the slot of an order that is not fake may be at a stage."""

    items: frozenset[ItemHold]
    slot: frozenset[SlotHold]


_GOODS_AFTER = {
    GoodsEffect.RELEASE: ItemHold.RELEASED,
    GoodsEffect.SHIP: ItemHold.SHIPPED,
}
_SLOT_AFTER = {SlotEffect.RELEASE: SlotHold.RELEASED, SlotEffect.USE: SlotHold.USED}


def goods_after(hold: ItemHold, edge: Edge) -> ItemHold:
    """Tell what a hold of pieces is after a move; what is not held stays what it is."""
    return _GOODS_AFTER.get(edge.goods, hold) if hold is ItemHold.HELD else hold


def slot_after(hold: SlotHold, edge: Edge) -> SlotHold:
    """Tell what a place in a slot is after a move; what is not held stays what it is."""
    return _SLOT_AFTER.get(edge.slot, hold) if hold is SlotHold.HELD else hold


def _walk_holds() -> dict[Stage, Holds]:
    """Walk every way through the table and collect what is held at each stage."""
    met: set[tuple[Stage, ItemHold, SlotHold]] = set()
    waiting = [(stage, ItemHold.HELD, SlotHold.HELD) for stage in FIRST]
    while waiting:
        standing = waiting.pop()
        if standing in met:
            continue
        met.add(standing)
        stage, goods, slot = standing
        waiting += [
            (edge.target, goods_after(goods, edge), slot_after(slot, edge))
            for edge in EDGES
            if edge.source == stage
        ]
    return {
        stage: Holds(
            frozenset(goods for at, goods, _ in met if at == stage),
            frozenset(slot for at, _, slot in met if at == stage),
        )
        for stage in STAGES
    }


HOLDS: Mapping[Stage, Holds] = _walk_holds()
