"""Picking: making lists of what waits, and counting each piece into its tote.

Two people may scan for one list at once: a scan holds the locks of the list's orders, so each
sees what the other has counted. A scan that is repeated under its id counts once.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import msgspec

from entrepot import limits
from entrepot.contract import operator_errors as errors
from entrepot.contract.errors import Refusal
from entrepot.db import locks, order_work, pick_lists
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.pick_lists import PickList, Scan
from entrepot.db.transaction import Database
from entrepot.domain.order_changes import Move
from entrepot.domain.order_events import Actor, EventKind
from entrepot.domain.picking import PickLine, WorkStep, choose_orders, place_pieces
from entrepot.fulfilment.change_orders import move_within


class Wanted(msgspec.Struct, frozen=True):
    """A list that somebody wants to pick, of the businesses' most urgent orders or of one's."""

    warehouse_id: int
    business_id: int | None
    orders_max: int
    until_day: date


class PiecesPlaced(msgspec.Struct, frozen=True):
    """Pieces that were counted: into which tote, and what is left of the line and the list.

    `repeated` says that this very scan had been counted before.
    """

    line: PickLine
    pieces: int
    list_left: int
    order_picked: bool
    repeated: bool


async def make_pick_list(
    database: Database, clock: Clock, wanted: Wanted, actor: Actor
) -> PickList | Refusal:
    """Make a list of the most urgent orders and those that lie on the way.

    Raises:
        DatabaseUnavailable: the database cannot be asked.
    """
    list_id = await database.read(pick_lists.take_id)
    tried: set[int] = set()

    async def work(connection: Connection) -> PickList | Refusal | None:
        # An attempt whose end nobody knows may have made it.
        for business_id in tried:
            made = await pick_lists.read_list(connection, business_id, list_id)
            if made is not None:
                return made
        return await _make(connection, clock, wanted, _Attempt(list_id, tried), actor)

    for _ in range(limits.PICK_LIST_ATTEMPTS_MAX):
        made = await database.transaction(work)
        if made is not None:
            return made
    return errors.NOTHING_TO_PICK(warehouse_id=wanted.warehouse_id)


async def scan_piece(
    database: Database, clock: Clock, business_id: int, list_id: int, scan: Scan, actor: Actor
) -> PiecesPlaced | Refusal:
    """Count pieces into the tote that they belong to; `scan.offer_id` may be a bar code.

    Raises:
        DatabaseUnavailable: the database cannot be asked.
    """

    async def work(connection: Connection) -> PiecesPlaced | Refusal:
        return await _scan(connection, clock, business_id, list_id, scan, actor)

    return await database.transaction(work)


class _Attempt(NamedTuple):
    """The id that a list is to have, and the businesses that were tried with it."""

    list_id: int
    tried: set[int]


async def _make(
    connection: Connection, clock: Clock, wanted: Wanted, attempt: _Attempt, actor: Actor
) -> PickList | Refusal | None:
    """Make a list; None when others took all that was chosen, and more may wait."""
    await clock.hold(connection)
    business_id = await pick_lists.find_most_urgent(
        connection, wanted.warehouse_id, wanted.business_id
    )
    if business_id is None:
        return errors.NOTHING_TO_PICK(warehouse_id=wanted.warehouse_id)
    candidates = await pick_lists.read_candidates(connection, wanted.warehouse_id, business_id)
    chosen = choose_orders(
        candidates, wanted.until_day, wanted.orders_max, limits.PICK_LIST_PIECES_MAX
    )
    order_ids = [one.order_id for one in chosen]
    await locks.lock_orders(connection, business_id, order_ids)
    free = await pick_lists.read_still_waiting(
        connection, wanted.warehouse_id, business_id, order_ids
    )
    taken = [order_id for order_id in order_ids if order_id in free]
    if not taken:
        return None
    attempt.tried.add(business_id)
    await pick_lists.insert_list(
        connection,
        business_id,
        attempt.list_id,
        wanted.warehouse_id,
        taken,
        actor.name or "",
        await clock.now(connection),
    )
    return await pick_lists.read_list(connection, business_id, attempt.list_id)


async def _scan(
    connection: Connection,
    clock: Clock,
    business_id: int,
    list_id: int,
    scan: Scan,
    actor: Actor,
) -> PiecesPlaced | Refusal:
    await clock.hold(connection)
    order_ids = await pick_lists.read_order_ids(connection, business_id, list_id)
    if not order_ids:
        return errors.NO_SUCH_PICK_LIST(pick_list_id=list_id)
    await locks.lock_orders(connection, business_id, order_ids)
    lines = await pick_lists.read_lines(connection, business_id, list_id)
    offer_id = await pick_lists.find_offer(connection, business_id, scan.offer_id)
    before = await pick_lists.read_scan(connection, business_id, list_id, scan.scan_id)
    if before is not None:
        at = (before.order_id, before.position)
        line = next(one for one in lines if (one.order_id, one.position) == at)
        if (line.offer_id, before.pieces) != (offer_id, scan.pieces):
            return errors.SCAN_ID_REUSED(scan_id=scan.scan_id)
        return _placed(lines, line, scan.pieces, repeated=True)
    chosen = place_pieces(lines, offer_id, scan.pieces, scan.order_id)
    if isinstance(chosen, Refusal):
        return chosen
    now = await clock.now(connection)
    await pick_lists.add_scan(connection, business_id, list_id, scan, chosen, actor.name or "", now)
    counted = msgspec.structs.replace(chosen, picked=chosen.picked + scan.pieces)
    lines = tuple(counted if line is chosen else line for line in lines)
    placed = _placed(lines, counted, scan.pieces, repeated=False)
    if placed.order_picked:
        await order_work.set_step(connection, business_id, [counted.order_id], WorkStep.PICKED, now)
        await _tell_picked(connection, clock, business_id, counted.order_id, actor)
    return placed


async def _tell_picked(
    connection: Connection, clock: Clock, business_id: int, order_id: int, actor: Actor
) -> None:
    move = Move(business_id=business_id, order_id=order_id, actor=actor, event=EventKind.PICKED)
    (outcome,) = await move_within(connection, clock, [move])
    assert not isinstance(outcome, Refusal), "an order that is being picked moves no more"


def _placed(
    lines: Sequence[PickLine], line: PickLine, pieces: int, *, repeated: bool
) -> PiecesPlaced:
    of_order = [one for one in lines if one.order_id == line.order_id]
    return PiecesPlaced(
        line=line,
        pieces=pieces,
        list_left=sum(one.left for one in lines),
        order_picked=all(one.picked == one.count for one in of_order),
        repeated=repeated,
    )
