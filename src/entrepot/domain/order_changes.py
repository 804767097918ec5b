"""What becomes of an order that somebody wants to move: pure decisions over what was read.

The order's row is locked and read; `judge` says what is written, or why nothing is.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from entrepot.contract import errors
from entrepot.contract.enums import OrderDelivery, OrderStatus, OrderSubstatus
from entrepot.contract.errors import Refusal
from entrepot.domain.delivery.slot import PlaceKind, SlotKey
from entrepot.domain.holds import ItemHold, SlotHold
from entrepot.domain.order_events import TIMER, Actor, EventDetail, EventKind, UnitsRefused
from entrepot.domain.order_moves import (
    CANCELLED_BY_SHOP,
    EXPIRED,
    LIVE,
    NOT_FETCHED,
    READY_TO_SHIP,
    SHIPPED,
    STARTED,
    ActorKind,
    Edge,
    Stage,
    UnitsEffect,
    find_edge,
    goods_after,
    slot_after,
    usual_stage,
)
from entrepot.domain.order_operations import NewInterval

# What updateOrderStatus takes at all.
_SETTABLE = frozenset(
    {
        OrderStatus.PROCESSING,
        OrderStatus.CANCELLED,
        OrderStatus.DELIVERY,
        OrderStatus.PICKUP,
        OrderStatus.DELIVERED,
    }
)


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants of an order.

    Attributes:
        business_id: whose order.
        order_id: which one.
        actor: who wants it.
        target: where it is to go; None leaves it where it is, and only writes `event`.
        campaign_id: only if it is this campaign's; an order of another is like a missing one.
        event: what the history says; None says nothing (only without a target).
        reason: what the history says besides, in words; never personal data.
        operations: those by which it is done.
        later: it is only asked for, and operations will do it: whether it may be done is judged
            now, and the history says that it was asked.
        interval: when a courier comes from now on, for the history alone.
        refused: what the buyer did not take, when the rest is delivered.
        receive_code: what the buyer told at the counter; None where nobody asked.
    """

    business_id: int
    order_id: int
    actor: Actor
    target: Stage | None = None
    campaign_id: int | None = None
    event: EventKind | None = EventKind.STATUS_CHANGED
    reason: str | None = None
    operations: tuple[str, ...] = ()
    later: bool = False
    interval: NewInterval | None = None
    refused: tuple[UnitsRefused, ...] = ()
    receive_code: str | None = None


class LockedItem(msgspec.Struct, frozen=True, gc=False):
    """A line of a locked order."""

    position: int
    warehouse_id: int
    offer_id: str
    count: int
    hold: ItemHold


class LockedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is after its row was locked.

    `overdue` says that its timer has run out, at `ends_at`, and nobody has noticed yet: in
    truth it is where the timer leads. `cancellation` is the operation that is to cancel it.
    """

    business_id: int
    id: int
    campaign_id: int
    stage: Stage
    fake: bool
    slot: SlotKey
    slot_hold: SlotHold
    region_id: int
    warehouse_id: int
    receive_code: str | None
    cancellation: str | None
    overdue: bool
    ends_at: datetime | None
    event_seq: int
    items: tuple[LockedItem, ...]

    @property
    def delivery(self) -> OrderDelivery:
        """Courier or pickup."""
        by_courier = self.slot.place_kind is PlaceKind.ZONE
        return OrderDelivery.DELIVERY if by_courier else OrderDelivery.PICKUP

    @property
    def lacks_pieces(self) -> bool:
        """Tell whether it gave an item back for want of pieces, and has not got it again."""
        return any(item.hold is ItemHold.RELEASED for item in self.items)


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A line to be written into the history of an order."""

    kind: EventKind
    stage: Stage
    actor: Actor
    happened_at: datetime
    detail: EventDetail = EventDetail()


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is written of an order.

    `goods` and `slot_hold` are the holds after it. `rejected` and `lost` count pieces by the
    position of their item. `comes_back`: what of it returns unredeemed, by position.
    """

    order: LockedOrder
    stage: Stage
    updated_at: datetime
    goods: ItemHold | None = None
    slot_hold: SlotHold
    rejected: Mapping[int, int] = {}
    lost: Mapping[int, int] = {}
    comes_back: Mapping[int, int] = {}
    events: tuple[NewEvent, ...]


class Verdict(msgspec.Struct, frozen=True):
    """What is written, if anything, and why the wish was not granted, if it was not.

    Both at once: the order's timer had run out, which is written now, and the wish came late.
    """

    change: Change | None
    refusal: Refusal | None = None


def shop_stage(status: OrderStatus, substatus: OrderSubstatus | None) -> Stage | Refusal:
    """Tell which stage a shop means; without a substatus the usual one, but no cancellation."""
    if status not in _SETTABLE:
        return errors.STATUS_NOT_ALLOWED(status=status)
    usual = None if status is OrderStatus.CANCELLED else usual_stage(status)
    if substatus is None and usual is not None:
        return usual
    return Stage(status, substatus or OrderSubstatus.UNKNOWN)


def after_timer(order: LockedOrder) -> LockedOrder:
    """Give the order as its timer left it, whether or not that was written already."""
    change = _run_out(order)
    return order if change is None else msgspec.structs.replace(order, stage=change.stage)


def judge(order: LockedOrder, move: Move, now: datetime) -> Verdict:
    """Decide about a wish; asking for what is so already changes nothing and is granted.

    So is asking once more for a cancellation that is under way.
    """
    run_out = _run_out(order)
    if run_out is not None:
        if move.target == run_out.stage:
            return Verdict(run_out)
        late = None if move.actor.kind is ActorKind.TIMER else _no_edge(run_out.stage, move)
        return Verdict(run_out, late)
    if move.target is None:
        return Verdict(_note(order, move, now))
    if move.target == order.stage or _confirmed_before(order, move):
        return Verdict(None)
    if move.actor.kind is ActorKind.TIMER:
        return Verdict(None)  # its moment has not come, or has passed
    edge = find_edge(order.stage, move.target, order.delivery)
    refusal = _objection(order, move, edge)
    if refusal is not None or edge is None:
        return Verdict(None, refusal)
    if move.later:
        return Verdict(None if order.cancellation else _note(order, move, now))
    return Verdict(_carry_out(order, move, edge, now))


def _confirmed_before(order: LockedOrder, move: Move) -> bool:
    """Tell whether a shop confirms once more what the warehouse has gone on with since."""
    confirms = move.actor.kind is ActorKind.SHOP and move.target == STARTED
    return confirms and order.stage.status is OrderStatus.PROCESSING


def _run_out(order: LockedOrder) -> Change | None:
    """Give what an order's timer did at its moment, if nobody has noticed yet."""
    if not order.overdue or order.ends_at is None:
        return None
    target = EXPIRED if order.stage.status is OrderStatus.RESERVED else NOT_FETCHED
    edge = find_edge(order.stage, target, order.delivery)
    assert edge is not None, f"no timer leads from {order.stage} to {target}"
    move = Move(business_id=order.business_id, order_id=order.id, actor=TIMER, target=target)
    return _carry_out(order, move, edge, order.ends_at)


def _note(order: LockedOrder, move: Move, now: datetime) -> Change | None:
    if move.event is None:
        return None
    comes = move.interval
    detail = EventDetail(
        operations=move.operations,
        reason=move.reason,
        day=comes.day if comes else None,
        from_minute=comes.from_minute if comes else None,
        to_minute=comes.to_minute if comes else None,
    )
    event = NewEvent(
        kind=move.event, stage=order.stage, actor=move.actor, happened_at=now, detail=detail
    )
    return Change(
        order=order,
        stage=order.stage,
        updated_at=now,
        slot_hold=order.slot_hold,
        events=(event,),
    )


