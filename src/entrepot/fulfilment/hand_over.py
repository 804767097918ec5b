"""Handing over: parcels are scanned onto an act, and with the last of an order it is shipped.

When the carrier has signed, the act is closed and its orders are on their way. Closing an act
takes several transactions; it can be repeated, and a duty brings to its end what nobody repeats.
"""

from datetime import datetime

import msgspec

from entrepot import limits
from entrepot.contract import operator_errors as errors
from entrepot.contract.errors import Refusal
from entrepot.db import handovers, locks, order_changes, order_work
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.handovers import Handover, HandoverState
from entrepot.db.order_work import OrderWork
from entrepot.db.transaction import Database, LostRaceError
from entrepot.domain.carriers import Carrier, Shipment
from entrepot.domain.order_changes import LockedOrder, Move
from entrepot.domain.order_events import Actor
from entrepot.domain.order_moves import DELIVERY, READY_TO_SHIP, SHIPPED
from entrepot.domain.parcels import ParcelKey, parcel_code
from entrepot.fulfilment.change_orders import move_orders, move_within


class ParcelHanded(msgspec.Struct, frozen=True):
    """A parcel that stands on an act now.

    `left` counts the order's parcels that were not scanned yet; `repeated` says that this one
    had been before.
    """

    parcel: ParcelKey
    handover_id: int
    left: int
    repeated: bool


class HandoverClosed(msgspec.Struct, frozen=True):
    """An act that the carrier took over, and the orders that did not go with it."""

    handover: Handover
    refused: tuple[int, ...]


async def hand_over(
    database: Database,
    clock: Clock,
    warehouse_id: int,
    carrier: Carrier,
    parcel: ParcelKey,
    actor: Actor,
) -> ParcelHanded | Refusal:
    """Put a parcel onto the open act of a carrier; with its last parcel the order is shipped.

    Raises:
        DatabaseUnavailable: the database cannot be asked.
    """

    async def work(connection: Connection) -> ParcelHanded | Refusal:
        return await _hand_over(connection, clock, warehouse_id, carrier, parcel, actor)

    return await database.transaction(work)


async def close_handover(
    database: Database, clock: Clock, business_id: int, handover_id: int, actor: Actor
) -> HandoverClosed | Refusal:
    """Say that the carrier took what stands on an act; its orders are on their way from now on.

    Raises:
        DatabaseUnavailable: the database cannot be asked.
    """
    kept: list[int] = []

    async def begin(connection: Connection) -> Handover | None:
        await clock.hold(connection)
        await locks.lock_handover(connection, business_id, handover_id)
        act = await handovers.read_handover(connection, business_id, handover_id)
        if act is None or act.state is not HandoverState.OPEN:
            return act
        now = await clock.now(connection)
        closed_by = actor.name or ""
        kept[:] = await handovers.begin_closing(
            connection, business_id, handover_id, closed_by, now
        )
        return await handovers.read_handover(connection, business_id, handover_id)

    closing = await database.transaction(begin)
    if closing is None:
        return errors.NO_SUCH_HANDOVER(handover_id=handover_id)
    rows = await database.read(
        lambda connection: handovers.read_rows(connection, business_id, handover_id)
    )
    order_ids = sorted({row.key.order_id for row in rows})
    moves = [
        Move(business_id=business_id, order_id=order_id, actor=actor, target=DELIVERY)
        for order_id in order_ids
    ]
    refused = list(kept)
    if closing.state is HandoverState.CLOSING:
        outcomes = await move_orders(database, clock, moves)
        refused += [
            order_id
            for order_id, outcome in zip(order_ids, outcomes, strict=True)
            if isinstance(outcome, Refusal)
        ]
        await database.transaction(
            lambda connection: handovers.finish(connection, business_id, handover_id)
        )
    closed = msgspec.structs.replace(closing, state=HandoverState.CLOSED)
    return HandoverClosed(closed, tuple(refused))


