"""How full delivery slots are, as it is read: nothing is decided by it, placing looks again.

A slot that nobody used yet has no row. What drafts hold that have run out counts as free at
that very moment; they are asked about only where a slot seems full, since they are few and the
slots are everybody's.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection
from entrepot.db.locks import SLOT_ARRAYS, slot_columns
from entrepot.db.slot_keys import slot_key
from entrepot.domain.delivery.offering import slot_room
from entrepot.domain.delivery.slot import PlaceKind, SlotKey
from entrepot.domain.network import Network

# Days are those of the warehouse, of the place, and of PostgreSQL: on either side one more.
_DAYS_AROUND = timedelta(days=2)

_READ_HELD = """
    SELECT s.place_kind, s.place_id, s.day, s.from_minute, s.to_minute, s.held
    FROM slot s
    WHERE s.place_kind = $1 AND s.place_id = ANY($2::bigint[]) AND s.day BETWEEN $3 AND $4
      AND s.held > 0
"""
_COUNT_OVERDUE = f"""
    SELECT o.place_kind, o.place_id, o.slot_day, o.slot_from_minute, o.slot_to_minute, count(*)
    FROM orders o
    JOIN unnest({SLOT_ARRAYS})
      AS k (place_kind, place_id, day, from_minute, to_minute)
      ON o.place_kind = k.place_kind AND o.place_id = k.place_id AND o.slot_day = k.day
      AND o.slot_from_minute = k.from_minute AND o.slot_to_minute = k.to_minute
    WHERE o.status = 'RESERVED' AND draft_overdue(o.status, o.reserved_until, {NOW_SQL})
      AND o.slot_hold = 'HELD'
    GROUP BY 1, 2, 3, 4, 5
"""


async def read_held_now(
    connection: Connection,
    network: Network,
    place_kind: PlaceKind,
    place_ids: Collection[int],
    *,
    now: datetime,
    days_ahead: int,
    parcels: int = 1,
) -> dict[SlotKey, int]:
    """Read what of the places' slots is held now, for the days that may be offered.

    Right for whoever asks whether there is room for so many parcels: drafts that have run out
    are left out where that could make a difference.
    """
    first_day, last_day = now.date() - _DAYS_AROUND, now.date() + _DAYS_AROUND
    last_day += timedelta(days=days_ahead)
    held = await read_held(connection, place_kind, place_ids, first_day, last_day)
    short = [key for key, count in held.items() if count + parcels > slot_room(network, key)]
    for key, count in (await count_overdue(connection, short)).items():
        held[key] -= count
    return held


async def read_held(
    connection: Connection,
    place_kind: PlaceKind,
    place_ids: Collection[int],
    first_day: date,
    last_day: date,
) -> dict[SlotKey, int]:
    """Read how many parcels hold the slots of places; a slot that is missing is empty."""
    rows = await connection.fetch(_READ_HELD, place_kind, list(place_ids), first_day, last_day)
    return _counts(rows)


async def count_overdue(connection: Connection, slots: Collection[SlotKey]) -> dict[SlotKey, int]:
    """Count the parcels on slots whose drafts have run out and were not released yet."""
    if not slots:
        return {}
    return _counts(await connection.fetch(_COUNT_OVERDUE, *slot_columns(slots)))


def _counts(rows: Iterable[Sequence[Any]]) -> dict[SlotKey, int]:
    return {slot_key(*key): count for *key, count in rows}
