"""Places for parallel requests: who holds how many for a campaign or business.

A row for each entity and operation (or all that share the default figure), with the holds of
the processes in it, so that each invariant belongs to one row. Holds have a life: those of a
process that was killed end by themselves. By PostgreSQL's own clock, not the sandbox's: what
is in flight is in flight however that clock is moved.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from entrepot import limits
from entrepot.db.connection import Connection
from entrepot.db.request_budgets import BudgetKey

_ASK = """
    INSERT INTO parallel_hold AS b
      (business_id, entity, operation, holds, holder, asked, tight, most, asked_at)
    SELECT k.business_id, k.entity, k.operation,
           parallel_lent('{}', $7, k.asked, k.tight, k.most, extract(epoch FROM now())::float8, $8),
           $7, k.asked, k.tight, k.most, now()
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::integer[], $5::boolean[], $6::integer[])
      AS k (business_id, entity, operation, asked, tight, most)
    ORDER BY k.business_id, k.entity COLLATE "C", k.operation COLLATE "C"
    ON CONFLICT (business_id, entity, operation) DO UPDATE SET
      holds = parallel_lent(
        b.holds, excluded.holder, excluded.asked, excluded.tight, excluded.most,
        extract(epoch FROM excluded.asked_at)::float8, $8
      ),
      holder = excluded.holder, asked = excluded.asked, tight = excluded.tight,
      most = excluded.most, asked_at = excluded.asked_at
    RETURNING b.business_id, b.entity, b.operation, b.holds, b.asked
"""
_WANT = """
    UPDATE parallel_hold b SET wanted_until = now() + $4 * interval '1 second'
    FROM unnest($1::bigint[], $2::text[], $3::text[]) AS k (business_id, entity, operation)
    WHERE b.business_id = k.business_id AND b.entity = k.entity AND b.operation = k.operation
"""
_WANTED = """
    SELECT business_id, entity, operation FROM parallel_hold WHERE wanted_until > now()
"""

_decode = msgspec.json.Decoder(dict[str, tuple[int, float, bool]]).decode


class PlacesWish(NamedTuple):
    """How many places a process asks to hold in all, out of how many.

    `tight` says that it would hold none but those in use.
    """

    key: BudgetKey
    asked: int
    tight: bool
    most: int


class Places(NamedTuple):
    """How many places a process holds now, and whether others hold any that they do not use."""

    held: int
    others_tight: bool


async def ask_places(
    connection: Connection, holder: str, wishes: Sequence[PlacesWish]
) -> dict[BudgetKey, Places]:
    """Set what a process holds, as far as the others leave it; each key is asked once at most.

    Where they leave too little they are told that more is wanted.
    """
    rows = await connection.fetch(
        _ASK,
        [wish.key.business_id for wish in wishes],
        [wish.key.entity for wish in wishes],
        [wish.key.operation for wish in wishes],
        [wish.asked for wish in wishes],
        [wish.tight for wish in wishes],
        [wish.most for wish in wishes],
        holder,
        limits.PARALLEL_HOLD_LIFE_S,
    )
    found = {}
    short = []
    for row in rows:
        key = BudgetKey(row["business_id"], row["entity"], row["operation"])
        holds = _decode(row["holds"])
        own = holds.pop(holder, (0, 0.0, True))
        found[key] = Places(own[0], all(tight for _, _, tight in holds.values()))
        if own[0] < row["asked"]:
            short.append(key)
    if short:
        short.sort()
        await connection.execute(
            _WANT,
            [key.business_id for key in short],
            [key.entity for key in short],
            [key.operation for key in short],
            limits.PARALLEL_CONTENDED_S,
        )
    return found


async def read_wanted_places(connection: Connection) -> list[BudgetKey]:
    """Tell where somebody wants places that others hold."""
    return [
        BudgetKey(row["business_id"], row["entity"], row["operation"])
        for row in await connection.fetch(_WANTED)
    ]
