"""Hand-overs: what stands on the act by which a carrier takes parcels of one business.

For each business, warehouse and carrier one is open at most; a parcel that is scanned joins it.
Its row is locked (db/locks.py) after orders and before stock.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from entrepot.db.balances import require_rows
from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection, Row
from entrepot.domain.parcels import ParcelKey

_COLUMNS = "business_id, id, warehouse_id, carrier, state, parcels, opened_at, closed_at, closed_by"
_OPEN = """
    INSERT INTO handover (business_id, warehouse_id, carrier, state, opened_at)
    VALUES ($1, $2, $3, 'OPEN', $4)
    ON CONFLICT (business_id, warehouse_id, carrier) WHERE state = 'OPEN' DO NOTHING
"""
_FIND_OPEN = """
    SELECT id FROM handover
    WHERE business_id = $1 AND warehouse_id = $2 AND carrier = $3 AND state = 'OPEN'
"""
_READ = f"SELECT {_COLUMNS} FROM handover WHERE business_id = $1 AND id = $2"
_FIND_UNFINISHED = """
    SELECT business_id, id FROM handover
    WHERE warehouse_id = $1 AND carrier = $2 AND state <> 'CLOSED' AND parcels > 0
    ORDER BY business_id, id
    LIMIT $3
"""
# Left in the middle: whoever closed them would have been done long ago.
_FIND_ABANDONED = f"""
    SELECT business_id, id, closed_by FROM handover
    WHERE state = 'CLOSING' AND closed_at <= {NOW_SQL} - $1 * interval '1 second'
    ORDER BY closed_at
    LIMIT $2
"""
_NEXT_ABANDONED = """
    SELECT min(closed_at) + $1 * interval '1 second' FROM handover WHERE state = 'CLOSING'
"""
_ADD_PARCEL = """
    UPDATE parcel SET handover_id = $4, handed_by = $5, handed_at = $6
    WHERE business_id = $1 AND order_id = $2 AND number = $3 AND handover_id IS NULL
"""
_COUNT_PARCEL = """
    UPDATE handover SET parcels = parcels + 1 WHERE business_id = $1 AND id = $2
"""
_BEGIN_CLOSING = """
    UPDATE handover SET state = 'CLOSING', closed_at = $3, closed_by = $4, parcels = parcels - $5
    WHERE business_id = $1 AND id = $2 AND state = 'OPEN'
"""
# A cancelled order moves no more, and one that lacks parcels is not shipped without this act's
# lock, so its parcels need no lock of it.
_TAKE_OFF = """
    UPDATE parcel p SET handover_id = NULL, handed_by = NULL, handed_at = NULL
    FROM orders o
    WHERE p.business_id = $1 AND p.handover_id = $2 AND o.business_id = $1
      AND o.business_id = p.business_id AND o.id = p.order_id
      AND (o.status = 'CANCELLED' OR o.substatus = 'READY_TO_SHIP')
    RETURNING p.order_id
"""
# Shipped and cancelled at the gate: its goods are booked as coming back. What was not shipped is
# still in hand.
_NOT_GIVEN = """
    UPDATE order_work SET step = 'PUT_BACK', updated_at = $3
    WHERE business_id = $1 AND order_id = ANY($2::bigint[]) AND step = 'HANDED_OVER'
"""
_ACTS_OF_ORDER = """
    SELECT DISTINCT handover_id FROM parcel
    WHERE business_id = $1 AND order_id = $2 AND handover_id IS NOT NULL
    ORDER BY handover_id
"""
_TAKE_ORDER_OFF = """
    UPDATE parcel p SET handover_id = NULL, handed_by = NULL, handed_at = NULL
    FROM handover h
    WHERE p.business_id = $1 AND p.order_id = $2 AND p.handover_id = $3 AND h.business_id = $1
      AND h.business_id = p.business_id AND h.id = p.handover_id AND h.state = 'OPEN'
    RETURNING p.number
"""
_COUNT_OFF = "UPDATE handover SET parcels = parcels - $3 WHERE business_id = $1 AND id = $2"
_FIND_OPEN_ACTS = f"""
    SELECT {_COLUMNS} FROM handover
    WHERE warehouse_id = $1 AND state <> 'CLOSED' AND parcels > 0
      AND ($2::text IS NULL OR carrier = $2)
    ORDER BY opened_at, business_id, id
    LIMIT $3
"""
_CANCELLED_ON = """
    SELECT DISTINCT p.business_id, p.handover_id, p.order_id
    FROM unnest($1::bigint[], $2::bigint[]) AS k (business_id, handover_id)
    JOIN parcel p ON p.business_id = k.business_id AND p.handover_id = k.handover_id
    JOIN orders o ON o.business_id = p.business_id AND o.id = p.order_id
    WHERE p.business_id = ANY($1::bigint[]) AND o.status = 'CANCELLED'
    ORDER BY p.business_id, p.handover_id, p.order_id
"""
_FINISH = """
    UPDATE handover SET state = 'CLOSED' WHERE business_id = $1 AND id = $2 AND state = 'CLOSING'
"""
_READ_ROWS = """
    SELECT p.order_id, p.number, p.weight_g, o.external_order_id, o.status, o.substatus
    FROM parcel p
    JOIN orders o ON o.business_id = p.business_id AND o.id = p.order_id AND o.business_id = $1
    WHERE p.business_id = $1 AND p.handover_id = $2
    ORDER BY p.handed_at, p.order_id, p.number
