"""Corrections of stock: the rows that they lock, read and write.

What a correction may do is decided by `domain.stock_corrections`; placing and releasing change
only what is held, and are in `balances`.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from entrepot import limits
from entrepot.db.balances import require_rows
from entrepot.db.clock import NOW_SQL, Clock
from entrepot.db.connection import Connection
from entrepot.db.locks import lock_stock
from entrepot.db.transaction import LostRaceError
from entrepot.domain.stock import StockKey
from entrepot.domain.stock_corrections import (
    Balance,
    Corrected,
    Correction,
    Movement,
    Pile,
    correct,
)

_PILES = tuple(Pile)
_PILE_COLUMNS = ", ".join(f"s.{pile.lower()}" for pile in _PILES)

_READ_BALANCES = f"""
    SELECT s.warehouse_id, s.offer_id, s.held, {_PILE_COLUMNS}
    FROM unnest($2::bigint[], $3::text[]) AS k (warehouse_id, offer_id)
    JOIN stock s ON s.business_id = $1 AND s.warehouse_id = k.warehouse_id
      AND s.offer_id = k.offer_id
"""

_DELTAS = "k.warehouse_id, k.offer_id, " + ", ".join(f"k.{pile.lower()}" for pile in _PILES)
_DELTA_ARRAYS = "$3::bigint[], $4::text[], " + ", ".join(
    f"${number}::integer[]" for number, _ in enumerate(_PILES, start=5)
)
_CHANGE_PILES = f"""
    UPDATE stock s SET updated_at = $2,
      {", ".join(f"{pile.lower()} = s.{pile.lower()} + k.{pile.lower()}" for pile in _PILES)}
    FROM unnest({_DELTA_ARRAYS}) AS k ({_DELTAS.replace("k.", "")})
    WHERE s.business_id = $1 AND s.warehouse_id = k.warehouse_id AND s.offer_id = k.offer_id
"""
_INSERT_STOCK = f"""
    INSERT INTO stock (business_id, updated_at, {_DELTAS.replace("k.", "")})
    SELECT $1, $2, {_DELTAS}
    FROM unnest({_DELTA_ARRAYS}) AS k ({_DELTAS.replace("k.", "")})
    ORDER BY k.warehouse_id, k.offer_id
    ON CONFLICT (business_id, warehouse_id, offer_id) DO NOTHING
"""
_JOURNAL = """
    INSERT INTO stock_movement
      (business_id, moved_at, reason, correction_id, warehouse_id, offer_id, pile, delta)
    SELECT $1, $2, $3, $4, k.*
    FROM unnest($5::bigint[], $6::text[], $7::text[], $8::integer[]) AS k
    RETURNING id
"""

_READ_JOURNAL = """
    SELECT m.warehouse_id, m.offer_id, m.pile, m.delta
    FROM unnest($3::bigint[], $4::text[]) AS k (warehouse_id, offer_id)
    JOIN stock_movement m ON m.business_id = $1 AND m.correction_id = $2
      AND m.warehouse_id = k.warehouse_id AND m.offer_id = k.offer_id
    ORDER BY m.id
"""

_READ_HOLDERS = f"""
    SELECT h.warehouse_id, h.offer_id, h.order_id, h.external_order_id, h.pieces, h.overdue
    FROM (
      SELECT i.warehouse_id, i.offer_id, o.id AS order_id, o.external_order_id, o.created_at,
        i.count AS pieces, d.overdue,
        row_number() OVER (
          PARTITION BY i.warehouse_id, i.offer_id, d.overdue ORDER BY o.created_at, o.id
        ) AS place
      FROM unnest($2::bigint[], $3::text[]) AS k (warehouse_id, offer_id)
      JOIN order_item i ON i.business_id = $1 AND i.warehouse_id = k.warehouse_id
        AND i.offer_id = k.offer_id AND i.hold = 'HELD'
      JOIN orders o ON o.business_id = $1 AND o.business_id = i.business_id AND o.id = i.order_id
      CROSS JOIN LATERAL (
        SELECT draft_overdue(o.status, o.reserved_until, {NOW_SQL}) IS TRUE AS overdue
      ) d
    ) h
    WHERE h.place <= CASE WHEN h.overdue THEN $5::bigint ELSE $4::bigint END
    ORDER BY h.warehouse_id, h.offer_id, h.overdue DESC, h.created_at, h.order_id
