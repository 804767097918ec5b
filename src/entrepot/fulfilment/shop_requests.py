"""What shops ask of their orders: to confirm drafts, to cancel, to change recipient or interval.

A confirmation is done at once. Everything else is an operation: whether it may be done is judged
now, and again when its time has come (`finish_operations`).
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from entrepot.contract.enums import OperationKind, OrderStatus, OrderSubstatus
from entrepot.contract.errors import Refusal
from entrepot.db import order_operations
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database
from entrepot.domain.order_changes import LockedOrder, Move, shop_stage
from entrepot.domain.order_events import Actor, EventKind
from entrepot.domain.order_moves import CANCELLED_BY_SHOP
from entrepot.domain.order_operations import Cancellation, NewOperation
from entrepot.fulfilment.change_orders import Moved, move_orders


class StageWanted(msgspec.Struct, frozen=True):
    """Which order of which campaign a shop wants to move, and where to."""

    business_id: int
    campaign_id: int
    order_id: int
    status: OrderStatus
    substatus: OrderSubstatus | None = None


class Granted(msgspec.Struct, frozen=True):
    """What was asked is done, or will be; the operation that tells of it."""

    operation_id: str


async def move_for_shop(
    database: Database,
    clock: Clock,
    wishes: Sequence[StageWanted],
    *,
    actor: Actor,
    operations_take: timedelta,
) -> list[Granted | Refusal]:
    """Do what a shop asks of its orders, each for itself; gives an outcome for each wish.

    Asking again for what is so already, or for what is under way, does no harm: the answer names
    the operation that does it, or did it.

    Raises:
        DatabaseUnavailable: the database cannot be asked.
    """
    stages = [shop_stage(wish.status, wish.substatus) for wish in wishes]
    moves = {
        number: _move(wish, stage, actor)
        for number, (wish, stage) in enumerate(zip(wishes, stages, strict=True))
        if not isinstance(stage, Refusal)
    }
    beside = _Operations(actor, operations_take)
    outcomes = dict(
        zip(moves, await move_orders(database, clock, [*moves.values()], beside), strict=True)
    )
    return [
        stage if isinstance(stage, Refusal) else _granted(outcomes[number])
        for number, stage in enumerate(stages)
    ]


def _move(wish: StageWanted, stage: tuple[OrderStatus, OrderSubstatus], actor: Actor) -> Move:
    later = stage == CANCELLED_BY_SHOP
    return Move(
        business_id=wish.business_id,
        campaign_id=wish.campaign_id,
        order_id=wish.order_id,
        actor=actor,
        target=stage,  # type: ignore[arg-type]
        later=later,
        event=EventKind.OPERATION_STARTED if later else EventKind.STATUS_CHANGED,
        operations=(_cancellation_of(wish.order_id),) if later else (),
    )


def _granted(outcome: Moved | Refusal) -> Granted | Refusal:
    return outcome if isinstance(outcome, Refusal) else Granted(_operation_of(outcome.move))


def _operation_of(move: Move) -> str:
    return move.operations[0] if move.later else f"{move.order_id}-confirmation"


def _cancellation_of(order_id: int) -> str:
    """Name the operation that cancels an order: one is enough, it fails only for ever."""
    return f"{order_id}-cancellation"


class _Operations:
    """Writes beside the moves the operations that tell of them."""

    def __init__(self, actor: Actor, operations_take: timedelta) -> None:
        self._actor = actor
        self._take = operations_take

    async def check(
        self, _connection: Connection, _orders: Mapping[int, LockedOrder]
    ) -> Mapping[int, Refusal]:
        return {}

    async def write(self, connection: Connection, moved: Sequence[Moved]) -> None:
        business_id = moved[0].order.business_id
        # What is so already is told by an operation that is done.
        done = [one for one in moved if not one.move.later or one.stage == CANCELLED_BY_SHOP]
        await order_operations.insert_done(
            connection,
            business_id,
            OperationKind.ORDER_STATUS_UPDATE,
            {_operation_of(one.move): one.order.id for one in done},
        )
        begun = {one.order.id: _operation_of(one.move) for one in moved if _begins(one)}
        await order_operations.mark_cancelling(connection, business_id, begun)
        await order_operations.insert_operations(
            connection,
            business_id,
            [(order_id, NewOperation(name, Cancellation())) for order_id, name in begun.items()],
            actor=self._actor,
            after=self._take,
        )


def _begins(moved: Moved) -> bool:
    return moved.move.later and moved.changed