def _objection(order: LockedOrder, move: Move, edge: Edge | None) -> Refusal | None:
    target = move.target
    of_shop = move.actor.kind is ActorKind.SHOP
    wrong_reason = target is not None and target.status is OrderStatus.CANCELLED
    if of_shop and wrong_reason and target != CANCELLED_BY_SHOP and order.stage in LIVE:
        return errors.CANCELLATION_SUBSTATUS(
            substatus=target.substatus if target else None,
            status=order.stage.status,
            role=move.actor.kind,
            order_id=order.id,
        )
    if edge is None:
        return _no_edge(order.stage, move)
    if move.actor.kind not in edge.actors:
        return _not_allowed(edge, f"it is for {' or '.join(edge.actors)} to say")
    if order.cancellation and of_shop and not move.operations:
        return _not_allowed(edge, "the order is in cancellation state")
    if edge.target in (READY_TO_SHIP, SHIPPED) and order.lacks_pieces:
        return _not_allowed(edge, "pieces of it are missing, it is put aside")
    if move.receive_code is not None and move.receive_code != order.receive_code:
        return errors.RECEIVE_CODE_WRONG(order_id=order.id)
    return _refused_wrongly(order, move)


def _refused_wrongly(order: LockedOrder, move: Move) -> Refusal | None:
    if not move.refused:
        return None
    counts = {item.offer_id: item.count for item in order.items}
    named = [one.offer_id for one in move.refused]
    fits = all(1 <= one.count <= counts.get(one.offer_id, 0) for one in move.refused)
    some_left = sum(one.count for one in move.refused) < sum(counts.values())
    delivered = move.target is not None and move.target.status is OrderStatus.DELIVERED
    if fits and some_left and delivered and len(set(named)) == len(named):
        return None
    return errors.REFUSED_UNITS_WRONG(order_id=order.id)


def _carry_out(order: LockedOrder, move: Move, edge: Edge, moment: datetime) -> Change:
    every = {item.position: item.count for item in order.items}
    rejected = every if edge.units is UnitsEffect.REJECT else _by_position(order, move.refused)
    comes_back = every if edge.comes_back else rejected
    detail = EventDetail(operations=move.operations, reason=move.reason, refused=move.refused)
    events = [
        NewEvent(
            kind=EventKind.STATUS_CHANGED,
            stage=edge.target,
            actor=move.actor,
            happened_at=moment,
            detail=detail,
        )
    ]
    if comes_back:
        kind = EventKind.RETURN_CREATED
        events.append(NewEvent(kind=kind, stage=edge.target, actor=move.actor, happened_at=moment))
    # All items of an order are held alike, but for those that lack pieces and hold nothing.
    held = any(item.hold is ItemHold.HELD for item in order.items)
    goods = goods_after(ItemHold.HELD, edge) if held else ItemHold.HELD
    return Change(
        order=order,
        stage=edge.target,
        updated_at=moment,
        goods=None if goods is ItemHold.HELD else goods,
        slot_hold=slot_after(order.slot_hold, edge),
        rejected=rejected,
        lost=every if edge.units is UnitsEffect.LOSE else {},
        comes_back=comes_back,
        events=tuple(events),
    )


def _by_position(order: LockedOrder, refused: Sequence[UnitsRefused]) -> dict[int, int]:
    positions = {item.offer_id: item.position for item in order.items}
    return {positions[one.offer_id]: one.count for one in refused}


def _no_edge(current: Stage, move: Move) -> Refusal:
    target = move.target
    if target is None:
        return errors.NO_TRANSITION(from_status=current.status, to_status=current.status)
    if target.status is current.status:
        return errors.NO_TRANSITION(from_status=current, to_status=target)
    return errors.NO_TRANSITION(from_status=current.status, to_status=target.status)


def _not_allowed(edge: Edge, reason: str) -> Refusal:
    return errors.TRANSITION_NOT_ALLOWED(
        from_status=edge.source.status, to_status=edge.target.status, reason=reason
    )
