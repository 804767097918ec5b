"""The one entry through which every order moves, once it was placed.

Shops, warehouse people, carriers, timers and sandboxes all come here:

    outcomes = await move_orders(database, clock, [
        Move(business_id=1, order_id=7, target=READY_TO_SHIP, actor=packer),
    ])

Each move gets its own outcome, in the order of the moves: `Moved`, or a `Refusal` to be told.
Where an order may go and who may say so is in `domain.order_moves`; what is written in
`domain.order_changes`: status, holds of stock and slot, pieces, history, goods that come back,
all in one transaction. Asking for what is so already changes nothing and is `Moved` with
`changed` false, so every call may be repeated.

A timer that has run out counts whether or not a duty has noticed: such an order is ended first,
and the move is judged by where that left it.

Who keeps tables of its own that must change together with an order (picking, packing) gives
something `Alongside`: it is asked once the orders are locked and read, and writes in the same
transaction. A move without a target leaves the order where it is and writes one event, or none:
that is how to work beside an order under its lock.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Protocol

import msgspec

from entrepot import limits
from entrepot.contract import errors
from entrepot.contract.errors import Refusal
from entrepot.db import locks, order_changes
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database
from entrepot.domain.order_changes import Change, LockedOrder, Move, Verdict, judge
from entrepot.domain.order_moves import Stage


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """The order is where it was wanted.

    `move` is what was wanted, `order` how it was found, `stage` where it is now. `changed` is
    false when it was there already. `return_id` is that of the goods that come
    back unredeemed, if that began with it.
    """

    move: Move
    order: LockedOrder
    stage: Stage
    changed: bool
    return_id: int | None = None


Outcome = Moved | Refusal


class Alongside(Protocol):
    """What a caller does in the transaction of its moves; both calls see one business's orders.

    It may be called again for the same orders when the transaction is repeated, so it keeps
    nothing between calls and does nothing but talk to its connection. It locks no rows: its own
    are safe under the orders' locks if everybody changes them so.
    """

    async def check(
        self, connection: Connection, orders: Mapping[int, LockedOrder]
    ) -> Mapping[int, Refusal]:
        """Say which of the locked orders may not be moved, and why; called before anything.

        `domain.order_changes.after_timer` tells where an order is whose timer has run out.
        """
        ...

    async def write(self, connection: Connection, moved: Sequence[Moved]) -> None:
        """Write beside the orders that were granted, also those that were there already."""
        ...


async def move_orders(
    database: Database,
    clock: Clock,
    moves: Sequence[Move],
    alongside: Alongside | None = None,
) -> list[Outcome]:
    """Move orders, of any businesses; gives an outcome for each move, in their order.

    Transactions are short: one business and so many orders each. One that fails leaves those
    before it done; the whole call may be repeated. Moves of one order are done one after the
    other, each in its own transaction.

    Raises:
        DatabaseUnavailable: the database cannot be asked.
    """
    outcomes: dict[int, Outcome] = {}
    for numbers in _chunks(moves):
        chunk = [moves[number] for number in numbers]

        async def work(connection: Connection, chunk: Sequence[Move] = chunk) -> list[Outcome]:
            return await move_within(connection, clock, chunk, alongside)

        outcomes.update(zip(numbers, await database.transaction(work), strict=True))
    return [outcomes[number] for number in range(len(moves))]


async def move_within(
    connection: Connection,
    clock: Clock,
    moves: Sequence[Move],
    alongside: Alongside | None = None,
) -> list[Outcome]:
    """Move orders of one business, each named once, in the caller's transaction.

    It takes every lock that is needed; the caller must hold none but the clock's and these
    orders'.

    Raises:
        LostRaceError: roll back and run again.
    """
    business_id = moves[0].business_id
    order_ids = {move.order_id for move in moves}
    assert all(move.business_id == business_id for move in moves), "several businesses"
    assert len(order_ids) == len(moves), "an order is named twice"
    await clock.hold(connection)
    locked_ids = await locks.lock_orders(connection, business_id, order_ids)
    locked = await order_changes.read_locked(connection, business_id, locked_ids)
    objections = await alongside.check(connection, locked.orders) if alongside else {}
    verdicts = [
        _judge(locked.orders.get(move.order_id), move, objections, locked) for move in moves
    ]
    changes = [verdict.change for verdict in verdicts if verdict.change is not None]
    held = order_changes.held_rows(changes)
    await locks.lock_balances(connection, held.stock, held.slots)
    returns = await order_changes.write_changes(connection, business_id, changes, locked.now)
    outcomes = [
        _outcome(move, locked.orders.get(move.order_id), verdict, returns)
        for move, verdict in zip(moves, verdicts, strict=True)
    ]
    moved = [outcome for outcome in outcomes if isinstance(outcome, Moved)]
    if alongside and moved:
        await alongside.write(connection, moved)
    return outcomes


def _judge(
    order: LockedOrder | None,
    move: Move,
    objections: Mapping[int, Refusal],
    locked: order_changes.Locked,
) -> Verdict:
    if order is None or move.campaign_id not in (None, order.campaign_id):
        return Verdict(None, errors.ORDER_NOT_FOUND(order_id=move.order_id))
    verdict = judge(order, move, locked.now)
    if order.id not in objections:
        return verdict
    # What a timer did happened all the same.
    return Verdict(verdict.change if order.overdue else None, objections[order.id])


def _outcome(
    move: Move, order: LockedOrder | None, verdict: Verdict, returns: Mapping[int, int]
) -> Outcome:
    if verdict.refusal is not None:
        return verdict.refusal
    assert order is not None, "an order that is missing was not refused"
    change: Change | None = verdict.change
    return Moved(
        move=move,
        order=order,
        stage=order.stage if change is None else change.stage,
        changed=change is not None,
        return_id=returns.get(order.id),
    )


def _chunks(moves: Sequence[Move]) -> Iterator[list[int]]:
    """Cut moves, by their numbers, into transactions: one business, each order once, so many."""
    numbers = sorted(range(len(moves)), key=lambda number: moves[number].business_id)
    for _, of_business in groupby(numbers, key=lambda number: moves[number].business_id):
        left = list(of_business)
        while left:
            chunk: dict[int, int] = {}
            later = []
            for number in left:
                order_id = moves[number].order_id
                full = len(chunk) == limits.MOVED_ORDERS_PER_TRANSACTION_MAX
                if full or order_id in chunk:
                    later.append(number)
                else:
                    chunk[order_id] = number
            yield list(chunk.values())
            left = later
