"""Shortages: an order that lacks a piece is put aside, and later goes on or is cancelled.

The piece that is missing leaves the books as any correction does. Where enough others of its kind
are free, the order keeps what it holds, of those; where not, it gives the whole item back, so that
nothing is held that is not there, and must get it anew before it goes on.
"""

from collections.abc import Collection
from uuid import uuid4

from entrepot import limits
from entrepot.contract import operator_errors as errors
from entrepot.contract.errors import ORDER_NOT_FOUND, Refusal, listed
from entrepot.db import locks, order_changes, order_work, releases, shortages, stock_corrections
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.order_work import OrderWork
from entrepot.db.shortages import Shortage
from entrepot.db.stock_corrections import Label
from entrepot.db.transaction import Database
from entrepot.domain.holds import ItemHold
from entrepot.domain.order_changes import LockedItem, LockedOrder, Move
from entrepot.domain.order_events import Actor, EventKind
from entrepot.domain.order_moves import STARTED
from entrepot.domain.picking import WorkStep
from entrepot.domain.stock import StockKey
from entrepot.domain.stock_corrections import ChangeBy, Correction, Pile
from entrepot.fulfilment.change_orders import move_within
from entrepot.fulfilment.release import release_orders

_REASON = "SHORTAGE"


async def report_shortage(
    database: Database,
    clock: Clock,
    business_id: int,
    order_id: int,
    offer_id: str,
    missing: int,
    actor: Actor,
) -> Shortage | Refusal:
    """Put an order aside that lacks pieces of an offer; said twice, it counts once.

    Raises:
        DatabaseUnavailable: the database cannot be asked.
    """
    item = await _find_item(database, business_id, order_id, offer_id)
    if item is not None:
        key = StockKey(business_id, item.warehouse_id, item.offer_id)
        await _release_overdue_on(database, clock, [key])

    async def work(connection: Connection) -> Shortage | Refusal:
        locked = await _lock_begun(connection, clock, business_id, order_id)
        if isinstance(locked, Refusal):
            return locked
        return await _report(connection, clock, locked, offer_id, missing, actor)

    return await database.transaction(work)


async def resume(
    database: Database, clock: Clock, business_id: int, order_id: int, actor: Actor
) -> Refusal | None:
    """Let an order go on that was put aside, if what it lacked is there; None: it goes on.

    Raises:
        DatabaseUnavailable: the database cannot be asked.
    """

    async def lacking(connection: Connection) -> tuple[Shortage, ...]:
        return await shortages.read_shortages(connection, business_id, order_id)

    lacked = await database.read(lacking)
    await _release_overdue_on(database, clock, [one.key for one in lacked if one.released])

    async def work(connection: Connection) -> Refusal | None:
        locked = await _lock_begun(connection, clock, business_id, order_id)
        if isinstance(locked, Refusal):
            return locked
        return await _resume(connection, clock, locked, actor)

    return await database.transaction(work)


class _Begun:
    """A locked order that the warehouse has begun with."""

    __slots__ = ("order", "work")

    def __init__(self, order: LockedOrder, work: OrderWork) -> None:
        self.order = order
        self.work = work


async def _lock_begun(
    connection: Connection, clock: Clock, business_id: int, order_id: int
) -> _Begun | Refusal:
    await clock.hold(connection)
    await locks.lock_orders(connection, business_id, [order_id])
    order = (await order_changes.read_locked(connection, business_id, [order_id])).orders.get(
        order_id
    )
    if order is None:
        return ORDER_NOT_FOUND(order_id=order_id)
    work = (await order_work.read_work(connection, business_id, [order_id])).get(order_id)
    if order.stage != STARTED or work is None:
        return errors.NOT_TO_BE_PICKED(order_id=order_id, standing=order.stage)
    return _Begun(order, work)