"""


class Label(NamedTuple):
    """What the journal says of a correction: why, and which one it was."""

    reason: str
    id: UUID


class Holder(msgspec.Struct, frozen=True):
    """An order that holds pieces. An overdue draft holds none in truth, and can be released."""

    key: StockKey
    order_id: int
    external_order_id: str
    pieces: int
    overdue: bool


async def correct_stock(
    connection: Connection,
    clock: Clock,
    business_id: int,
    corrections: Sequence[Correction],
    *,
    label: Label,
    repeated: bool,
) -> Corrected:
    """Carry out corrections of one business in the caller's transaction: all or none.

    `repeated` says that this was tried before and nobody knows what became of it: when the
    journal has it, it is done.

    Every change of a pile is written into the journal. With objections nothing was written.
    Overdue drafts that nobody released yet count as holding here; `fulfilment.correct_stock`
    releases them and tries again.

    Raises:
        LostRaceError: a row was made meanwhile; roll back and run again.
    """
    await clock.hold(connection)
    keys = _keys(business_id, corrections)
    existing = await lock_stock(connection, keys)
    balances = await _read_balances(connection, business_id, keys)
    if balances.keys() != existing.keys():
        message = "a stock row was made after the locks were taken"
        raise LostRaceError(message)
    if repeated:
        done = await _read_journal(connection, business_id, label, keys, balances)
        if done:
            return Corrected(done, ())
    decided = correct(balances, corrections, limits.STOCK_PIECES_MAX)
    if decided.objections:
        return decided
    now = await clock.now(connection)
    deltas: dict[StockKey, dict[Pile, int]] = {key: {} for key in keys if key not in balances}
    for movement in decided.movements:
        deltas.setdefault(movement.key, {})[movement.pile] = movement.delta
    await _write_piles(connection, business_id, now, deltas, balances)
    await _write_journal(connection, business_id, now, label, decided.movements)
    return decided


async def check_corrections(
    connection: Connection, business_id: int, corrections: Sequence[Correction]
) -> Corrected:
    """Tell what corrections would come to at this moment, changing and locking nothing."""
    keys = _keys(business_id, corrections)
    balances = await _read_balances(connection, business_id, keys)
    return correct(balances, corrections, limits.STOCK_PIECES_MAX)


async def read_holders(
    connection: Connection, business_id: int, keys: Sequence[StockKey]
) -> tuple[Holder, ...]:
    """Read some of the orders that hold these offers, the oldest first, and overdue drafts."""
    if not keys:
        return ()
    rows = await connection.fetch(
        _READ_HOLDERS,
        business_id,
        *_columns(keys),
        limits.HOLDERS_NAMED_MAX,
        limits.RELEASED_ORDERS_PER_TRANSACTION_MAX,
    )
    return tuple(
        Holder(StockKey(business_id, warehouse_id, offer_id), *holder)
        for warehouse_id, offer_id, *holder in rows
    )


def _keys(business_id: int, corrections: Sequence[Correction]) -> list[StockKey]:
    keys = sorted({correction.key for correction in corrections})
    assert all(key.business_id == business_id for key in keys)
    return keys


async def _read_balances(
    connection: Connection, business_id: int, keys: Sequence[StockKey]
) -> dict[StockKey, Balance]:
    rows = await connection.fetch(_READ_BALANCES, business_id, *_columns(keys))
    return {
        StockKey(business_id, row[0], row[1]): Balance(
            row[2], dict(zip(_PILES, row[3:], strict=True))
        )
        for row in rows
    }


async def _write_piles(
    connection: Connection,
    business_id: int,
    now: datetime,
    deltas: Mapping[StockKey, Mapping[Pile, int]],
    existing: Collection[StockKey],
) -> None:
    """Write the new piles; an offer counted for the first time gets its row, be it of zeros."""
    for statement, chosen in (
        (_CHANGE_PILES, [key for key in deltas if key in existing]),
        (_INSERT_STOCK, [key for key in deltas if key not in existing]),
    ):
        if not chosen:
            continue
        piles = ([deltas[key].get(pile, 0) for key in chosen] for pile in _PILES)
        tag = await connection.execute(statement, business_id, now, *_columns(chosen), *piles)
        require_rows(tag, len(chosen))


async def _write_journal(
    connection: Connection,
    business_id: int,
    now: datetime,
    label: Label,
    movements: Sequence[Movement],
) -> None:
    if not movements:
        return
    await connection.fetch(
        _JOURNAL,
        business_id,
        now,
        *label,
        *_columns([movement.key for movement in movements]),
        [movement.pile for movement in movements],
        [movement.delta for movement in movements],
    )


async def _read_journal(
    connection: Connection,
    business_id: int,
    label: Label,
    keys: Sequence[StockKey],
    balances: Mapping[StockKey, Balance],
) -> tuple[Movement, ...]:
    rows = await connection.fetch(_READ_JOURNAL, business_id, label.id, *_columns(keys))
    movements = []
    for warehouse_id, offer_id, pile, delta in rows:
        key = StockKey(business_id, warehouse_id, offer_id)
        movements.append(Movement(key, Pile(pile), delta, balances[key].piles[Pile(pile)]))
    return tuple(movements)


def _columns(keys: Sequence[StockKey]) -> tuple[list[int], list[str]]:
    return [key.warehouse_id for key in keys], [key.offer_id for key in keys]