async def _hand_over(
    connection: Connection,
    clock: Clock,
    warehouse_id: int,
    carrier: Carrier,
    parcel: ParcelKey,
    actor: Actor,
) -> ParcelHanded | Refusal:
    business_id, order_id, number = parcel
    await clock.hold(connection)
    await locks.lock_orders(connection, business_id, [order_id])
    order = (await order_changes.read_locked(connection, business_id, [order_id])).orders.get(
        order_id
    )
    work = (await order_work.read_work(connection, business_id, [order_id])).get(order_id)
    if order is None or order.warehouse_id != warehouse_id:
        return errors.NOT_A_PARCEL(scanned=parcel_code(parcel))
    if work is None or number > len(work.parcels):
        return errors.NOT_PACKED(order_id=order_id, standing=order.stage)
    stands_on = work.parcels[number - 1].handover_id
    if stands_on is not None:
        return await _handed_before(connection, parcel, stands_on, carrier, work)
    objection = _objection(order, work, carrier)
    if objection is not None:
        return objection
    return await _put_on_act(connection, clock, order, work, carrier, parcel, actor)


async def _put_on_act(
    connection: Connection,
    clock: Clock,
    order: LockedOrder,
    work: OrderWork,
    carrier: Carrier,
    parcel: ParcelKey,
    actor: Actor,
) -> ParcelHanded | Refusal:
    now = await clock.now(connection)
    opened = await _lock_open(connection, order, carrier, now)
    if opened.parcels >= limits.HANDOVER_PARCELS_MAX:
        return errors.HANDOVER_FULL(handover_id=opened.id, parcels=opened.parcels)
    left = sum(each.handover_id is None for each in work.parcels) - 1
    if left == 0:
        refusal = await _ship(connection, clock, order, actor)
        if refusal is not None:
            return refusal
        await order_work.set_handed_over(connection, order.business_id, order.id, carrier.id, now)
    await handovers.add_parcel(connection, parcel, opened.id, actor.name or "", now)
    return ParcelHanded(parcel, opened.id, left, repeated=False)


async def _handed_before(
    connection: Connection, parcel: ParcelKey, handover_id: int, carrier: Carrier, work: OrderWork
) -> ParcelHanded | Refusal:
    handover = await handovers.read_handover(connection, parcel.business_id, handover_id)
    assert handover is not None, "a parcel stands on an act that does not exist"
    if handover.carrier != carrier.id:
        return errors.HANDED_OVER_ELSEWHERE(parcel=parcel_code(parcel), handover_id=handover_id)
    left = sum(each.handover_id is None for each in work.parcels)
    return ParcelHanded(parcel, handover_id, left, repeated=True)


async def _lock_open(
    connection: Connection, order: LockedOrder, carrier: Carrier, now: datetime
) -> Handover:
    """Lock the open act.

    Raises:
        LostRaceError: it was closed at this very moment; the next attempt opens another.
    """
    handover_id = await handovers.open_handover(
        connection, order.business_id, order.warehouse_id, carrier.id, now
    )
    if handover_id is not None:
        await locks.lock_handover(connection, order.business_id, handover_id)
        handover = await handovers.read_handover(connection, order.business_id, handover_id)
        if handover is not None and handover.state is HandoverState.OPEN:
            return handover
    message = "the hand-over was closed meanwhile"
    raise LostRaceError(message)


async def _ship(
    connection: Connection, clock: Clock, order: LockedOrder, actor: Actor
) -> Refusal | None:
    move = Move(business_id=order.business_id, order_id=order.id, actor=actor, target=SHIPPED)
    (outcome,) = await move_within(connection, clock, [move])
    return outcome if isinstance(outcome, Refusal) else None


def _objection(order: LockedOrder, work: OrderWork, carrier: Carrier) -> Refusal | None:
    if order.stage != READY_TO_SHIP:
        return errors.NOT_PACKED(order_id=order.id, standing=order.stage)
    if order.cancellation is not None:
        return errors.BEING_CANCELLED(order_id=order.id)
    shipment = Shipment(
        order.slot.place_kind,
        order.slot.place_id,
        tuple(each.packed.weight_g for each in work.parcels),
    )
    reason = carrier.objection(shipment)
    if reason is None:
        return None
    return errors.CARRIER_REFUSES(carrier=carrier.name, order_id=order.id, reason=reason)
