"""Correcting stock: the drafts that have run out make way, live orders do not."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import count, islice
from uuid import uuid4

import msgspec

from entrepot import limits
from entrepot.db import stock_corrections
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.stock_corrections import Holder, Label
from entrepot.db.transaction import Database
from entrepot.domain.stock import StockKey
from entrepot.domain.stock_corrections import (
    BelowHeld,
    Corrected,
    Correction,
    Movement,
    Objection,
)
from entrepot.fulfilment.release import release_overdue

Attempt = Callable[[], Awaitable[Corrected]]
Advance = Callable[[int], None]


class CorrectionRefused(msgspec.Struct, frozen=True):
    """Nothing was changed: what stands against it, and who holds what would be missing.

    `holders` are the oldest, and for a much wanted offer not all of them.
    """

    objections: tuple[Objection, ...]
    holders: tuple[Holder, ...]


class StockLoaded(msgspec.Struct, frozen=True):
    """What a load did: the movements it made, and what stood against the rest."""

    movements: int
    refused: tuple[CorrectionRefused, ...]


async def correct_stock(
    database: Database,
    clock: Clock,
    business_id: int,
    corrections: Sequence[Correction],
    *,
    reason: str,
) -> tuple[Movement, ...] | CorrectionRefused:
    """Carry out corrections of one business in one transaction, all of them or none, once.

    Raises:
        DatabaseUnavailable: the database cannot be asked.
    """
    label = Label(reason, uuid4())
    attempts = count()

    async def work(connection: Connection) -> Corrected:
        return await stock_corrections.correct_stock(
            connection,
            clock,
            business_id,
            corrections,
            label=label,
            repeated=next(attempts) > 0,
        )

    return await _with_drafts_released(
        database, clock, business_id, lambda: database.transaction(work)
    )


async def check_stock_load(
    database: Database,
    clock: Clock,
    business_id: int,
    corrections: Sequence[Correction],
    *,
    advance: Advance,
) -> tuple[CorrectionRefused, ...]:
    """Tell what would stand against a load at this moment; nothing is locked or corrected.

    Raises:
        DatabaseUnavailable: the database cannot be asked.
    """
    refused = []
    for chunk in _chunks(corrections):
        outcome = await _check(database, clock, business_id, chunk)
        if isinstance(outcome, CorrectionRefused):
            refused.append(outcome)
        advance(len(chunk))
    return tuple(refused)


async def load_stock(
    database: Database,
    clock: Clock,
    business_id: int,
    corrections: Sequence[Correction],
    *,
    reason: str,
    advance: Advance = lambda _: None,
) -> StockLoaded:
    """Carry out any number of corrections, a short transaction for each thousand.

    Where orders placed meanwhile stand against one, it is left undone and reported.

    Args:
        database: where.
        clock: the clock in force.
        business_id: whose stock.
        corrections: what to do; keys are taken in their own order.
        reason: stands in the journal.
        advance: told how many corrections are through, chunk by chunk.

    Raises:
        DatabaseUnavailable: the database cannot be asked; what was done until then stays done,
            and a load that sets counts can be run again.
    """
    movements = 0
    refused: list[CorrectionRefused] = []
    for chunk in _chunks(corrections):
        left: Sequence[Correction] = chunk
        while left:
            outcome = await correct_stock(database, clock, business_id, left, reason=reason)
            if not isinstance(outcome, CorrectionRefused):
                movements += len(outcome)
                break
            refused.append(outcome)
            against = {objection.key for objection in outcome.objections}
            left = [each for each in left if each.key not in against]
        advance(len(chunk))
    return StockLoaded(movements, tuple(refused))


async def _check(
    database: Database, clock: Clock, business_id: int, corrections: Sequence[Correction]
) -> tuple[Movement, ...] | CorrectionRefused:
    async def work(connection: Connection) -> Corrected:
        return await stock_corrections.check_corrections(connection, business_id, corrections)

    return await _with_drafts_released(database, clock, business_id, lambda: database.read(work))


async def _with_drafts_released(
    database: Database, clock: Clock, business_id: int, attempt: Attempt
) -> tuple[Movement, ...] | CorrectionRefused:
    """Try; while overdue drafts stand in the way, release them and try again.

    Holders are read after the transaction has ended: on a much wanted offer that takes longer
    than its lock may be held. So they tell of a later moment; a refusal is believed when two
    attempts come to the same and no overdue draft is left between them.
    """
    earlier: tuple[Objection, ...] = ()
    for _ in range(limits.RELEASES_PER_CORRECTION_MAX):
        decided = await attempt()
        objections = decided.objections
        if not objections:
            return decided.movements
        holders = await _read_holders(database, business_id, objections)
        overdue = sorted({holder.order_id for holder in holders if holder.overdue})
        if overdue:
            await release_overdue(database, clock, business_id, overdue)
        elif objections == earlier or not any(isinstance(each, BelowHeld) for each in objections):
            return CorrectionRefused(objections, holders)
        earlier = objections
    return CorrectionRefused(earlier, ())


async def _read_holders(
    database: Database, business_id: int, objections: Sequence[Objection]
) -> tuple[Holder, ...]:
    short: list[StockKey] = sorted({each.key for each in objections if isinstance(each, BelowHeld)})

    async def work(connection: Connection) -> tuple[Holder, ...]:
        return await stock_corrections.read_holders(connection, business_id, short)

    return await database.read(work)


def _chunks(corrections: Sequence[Correction]) -> list[tuple[Correction, ...]]:
    remaining = iter(sorted(corrections, key=lambda correction: correction.key))
    chunks = []
    while chunk := tuple(islice(remaining, limits.LOADED_ROWS_PER_STATEMENT_MAX)):
        chunks.append(chunk)
    return chunks
