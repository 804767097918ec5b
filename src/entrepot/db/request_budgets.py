"""Budgets of requests: one row for each campaign or business and operation, of its latest window.

Processes borrow from it in blocks. What was lent counts as taken, so that whatever becomes of
a process, a window is never given more than its amount.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from entrepot.db.connection import Connection

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Rows are locked in the order of their keys. Who asks by an older moment than the row knows
# takes part in the row's window; what is left of a window that is over is not given back.
_LEND = """
    INSERT INTO request_budget AS b
      (business_id, entity, operation, ends_at, amount, taken, asked, hoped, lent)
    SELECT k.business_id, k.entity, k.operation, k.ends_at, k.amount, k.lent, k.asked, k.hoped,
           k.lent
    FROM (
      SELECT a.*, budget_lent(a.amount, 0, a.asked, a.hoped) AS lent
      FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::bigint[],
                  $6::bigint[], $7::bigint[])
        AS a (business_id, entity, operation, ends_at, amount, asked, hoped)
    ) k
    ORDER BY k.business_id, k.entity COLLATE "C", k.operation COLLATE "C"
    ON CONFLICT (business_id, entity, operation) DO UPDATE SET
      ends_at = greatest(b.ends_at, excluded.ends_at),
      amount = excluded.amount, asked = excluded.asked, hoped = excluded.hoped,
      taken = CASE
        WHEN b.ends_at < excluded.ends_at THEN excluded.taken
        WHEN b.ends_at > excluded.ends_at AND excluded.asked < 0 THEN b.taken
        ELSE b.taken + budget_lent(excluded.amount, b.taken, excluded.asked, excluded.hoped)
      END,
      lent = CASE
        WHEN b.ends_at < excluded.ends_at THEN excluded.lent
        WHEN b.ends_at > excluded.ends_at AND excluded.asked < 0 THEN 0
        ELSE budget_lent(excluded.amount, b.taken, excluded.asked, excluded.hoped)
      END
    RETURNING b.business_id, b.entity, b.operation, b.ends_at, b.taken, b.lent
"""


class BudgetKey(NamedTuple):
    """Whose budget for what: the entity as messages name it, such as `campaignId 50001`."""

    business_id: int
    entity: str
    operation: str


class BudgetWish(NamedTuple):
    """What a process asks of a budget, and what it would take while there is plenty.

    To ask for less than nothing is to give back, to the window that ended at `ends_at`.
    """

    key: BudgetKey
    amount: int
    ends_at: datetime
    asked: int
    hoped: int


class Lent(NamedTuple):
    """What was lent, of which window, and how much of the window is taken by then."""

    ends_at: datetime
    taken: int
    lent: int


def window_end(moment: datetime, window_s: int) -> datetime:
    """Give the end of the window that a moment lies in; windows are aligned to the epoch."""
    window = timedelta(seconds=window_s)
    return _EPOCH + ((moment - _EPOCH) // window + 1) * window


async def lend(connection: Connection, wishes: Sequence[BudgetWish]) -> dict[BudgetKey, Lent]:
    """Lend to one process; each budget is asked once at most."""
    rows = await connection.fetch(
        _LEND,
        [wish.key.business_id for wish in wishes],
        [wish.key.entity for wish in wishes],
        [wish.key.operation for wish in wishes],
        [wish.ends_at for wish in wishes],
        [wish.amount for wish in wishes],
        [wish.asked for wish in wishes],
        [wish.hoped for wish in wishes],
    )
    return {
        BudgetKey(row["business_id"], row["entity"], row["operation"]): Lent(
            row["ends_at"], row["taken"], row["lent"]
        )
        for row in rows
    }