async def _report(
    connection: Connection, clock: Clock, begun: _Begun, offer_id: str, missing: int, actor: Actor
) -> Shortage | Refusal:
    order = begun.order
    item = next((one for one in order.items if one.offer_id == offer_id), None)
    if item is None:
        return errors.NOT_OF_ORDER(order_id=order.id, offer_id=offer_id)
    known = await shortages.read_shortages(connection, order.business_id, order.id)
    before = next((one for one in known if one.position == item.position), None)
    if before is not None:
        return before
    if missing > item.count:
        return errors.MISSING_TOO_MANY(
            order_id=order.id, count=item.count, offer_id=offer_id, missing=missing
        )
    if item.hold is not ItemHold.HELD:
        return errors.NOT_OF_ORDER(order_id=order.id, offer_id=offer_id)
    return await _put_aside(connection, clock, order, item, missing, actor)


async def _put_aside(
    connection: Connection,
    clock: Clock,
    order: LockedOrder,
    item: LockedItem,
    missing: int,
    actor: Actor,
) -> Shortage:
    key = StockKey(order.business_id, item.warehouse_id, item.offer_id)
    stock = (await locks.lock_stock(connection, [key]))[key]
    shortage = Shortage(item.position, key, item.count, missing, released=stock.available < missing)
    now = await clock.now(connection)
    await shortages.insert_shortage(connection, order.id, shortage, actor.name or "", now)
    corrected = await stock_corrections.correct_stock(
        connection,
        clock,
        order.business_id,
        [Correction(key, Pile.FIT, ChangeBy(-missing))],
        label=Label(_REASON, uuid4()),
        repeated=False,
    )
    assert not corrected.objections, corrected.objections
    await order_work.set_step(connection, order.business_id, [order.id], WorkStep.ASIDE, now)
    await _tell(connection, clock, order, EventKind.PUT_ASIDE, f"{missing} × {key.offer_id}", actor)
    return shortage


async def _resume(
    connection: Connection, clock: Clock, begun: _Begun, actor: Actor
) -> Refusal | None:
    order = begun.order
    if begun.work.step is not WorkStep.ASIDE:
        return None
    lacked = await shortages.read_shortages(connection, order.business_id, order.id)
    released = [one for one in lacked if one.released]
    stock = await locks.lock_stock(connection, [one.key for one in released])
    short = [one.key.offer_id for one in released if stock[one.key].available < one.count]
    if short:
        return errors.STILL_SHORT(order_id=order.id, offer_ids=listed(short))
    await shortages.end_shortages(connection, order.business_id, order.id, lacked)
    now = await clock.now(connection)
    picked = begun.work.picked and not released
    step = WorkStep.PICKED if picked else WorkStep.PICKING
    await order_work.set_step(connection, order.business_id, [order.id], step, now)
    await _tell(connection, clock, order, EventKind.RESUMED, None, actor)
    return None


async def _tell(
    connection: Connection,
    clock: Clock,
    order: LockedOrder,
    event: EventKind,
    reason: str | None,
    actor: Actor,
) -> None:
    move = Move(
        business_id=order.business_id, order_id=order.id, actor=actor, event=event, reason=reason
    )
    (outcome,) = await move_within(connection, clock, [move])
    assert not isinstance(outcome, Refusal), "a note of a locked order was refused"


async def _find_item(
    database: Database, business_id: int, order_id: int, offer_id: str
) -> LockedItem | None:
    """Find an item before its order is locked, to know where it lies."""

    async def read(connection: Connection) -> LockedItem | None:
        found = (await order_changes.read_locked(connection, business_id, [order_id])).orders
        items = found[order_id].items if order_id in found else ()
        return next((one for one in items if one.offer_id == offer_id), None)

    return await database.read(read)


async def _release_overdue_on(database: Database, clock: Clock, keys: Collection[StockKey]) -> None:
    """End the drafts that have run out and hold these goods: they hold nothing in truth."""
    if not keys:
        return

    async def overdue(connection: Connection) -> list[releases.OrderKey]:
        return await releases.find_overdue_on(
            connection, keys, (), limits.RELEASED_ORDERS_PER_TRANSACTION_MAX
        )

    await release_orders(database, clock, await database.read(overdue))
