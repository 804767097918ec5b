"""Moving existing orders: at present, the confirmation of a draft."""

from typing import NamedTuple

from entrepot.contract import errors
from entrepot.contract.enums import OperationKind, OrderStatus, OrderSubstatus
from entrepot.contract.errors import Refusal
from entrepot.db import locks, order_changes
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database
from entrepot.domain.order import EXPIRED_STATUS
from entrepot.domain.order_moves import STARTED, Confirm, shop_move
from entrepot.fulfilment.release import release_overdue


class StageWanted(NamedTuple):
    """Which order of which campaign a shop wants to move, and where to."""

    business_id: int
    campaign_id: int
    order_id: int
    status: OrderStatus
    substatus: OrderSubstatus | None


class Moved(NamedTuple):
    """The order is where the shop wants it; the operation that brought it there."""

    operation_id: str


class _Overdue(NamedTuple):
    """The draft has run out and must be ended first."""


async def move_for_shop(database: Database, clock: Clock, wanted: StageWanted) -> Moved | Refusal:
    """Do what a shop asks of an order. Asking again for what is so already does no harm."""

    async def work(connection: Connection) -> Moved | Refusal | _Overdue:
        return await _move(connection, clock, wanted)

    outcome = await database.transaction(work)
    if not isinstance(outcome, _Overdue):
        return outcome
    await release_overdue(database, clock, wanted.business_id, [wanted.order_id])
    return errors.NO_TRANSITION(from_status=EXPIRED_STATUS, to_status=wanted.status)


async def _move(
    connection: Connection, clock: Clock, wanted: StageWanted
) -> Moved | Refusal | _Overdue:
    await clock.hold(connection)
    await locks.lock_orders(connection, wanted.business_id, [wanted.order_id])
    order = await order_changes.read_locked(connection, wanted.business_id, wanted.order_id)
    if order is None or order.campaign_id != wanted.campaign_id:
        return errors.ORDER_NOT_FOUND(order_id=wanted.order_id)
    if order.overdue:
        return _Overdue()
    move = shop_move(order.stage, wanted.status, wanted.substatus)
    if isinstance(move, Refusal):
        return move
    operation_id = f"{wanted.order_id}-confirmation"
    if isinstance(move, Confirm):
        await order_changes.set_stage(
            connection, wanted.business_id, wanted.order_id, STARTED, "SHOP", order.now
        )
    await order_changes.insert_done_operation(
        connection,
        wanted.business_id,
        operation_id,
        OperationKind.ORDER_STATUS_UPDATE,
        wanted.order_id,
        order.now,
    )
    return Moved(operation_id)
