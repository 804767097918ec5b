"""Operations whose time has come: they take effect now, or fail and change nothing.

The sole way an operation ends. Each transaction asks under the orders' locks what is still to be
done, so a crash in the middle is a repeat, and several processes may finish at once.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import NamedTuple

from entrepot import limits
from entrepot.contract import errors
from entrepot.contract.enums import OperationKind, OperationStatus
from entrepot.contract.errors import Refusal
from entrepot.db import locks, order_operations, releases
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.network_cache import NetworkCache
from entrepot.db.orders_read import read_order
from entrepot.db.releases import OrderKey
from entrepot.db.transaction import Database
from entrepot.domain.delivery.moving import leaves_on, place_to_move_in
from entrepot.domain.delivery.slot import SlotKey
from entrepot.domain.holds import SlotHold
from entrepot.domain.order_changes import LockedOrder, Move, after_timer
from entrepot.domain.order_events import EventKind
from entrepot.domain.order_moves import CANCELLED_BY_SHOP, LIVE
from entrepot.domain.order_operations import (
    Cancellation,
    DueOperation,
    NewInterval,
    NewRecipient,
    kind_of,
)
from entrepot.fulfilment.change_orders import Alongside, Moved, Outcome, move_within
from entrepot.fulfilment.order_options import open_slots
from entrepot.fulfilment.release import release_orders


class Finisher(NamedTuple):
    """What finishing needs to know."""

    database: Database
    clock: Clock
    network: NetworkCache
    days_ahead: int


class _OverdueDraftsError(Exception):
    """Drafts that have run out hold the slot that an order is to have."""

    def __init__(self, drafts: Sequence[OrderKey]) -> None:
        super().__init__("overdue drafts hold a slot")
        self.drafts = drafts


async def finish_operations(finisher: Finisher) -> int:
    """End some of the operations whose time has come; gives how many this call ended."""

    async def find(connection: Connection) -> list[DueOperation]:
        due = await order_operations.find_due(connection, limits.MOVED_ORDERS_PER_TRANSACTION_MAX)
        keys = {OrderKey(one.business_id, one.order_id) for one in due}
        busy = await locks.busy_orders(connection, keys)
        return [one for one in due if (one.business_id, one.order_id) not in busy]

    due = await finisher.database.read(find)
    ended = 0
    due.sort(key=_group)
    for (_, kind), group in groupby(due, key=_group):
        alike = list(group)
        # Who moves to another slot locks it before others would have locked stock: each alone.
        alone = kind is OperationKind.ORDER_DELIVERY_INTERVAL_UPDATE
        for chunk in [[one] for one in alike] if alone else [alike]:
            ended += await _finish(finisher, chunk)
    return ended


def _group(due: DueOperation) -> tuple[int, OperationKind]:
    return due.business_id, kind_of(due.wanted)


async def _finish(finisher: Finisher, due: Sequence[DueOperation]) -> int:
    async def work(connection: Connection) -> int:
        return await _finish_within(connection, finisher, due)

    for _ in range(limits.RELEASES_PER_COMMAND_MAX):
        try:
            return await finisher.database.transaction(work)
        except _OverdueDraftsError as found:
            await release_orders(finisher.database, finisher.clock, found.drafts)
    return 0  # the next time


async def _finish_within(
    connection: Connection, finisher: Finisher, due: Sequence[DueOperation]
) -> int:
    clock, business_id = finisher.clock, due[0].business_id
    await clock.hold(connection)
    await locks.lock_orders(connection, business_id, [one.order_id for one in due])
    open_ids = await order_operations.still_in_progress(
        connection, business_id, [one.id for one in due]
    )
    left = [one for one in due if one.id in open_ids]
    if not left:
        return 0
    moves = [_move(one) for one in left]
    outcomes = await move_within(connection, clock, moves, _beside(finisher, left))
    ends = {one.id: _end(outcome) for one, outcome in zip(left, outcomes, strict=True)}
    failed = [one for one in left if ends[one.id] is OperationStatus.FAILED]
    await _tell_of_failures(connection, clock, failed)
    now = await clock.now(connection)
    order_ids = [one.order_id for one in left]
    await order_operations.finish(connection, business_id, ends, order_ids, now)
    return len(left)


def _move(due: DueOperation) -> Move:
    wanted = due.wanted
    event = EventKind.STATUS_CHANGED
    if isinstance(wanted, NewRecipient):
        event = EventKind.RECIPIENT_CHANGED
    if isinstance(wanted, NewInterval):
        event = EventKind.INTERVAL_CHANGED
    return Move(
        business_id=due.business_id,
        order_id=due.order_id,
        actor=due.actor,
        target=CANCELLED_BY_SHOP if isinstance(wanted, Cancellation) else None,
        event=event,
        operations=(due.id,),
        interval=wanted if isinstance(wanted, NewInterval) else None,
    )


def _beside(finisher: Finisher, due: Sequence[DueOperation]) -> Alongside | None:
    recipients = {one.order_id: one.wanted for one in due if isinstance(one.wanted, NewRecipient)}
    if recipients:
        return _Recipients(recipients)
    wanted = due[0].wanted
    return _Interval(finisher, wanted) if isinstance(wanted, NewInterval) else None


def _end(outcome: Outcome) -> OperationStatus:
    return OperationStatus.DONE if isinstance(outcome, Moved) else OperationStatus.FAILED


async def _tell_of_failures(
    connection: Connection, clock: Clock, failed: Sequence[DueOperation]
) -> None:
    """Write into the history what came to nothing."""
    notes = [
        Move(
            business_id=one.business_id,
            order_id=one.order_id,
            actor=one.actor,
            event=EventKind.OPERATION_FAILED,
            operations=(one.id,),
        )
        for one in failed
    ]
    if notes:
        await move_within(connection, clock, notes)
    for one in failed:
        if isinstance(one.wanted, NewInterval):
            await order_operations.count_interval_change(
                connection, one.business_id, one.order_id, -1
            )


class _Recipients(NamedTuple):
    """Gives orders that have not ended other recipients."""

    recipients: Mapping[int, NewRecipient]

    async def check(
        self, _connection: Connection, orders: Mapping[int, LockedOrder]
    ) -> Mapping[int, Refusal]:
        return {
            order.id: errors.TERMINAL_STATE(order_id=order.id)
            for order in orders.values()
            if after_timer(order).stage not in LIVE
        }

    async def write(self, connection: Connection, moved: Sequence[Moved]) -> None:
        await order_operations.write_recipients(
            connection,
            moved[0].order.business_id,
            {one.order.id: self.recipients[one.order.id] for one in moved},
        )


class _Taken(NamedTuple):
    """The slot that an order gets."""

    slot: SlotKey
    exists: bool
    shipment_day: date


class _Interval:
    """Gives one order another slot, if that is offered and has room; made for one attempt."""

    def __init__(self, finisher: Finisher, wanted: NewInterval) -> None:
        self._finisher = finisher
        self._wanted = wanted
        self._taken: _Taken | None = None

    async def check(
        self, connection: Connection, orders: Mapping[int, LockedOrder]
    ) -> Mapping[int, Refusal]:
        for order in orders.values():
            if after_timer(order).stage not in LIVE:
                return {order.id: errors.TERMINAL_STATE(order_id=order.id)}
            self._taken = await self._take(connection, order)
            if self._taken is None:
                return {order.id: errors.INTERVAL_NOT_VALID(order_id=order.id)}
        return {}

    async def write(self, connection: Connection, moved: Sequence[Moved]) -> None:
        (one,) = moved
        taken = self._taken
        assert taken is not None, "no slot was taken"
        await order_operations.write_slot(
            connection,
            one.order.business_id,
            one.order.id,
            slot=taken.slot,
            shipment_day=taken.shipment_day,
            given_back=one.order.slot if one.order.slot_hold is SlotHold.HELD else None,
            exists=taken.exists,
        )

    async def _take(self, connection: Connection, order: LockedOrder) -> _Taken | None:
        network = await self._finisher.network.latest(connection)
        shown = await read_order(connection, order.business_id, None, order.id)
        assert shown is not None, "a locked order cannot be read"
        place = place_to_move_in(network, shown)
        if place is None:
            return None
        wanted = self._wanted
        slot = SlotKey(
            place.kind, place.target.id, wanted.day, wanted.from_minute, wanted.to_minute
        )
        locked = await locks.lock_slots(connection, [order.slot, slot])
        now = await self._finisher.clock.now(connection)
        offered = await open_slots(
            connection, network, shown, now=now, days_ahead=self._finisher.days_ahead
        )
        capacity = next((one.capacity for one in offered if one.key == slot), None)
        if capacity is None:
            return None
        holds = order.slot_hold is SlotHold.HELD and order.slot != slot
        if holds and locked.get(slot, 0) >= capacity:
            # Drafts that have run out are counted as free; they must be ended first.
            drafts = await releases.find_overdue_on(
                connection, (), [slot], limits.RELEASED_ORDERS_PER_TRANSACTION_MAX
            )
            raise _OverdueDraftsError(drafts)
        return _Taken(slot, slot in locked, leaves_on(network, shown, now))
