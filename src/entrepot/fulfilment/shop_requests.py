"""What shops ask of their orders: at present, the confirmation of a draft."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from entrepot.contract import errors
from entrepot.contract.enums import OperationKind, OrderStatus, OrderSubstatus
from entrepot.contract.errors import Refusal
from entrepot.db import order_operations
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database
from entrepot.domain.order_changes import LockedOrder, Move, shop_stage
from entrepot.domain.order_events import Actor
from entrepot.domain.order_moves import STARTED
from entrepot.fulfilment.change_orders import Moved, move_orders


class StageWanted(NamedTuple):
    """Which order of which campaign a shop wants to move, and where to."""

    business_id: int
    campaign_id: int
    order_id: int
    status: OrderStatus
    substatus: OrderSubstatus | None


class Granted(NamedTuple):
    """What was asked is done, or will be; the operation that tells of it."""

    operation_id: str


async def move_for_shop(
    database: Database, clock: Clock, wanted: StageWanted, actor: Actor
) -> Granted | Refusal:
    """Do what a shop asks of an order. Asking again for what is so already does no harm."""
    stage = shop_stage(wanted.status, wanted.substatus)
    if isinstance(stage, Refusal):
        return stage
    if stage != STARTED:
        reason = "a shop confirms drafts with PROCESSING/STARTED; other steps are the operator's"
        return errors.TRANSITION_NOT_ALLOWED(
            from_status="any", to_status=wanted.status, reason=reason
        )
    move = Move(
        business_id=wanted.business_id,
        campaign_id=wanted.campaign_id,
        order_id=wanted.order_id,
        actor=actor,
        target=STARTED,
    )
    (outcome,) = await move_orders(database, clock, [move], _Confirmations())
    return Granted(_confirmation_of(wanted.order_id)) if isinstance(outcome, Moved) else outcome


class _Confirmations:
    """Writes an operation that is DONE beside each confirmed draft; once is enough."""

    async def check(
        self, _connection: Connection, _orders: Mapping[int, LockedOrder]
    ) -> Mapping[int, Refusal]:
        return {}

    async def write(self, connection: Connection, moved: Sequence[Moved]) -> None:
        await order_operations.insert_done(
            connection,
            moved[0].order.business_id,
            OperationKind.ORDER_STATUS_UPDATE,
            {_confirmation_of(one.order.id): one.order.id for one in moved},
        )


def _confirmation_of(order_id: int) -> str:
    return f"{order_id}-confirmation"
