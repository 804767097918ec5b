"""Correcting stock: the drafts that have run out make way, live orders do not."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
from typing import TypeVar

import msgspec

from entrepot import limits
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.stock_corrections import CorrectionRefused, check_corrections
from entrepot.db.stock_corrections import correct_stock as correct_stock_once
from entrepot.db.transaction import Database
from entrepot.domain.stock_corrections import BelowHeld, Correction, Movement
from entrepot.fulfilment.release import release_overdue

_Done = TypeVar("_Done")
Attempt = Callable[[], Awaitable[_Done | CorrectionRefused]]
Advance = Callable[[int], None]


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
    """Carry out corrections of one business in one transaction, all of them or none.

    Raises:
        DatabaseUnavailable: the database cannot be asked.
    """

    async def work(connection: Connection) -> tuple[Movement, ...] | CorrectionRefused:
        return await correct_stock_once(connection, clock, business_id, corrections, reason=reason)

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
        if outcome is not None:
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

    What orders placed meanwhile stand against is left as it is and reported; the rest is done.

    Args:
        database: where.
        clock: the clock in force.
        business_id: whose stock.
        corrections: what to do; the order of keys is not kept, that within a key is.
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
) -> CorrectionRefused | None:
    async def work(connection: Connection) -> CorrectionRefused | None:
        return await check_corrections(connection, clock, business_id, corrections)

    return await _with_drafts_released(database, clock, business_id, lambda: database.read(work))


async def _with_drafts_released(
    database: Database, clock: Clock, business_id: int, attempt: Attempt[_Done]
) -> _Done | CorrectionRefused:
    """Try; while overdue drafts stand in the way, release them and try again."""
    for _ in range(limits.RELEASES_PER_CORRECTION_MAX):
        outcome = await attempt()
        if not isinstance(outcome, CorrectionRefused):
            return outcome
        if not all(isinstance(objection, BelowHeld) for objection in outcome.objections):
            return outcome  # no release would help
        overdue = {holder.order_id for holder in outcome.holders if holder.overdue}
        if not overdue:
            return outcome
        await release_overdue(database, clock, business_id, sorted(overdue))
    return await attempt()


def _chunks(corrections: Sequence[Correction]) -> list[tuple[Correction, ...]]:
    remaining = iter(sorted(corrections, key=lambda correction: correction.key))
    chunks = []
    while chunk := tuple(islice(remaining, limits.LOADED_ROWS_PER_STATEMENT_MAX)):
        chunks.append(chunk)
    return chunks