"""


class HandoverState(StrEnum):
    """OPEN takes parcels; CLOSING: the carrier has them, not every order says so yet."""

    OPEN = "OPEN"
    CLOSING = "CLOSING"
    CLOSED = "CLOSED"


class Handover(msgspec.Struct, frozen=True):
    """An act; `parcels` counts what stands on it."""

    business_id: int
    id: int
    warehouse_id: int
    carrier: str
    state: HandoverState
    parcels: int
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None


class HandedParcel(msgspec.Struct, frozen=True):
    """A parcel on an act, with what the act says of its order."""

    key: ParcelKey
    weight_g: int
    external_order_id: str
    status: str
    substatus: str


async def open_handover(
    connection: Connection, business_id: int, warehouse_id: int, carrier: str, now: datetime
) -> int | None:
    """Give the open act, making one if need be; None when it was closed at this very moment."""
    await connection.execute(_OPEN, business_id, warehouse_id, carrier, now)
    found: int | None = await connection.fetchval(_FIND_OPEN, business_id, warehouse_id, carrier)
    return found


async def read_handover(
    connection: Connection, business_id: int, handover_id: int
) -> Handover | None:
    """Read an act; for a decision, its row must be locked."""
    row = await connection.fetchrow(_READ, business_id, handover_id)
    return None if row is None else _handover(row)


async def find_unfinished(
    connection: Connection, warehouse_id: int, carrier: str, acts_max: int
) -> list[tuple[int, int]]:
    """Find acts of a warehouse and carrier that are not closed, by business and id."""
    rows = await connection.fetch(_FIND_UNFINISHED, warehouse_id, carrier, acts_max)
    return [(row[0], row[1]) for row in rows]


async def find_abandoned(
    connection: Connection, seconds: float, acts_max: int
) -> list[tuple[int, int, str | None]]:
    """Find acts that somebody began to close so long ago, and did not; with who that was."""
    rows = await connection.fetch(_FIND_ABANDONED, seconds, acts_max)
    return [(row[0], row[1], row[2]) for row in rows]


async def next_abandoned(connection: Connection, seconds: float) -> datetime | None:
    """Tell when the first act that is being closed will have been so for so long."""
    moment: datetime | None = await connection.fetchval(_NEXT_ABANDONED, seconds)
    return moment


async def add_parcel(
    connection: Connection, parcel: ParcelKey, handover_id: int, handed_by: str, now: datetime
) -> None:
    """Put a parcel onto an act; its order and the act must be locked."""
    tag = await connection.execute(_ADD_PARCEL, *parcel, handover_id, handed_by, now)
    require_rows(tag, 1)
    tag = await connection.execute(_COUNT_PARCEL, parcel.business_id, handover_id)
    require_rows(tag, 1)


async def begin_closing(
    connection: Connection, business_id: int, handover_id: int, closed_by: str, now: datetime
) -> list[int]:
    """Say that the carrier took what stands on a locked open act.

    Parcels of orders that were cancelled meanwhile, or of which not every parcel was scanned, are
    taken off it: they stay here. Gives those orders.
    """
    rows = await connection.fetch(_TAKE_OFF, business_id, handover_id)
    order_ids = sorted({row[0] for row in rows})
    await connection.execute(_NOT_GIVEN, business_id, order_ids, now)
    await connection.execute(_BEGIN_CLOSING, business_id, handover_id, now, closed_by, len(rows))
    return order_ids


async def read_acts_of_order(connection: Connection, business_id: int, order_id: int) -> list[int]:
    """Give the acts that parcels of a locked order stand on, ascending."""
    rows = await connection.fetch(_ACTS_OF_ORDER, business_id, order_id)
    return [row[0] for row in rows]


async def take_order_off(
    connection: Connection, business_id: int, order_id: int, handover_id: int
) -> None:
    """Take the parcels of a locked order off a locked act, if that is open."""
    rows = await connection.fetch(_TAKE_ORDER_OFF, business_id, order_id, handover_id)
    await connection.execute(_COUNT_OFF, business_id, handover_id, len(rows))


async def read_open_acts(
    connection: Connection, warehouse_id: int, carrier: str | None, acts_max: int
) -> tuple[tuple[Handover, tuple[int, ...]], ...]:
    """Read the acts of a warehouse that are not closed, the oldest first.

    Each with the orders on it that were cancelled: their parcels must not be given away.
    """
    rows = await connection.fetch(_FIND_OPEN_ACTS, warehouse_id, carrier, acts_max)
    acts = list(map(_handover, rows))
    cancelled: dict[tuple[int, int], list[int]] = {(one.business_id, one.id): [] for one in acts}
    for row in await connection.fetch(
        _CANCELLED_ON, [one.business_id for one in acts], [one.id for one in acts]
    ):
        cancelled[row[0], row[1]].append(row[2])
    return tuple((one, tuple(cancelled[one.business_id, one.id])) for one in acts)


async def finish(connection: Connection, business_id: int, handover_id: int) -> None:
    """Say that every order of an act went to the carrier; a second time changes nothing."""
    await connection.execute(_FINISH, business_id, handover_id)


async def read_rows(
    connection: Connection, business_id: int, handover_id: int
) -> tuple[HandedParcel, ...]:
    """Read the parcels of an act in the order in which they were scanned."""
    rows = await connection.fetch(_READ_ROWS, business_id, handover_id)
    return tuple(
        HandedParcel(ParcelKey(business_id, row[0], row[1]), row[2], row[3], row[4], row[5])
        for row in rows
    )


def _handover(row: Row) -> Handover:
    return Handover(
        business_id=row["business_id"],
        id=row["id"],
        warehouse_id=row["warehouse_id"],
        carrier=row["carrier"],
        state=HandoverState(row["state"]),
        parcels=row["parcels"],
        opened_at=row["opened_at"],
        closed_at=row["closed_at"],
        closed_by=row["closed_by"],
    )
