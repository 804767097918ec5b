"""What a shop changes of an order besides its stage: who receives it, and when a courier comes.

Each part is an operation of its own, judged now and again when its time has come.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import uuid4

import msgspec

from entrepot.contract import errors
from entrepot.contract.enums import OrderDelivery
from entrepot.contract.errors import Refusal
from entrepot.db import locks, order_operations
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.network_cache import NetworkCache
from entrepot.db.orders_read import read_order
from entrepot.db.transaction import Database
from entrepot.domain.order_changes import LockedOrder, Move, after_timer
from entrepot.domain.order_events import Actor, EventKind
from entrepot.domain.order_moves import LIVE
from entrepot.domain.order_operations import NewInterval, NewOperation, NewRecipient
from entrepot.fulfilment.change_orders import Moved, move_within
from entrepot.fulfilment.order_options import open_slots


class Rules(NamedTuple):
    """What the operator allows: how far ahead, how many changes, and how long each takes."""

    days_ahead: int
    interval_changes_max: int
    operations_take: timedelta


class UpdateWanted(msgspec.Struct, frozen=True):
    """Which order of which campaign is to be changed, and what of it: a part at least."""

    business_id: int
    campaign_id: int
    order_id: int
    recipient: NewRecipient | None = None
    interval: NewInterval | None = None


async def update_for_shop(
    database: Database,
    clock: Clock,
    network: NetworkCache,
    wanted: UpdateWanted,
    *,
    actor: Actor,
    rules: Rules,
) -> tuple[NewOperation, ...] | Refusal:
    """Begin to change an order; gives an operation for each part, or says why none began.

    Raises:
        DatabaseUnavailable: the database cannot be asked.
    """
    operations = tuple(
        NewOperation(uuid4().hex, part) for part in (wanted.recipient, wanted.interval) if part
    )
    ids = tuple(operation.id for operation in operations)
    move = Move(
        business_id=wanted.business_id,
        campaign_id=wanted.campaign_id,
        order_id=wanted.order_id,
        actor=actor,
        event=EventKind.OPERATION_STARTED,
        operations=ids,
    )

    async def work(connection: Connection) -> tuple[NewOperation, ...] | Refusal:
        await clock.hold(connection)
        await locks.lock_orders(connection, wanted.business_id, [wanted.order_id])
        # An attempt whose end nobody knows may have been carried out.
        if await order_operations.are_known(connection, wanted.business_id, ids):
            return operations
        beside = _Beginning(clock, network, wanted, operations, actor, rules)
        (outcome,) = await move_within(connection, clock, [move], beside)
        return operations if isinstance(outcome, Moved) else outcome

    outcome = await database.transaction(work)
    if outcome == errors.ORDER_NOT_FOUND(order_id=wanted.order_id):
        return errors.ORDER_UNKNOWN(order_id=wanted.order_id)  # updateOrder declares no 404
    return outcome


class _Beginning(NamedTuple):
    """Judges whether an order may be changed, and writes the operations."""

    clock: Clock
    network: NetworkCache
    wanted: UpdateWanted
    operations: tuple[NewOperation, ...]
    actor: Actor
    rules: Rules

    async def check(
        self, connection: Connection, orders: Mapping[int, LockedOrder]
    ) -> Mapping[int, Refusal]:
        return {
            order_id: objection
            for order_id, order in orders.items()
            if (objection := await self._object(connection, order)) is not None
        }

    async def write(self, connection: Connection, moved: Sequence[Moved]) -> None:
        (one,) = moved
        business_id, order_id = one.order.business_id, one.order.id
        if self.wanted.interval is not None:
            await order_operations.count_interval_change(connection, business_id, order_id, 1)
        await order_operations.insert_operations(
            connection,
            business_id,
            [(order_id, operation) for operation in self.operations],
            actor=self.actor,
            after=self.rules.operations_take,
        )

    async def _object(self, connection: Connection, order: LockedOrder) -> Refusal | None:
        if order.campaign_id != self.wanted.campaign_id:
            return errors.ORDER_NOT_FOUND(order_id=order.id)
        if after_timer(order).stage not in LIVE:
            return errors.TERMINAL_STATE(order_id=order.id)
        if order.cancellation is not None:
            return errors.CANCELLATION_UNDER_WAY(order_id=order.id)
        if self.wanted.interval is None:
            return None
        return await self._object_to_interval(connection, order, self.wanted.interval)

    async def _object_to_interval(
        self, connection: Connection, order: LockedOrder, interval: NewInterval
    ) -> Refusal | None:
        if order.delivery is not OrderDelivery.DELIVERY:
            return errors.DATES_FIXED(delivery_type=order.delivery, order_id=order.id)
        most = self.rules.interval_changes_max
        changes = await order_operations.read_interval_changes(
            connection, order.business_id, order.id
        )
        if changes >= most:
            return errors.INTERVAL_CHANGES_SPENT(order_id=order.id, most=most)
        shown = await read_order(connection, order.business_id, order.campaign_id, order.id)
        assert shown is not None, "a locked order cannot be read"
        slots = await open_slots(
            connection,
            await self.network.latest(connection),
            shown,
            now=await self.clock.now(connection),
            days_ahead=self.rules.days_ahead,
        )
        times = (interval.day, interval.from_minute, interval.to_minute)
        if times in [slot.key[2:] for slot in slots]:
            return None
        return errors.INTERVAL_NOT_VALID(order_id=order.id)
