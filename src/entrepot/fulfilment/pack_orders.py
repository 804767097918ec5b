"""Packing: what was picked goes into parcels, and the order is ready to ship."""

from collections.abc import Mapping, Sequence

import msgspec

from entrepot.contract import operator_errors as errors
from entrepot.contract.errors import Refusal
from entrepot.db import order_work
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.order_work import OrderWork
from entrepot.db.transaction import Database
from entrepot.domain.order_changes import LockedOrder, Move
from entrepot.domain.order_events import Actor
from entrepot.domain.order_moves import READY_TO_SHIP, STARTED
from entrepot.domain.parcels import Packed
from entrepot.domain.picking import WorkStep
from entrepot.fulfilment.change_orders import Moved, move_orders


class _Packing(msgspec.Struct, frozen=True):
    """Writes the parcels of one order beside its move. Packing alike once more does no harm."""

    clock: Clock
    parcels: tuple[Packed, ...]
    packed_by: str

    async def check(
        self, connection: Connection, orders: Mapping[int, LockedOrder]
    ) -> Mapping[int, Refusal]:
        refused: dict[int, Refusal] = {}
        for order in orders.values():
            work = await order_work.read_work(connection, order.business_id, [order.id])
            objection = self._objection(order, work.get(order.id))
            if objection is not None:
                refused[order.id] = objection
        return refused

    async def write(self, connection: Connection, moved: Sequence[Moved]) -> None:
        for one in moved:
            if not one.changed:
                continue
            order = one.order
            now = await self.clock.now(connection)
            await order_work.replace_parcels(
                connection, order.business_id, order.id, self.parcels, self.packed_by, now
            )
            await order_work.set_step(
                connection, order.business_id, [order.id], WorkStep.PACKED, now
            )

    def _objection(self, order: LockedOrder, work: OrderWork | None) -> Refusal | None:
        if order.stage == STARTED:
            if order.cancellation is not None:
                return errors.BEING_CANCELLED(order_id=order.id)
            if work is not None and any(each.handover_id for each in work.parcels):
                return errors.ALREADY_PACKED(order_id=order.id)
            ready = work is not None and work.picked and work.step is not WorkStep.ASIDE
            standing = WorkStep.WAITING if work is None else work.step
            return None if ready else errors.NOT_PICKED(order_id=order.id, standing=standing)
        if order.stage == READY_TO_SHIP:
            packed = () if work is None else tuple(each.packed for each in work.parcels)
            alike = packed == self.parcels
            return None if alike else errors.ALREADY_PACKED(order_id=order.id)
        return errors.NOT_PICKED(order_id=order.id, standing=order.stage)


async def pack_order(
    database: Database,
    clock: Clock,
    business_id: int,
    order_id: int,
    parcels: tuple[Packed, ...],
    actor: Actor,
) -> Refusal | None:
    """Pack an order whose every piece was picked; None: it is ready to ship.

    Raises:
        DatabaseUnavailable: the database cannot be asked.
    """
    assert parcels
    move = Move(business_id=business_id, order_id=order_id, actor=actor, target=READY_TO_SHIP)
    packing = _Packing(clock, parcels, actor.name or "")
    (outcome,) = await move_orders(database, clock, [move], packing)
    return outcome if isinstance(outcome, Refusal) else None


class _Unpacking(msgspec.Struct, frozen=True):
    """Takes the parcels of one order away; none of them may have been handed over."""

    clock: Clock

    async def check(
        self, connection: Connection, orders: Mapping[int, LockedOrder]
    ) -> Mapping[int, Refusal]:
        refused: dict[int, Refusal] = {}
        for order in orders.values():
            works = await order_work.read_work(connection, order.business_id, [order.id])
            work = works.get(order.id)
            handed = work is not None and any(each.handover_id for each in work.parcels)
            if work is None or handed or order.stage not in (READY_TO_SHIP, STARTED):
                refused[order.id] = errors.NOT_PACKED(order_id=order.id, standing=order.stage)
        return refused

    async def write(self, connection: Connection, moved: Sequence[Moved]) -> None:
        for one in moved:
            if not one.changed:
                continue
            order, now = one.order, await self.clock.now(connection)
            await order_work.delete_parcels(connection, order.business_id, order.id)
            works = await order_work.read_work(connection, order.business_id, [order.id])
            # What a sandbox brought here was never packed, perhaps not even picked.
            if works[order.id].step is WorkStep.PACKED:
                await order_work.set_step(
                    connection, order.business_id, [order.id], WorkStep.PICKED, now
                )


async def unpack_order(
    database: Database, clock: Clock, business_id: int, order_id: int, actor: Actor
) -> Refusal | None:
    """Take an order out of its parcels again, before the first of them has left; None: done.

    Raises:
        DatabaseUnavailable: the database cannot be asked.
    """
    move = Move(business_id=business_id, order_id=order_id, actor=actor, target=STARTED)
    (outcome,) = await move_orders(database, clock, [move], _Unpacking(clock))
    return outcome if isinstance(outcome, Refusal) else None
