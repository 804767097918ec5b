"""Walking an order to a stage, move by move, as those would do whose moves they are.

Only a sandbox does so. Each move is a real one, through `change_orders`, with its own line in
the history; what may not happen to an order does not happen here either.
"""

from typing import NamedTuple

import msgspec

from entrepot.contract.errors import ORDER_NOT_FOUND, Refusal
from entrepot.contract.sandbox_errors import NO_WAY
from entrepot.db.clock import Clock
from entrepot.db.transaction import Database
from entrepot.domain.order_changes import LockedOrder, Move
from entrepot.domain.order_events import Actor, Source, UnitsRefused
from entrepot.domain.order_moves import ActorKind, Edge, Stage, find_path, walker
from entrepot.fulfilment.change_orders import Moved, move_orders


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """Which order is to go where, and who wants it.

    `refused` and `receive_code` are what a buyer does at the end of the way.
    """

    business_id: int
    order_id: int
    target: Stage
    name: str
    refused: tuple[UnitsRefused, ...] = ()
    receive_code: str | None = None


class Walked(NamedTuple):
    """The stages that an order went through, without the one it began at."""

    start: Stage
    steps: tuple[Stage, ...]


async def walk_order(database: Database, clock: Clock, walk: Walk) -> Walked | Refusal:
    """Walk an order to a stage by the shortest way. One that is there stays there.

    A way that is barred half-way (pieces are missing) leaves the order where it has come to.

    Raises:
        DatabaseUnavailable: the database cannot be asked.
    """
    order = await _find(database, clock, walk)
    if isinstance(order, Refusal):
        return order
    path = find_path(order.stage, walk.target, order.delivery)
    if path is None:
        return NO_WAY(order_id=order.id, from_stage=order.stage, to_stage=walk.target)
    for edge in path:
        (outcome,) = await move_orders(database, clock, [_move(walk, edge)])
        if isinstance(outcome, Refusal):
            return outcome
    return Walked(order.stage, tuple(edge.target for edge in path))


async def _find(database: Database, clock: Clock, walk: Walk) -> LockedOrder | Refusal:
    """Read the order; one whose timer has run out is ended by that, and read once more."""
    refusal = ORDER_NOT_FOUND(order_id=walk.order_id)
    look = Move(
        business_id=walk.business_id, order_id=walk.order_id, actor=_actor(walk), event=None
    )
    for _ in range(2):
        (outcome,) = await move_orders(database, clock, [look])
        if isinstance(outcome, Moved):
            return outcome.order
        refusal = outcome
    return refusal


def _move(walk: Walk, edge: Edge) -> Move:
    last = edge.target == walk.target
    return Move(
        business_id=walk.business_id,
        order_id=walk.order_id,
        actor=_actor(walk, walker(edge)),
        target=edge.target,
        refused=walk.refused if last else (),
        receive_code=walk.receive_code if last else None,
    )


def _actor(walk: Walk, kind: ActorKind = ActorKind.OPERATOR) -> Actor:
    return Actor(kind, walk.name, Source.SANDBOX)
