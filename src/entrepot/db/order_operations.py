"""Operations on orders: changes that take effect later, and those that are done at once.

Whoever begins or ends an operation holds its order's lock. What is wanted is forgotten when the
operation ends: it may be personal data.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec

from entrepot.contract.enums import OperationKind, OperationStatus
from entrepot.db.balances import change_slots, insert_slots, require_rows
from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection
from entrepot.domain.delivery.slot import SlotKey
from entrepot.domain.order_events import Actor, Source
from entrepot.domain.order_moves import ActorKind
from entrepot.domain.order_operations import DueOperation, NewOperation, NewRecipient, Wanted

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Wanted).decode

# Those of this module.
_KINDS = ", ".join(
    f"'{kind}'"
    for kind in (
        OperationKind.ORDER_STATUS_UPDATE,
        OperationKind.ORDER_RECIPIENT_UPDATE,
        OperationKind.ORDER_DELIVERY_INTERVAL_UPDATE,
    )
)

_INSERT_DONE = f"""
    WITH present AS MATERIALIZED (SELECT {NOW_SQL} AS moment)
    INSERT INTO operation (business_id, id, kind, status, order_id, created_at, finished_at)
    SELECT $1, k.id, $2, 'DONE', k.order_id, present.moment, present.moment
    FROM present, unnest($3::text[], $4::bigint[]) AS k (id, order_id)
    ON CONFLICT (business_id, id) DO NOTHING
"""

# Begun after those that its order waits for already: also while the clock stands, what was asked
# last is done last.
_INSERT = f"""
    WITH present AS MATERIALIZED (SELECT {NOW_SQL} AS moment),
    waiting AS (
      SELECT p.order_id, max(p.created_at) AS last_at FROM operation p
      WHERE p.business_id = $1 AND p.order_id = ANY($7::bigint[]) AND p.status = 'IN_PROGRESS'
      GROUP BY p.order_id
    )
    INSERT INTO operation
      (business_id, id, kind, status, order_id, created_at, due_at, wanted, asked_by, source)
    SELECT $1, k.id, k.kind, 'IN_PROGRESS', k.order_id,
      greatest(present.moment, waiting.last_at + interval '1 microsecond'),
      present.moment + $2, k.wanted, $3, $4
    FROM present
    CROSS JOIN unnest($5::text[], $6::text[], $7::bigint[], $8::text[]::json[])
      AS k (id, kind, order_id, wanted)
    LEFT JOIN waiting ON waiting.order_id = k.order_id
    ON CONFLICT (business_id, id) DO NOTHING
"""

_MARK_CANCELLING = """
    UPDATE orders o SET cancellation = k.operation
    FROM unnest($2::bigint[], $3::text[]) AS k (order_id, operation)
    WHERE o.business_id = $1 AND o.id = k.order_id
"""

# The oldest of each order; the others follow when it is done.
_FIND_DUE = f"""
    SELECT DISTINCT ON (d.business_id, d.order_id) d.*
    FROM (
      SELECT p.business_id, p.order_id, p.id, p.wanted::text, p.asked_by, p.source, p.due_at,
        p.created_at
      FROM operation p
      WHERE p.status = 'IN_PROGRESS' AND p.due_at <= {NOW_SQL} AND p.kind IN ({_KINDS})
      ORDER BY p.due_at, p.created_at
      LIMIT $1
    ) d
    ORDER BY d.business_id, d.order_id, d.due_at, d.created_at, d.id
"""
_NEXT_DUE = f"""
    SELECT p.due_at FROM operation p
    WHERE p.status = 'IN_PROGRESS' AND p.kind IN ({_KINDS})
    ORDER BY p.due_at
    LIMIT 1
"""
_STILL_IN_PROGRESS = """
    SELECT p.id FROM operation p
    WHERE p.business_id = $1 AND p.id = ANY($2::text[]) AND p.status = 'IN_PROGRESS'
"""
_KNOWN = "SELECT p.id FROM operation p WHERE p.business_id = $1 AND p.id = ANY($2::text[])"

_FINISH = """
    UPDATE operation p SET status = k.status, finished_at = $2, wanted = NULL
    FROM unnest($3::text[], $4::text[]) AS k (id, status)
    WHERE p.business_id = $1 AND p.id = k.id AND p.status = 'IN_PROGRESS'
"""
_UNMARK_CANCELLING = """
    UPDATE orders o SET cancellation = NULL
    WHERE o.business_id = $1 AND o.cancellation = ANY($2::text[]) AND o.id = ANY($3::bigint[])
"""

_WRITE_RECIPIENTS = """
    UPDATE orders o
    SET first_name = k.first_name, last_name = k.last_name, middle_name = k.middle_name,
        phone = k.phone
    FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[])
      AS k (order_id, first_name, last_name, middle_name, phone)
    WHERE o.business_id = $1 AND o.id = k.order_id
"""

_WRITE_SLOT = """
    UPDATE orders o
    SET place_kind = $3, place_id = $4, slot_day = $5, slot_from_minute = $6,
        slot_to_minute = $7, shipment_day = $8
    WHERE o.business_id = $1 AND o.id = $2
"""

_COUNT_CHANGES = """
    UPDATE orders o SET interval_changes = o.interval_changes + $3
    WHERE o.business_id = $1 AND o.id = $2
"""
_READ_CHANGES = "SELECT o.interval_changes FROM orders o WHERE o.business_id = $1 AND o.id = $2"

_FORGET = """
    DELETE FROM operation WHERE (business_id, id) IN (
      SELECT p.business_id, p.id FROM operation p
      WHERE p.status <> 'IN_PROGRESS' AND p.finished_at <= $1
      ORDER BY p.finished_at
      LIMIT $2
    )
"""
_OLDEST = """
    SELECT p.finished_at FROM operation p WHERE p.status <> 'IN_PROGRESS'
    ORDER BY p.finished_at LIMIT 1
"""


async def insert_done(
    connection: Connection, business_id: int, kind: OperationKind, orders: Mapping[str, int]
) -> None:
    """Record operations, by id on which order, that are done already; once is enough."""
    if orders:
        await connection.execute(_INSERT_DONE, business_id, kind, list(orders), [*orders.values()])


async def insert_operations(
    connection: Connection,
    business_id: int,
    operations: Sequence[tuple[int, NewOperation]],
    *,
    actor: Actor,
    after: timedelta,
) -> None:
    """Begin operations on orders; each falls due after so long."""
    if not operations:
        return
    tag = await connection.execute(
        _INSERT,
        business_id,
        after,
        actor.name,
        actor.source,
        [operation.id for _, operation in operations],
        [operation.kind for _, operation in operations],
        [order_id for order_id, _ in operations],
        [_encode(operation.wanted).decode() for _, operation in operations],
    )
    require_rows(tag, len(operations))


async def mark_cancelling(
    connection: Connection, business_id: int, operations: Mapping[int, str]
) -> None:
    """Note at orders which operation is to cancel them."""
    if operations:
        await connection.execute(
            _MARK_CANCELLING, business_id, list(operations), [*operations.values()]
        )


async def are_known(connection: Connection, business_id: int, ids: Collection[str]) -> bool:
    """Tell whether these operations have begun, or ended, already."""
    rows = await connection.fetch(_KNOWN, business_id, list(ids))
    return len(rows) == len(ids)


async def find_due(connection: Connection, operations_max: int) -> list[DueOperation]:
    """Find operations whose time has come, one of each order."""
    rows = await connection.fetch(_FIND_DUE, operations_max)
    return [
        DueOperation(
            business_id=row[0],
            order_id=row[1],
            id=row[2],
            wanted=_decode(row[3]),
            actor=Actor(ActorKind.SHOP, row[4], Source(row[5])),
        )
        for row in rows
    ]


async def next_due(connection: Connection) -> datetime | None:
    """Tell when the next operation falls due."""
    moment: datetime | None = await connection.fetchval(_NEXT_DUE)
    return moment


async def still_in_progress(
    connection: Connection, business_id: int, ids: Collection[str]
) -> set[str]:
    """Tell which operations are not done yet; their orders are locked."""
    rows = await connection.fetch(_STILL_IN_PROGRESS, business_id, list(ids))
    return {row[0] for row in rows}


async def finish(
    connection: Connection,
    business_id: int,
    ends: Mapping[str, OperationStatus],
    order_ids: Collection[int],
    now: datetime,
) -> None:
    """End operations on these orders, which are not in cancellation state by them any more."""
    tag = await connection.execute(_FINISH, business_id, now, list(ends), [*ends.values()])
    require_rows(tag, len(ends))
    await connection.execute(_UNMARK_CANCELLING, business_id, list(ends), list(order_ids))


async def write_recipients(
    connection: Connection, business_id: int, recipients: Mapping[int, NewRecipient]
) -> None:
    """Give orders other recipients."""
    if not recipients:
        return
    people = recipients.values()
    await connection.execute(
        _WRITE_RECIPIENTS,
        business_id,
        list(recipients),
        [one.first_name for one in people],
        [one.last_name for one in people],
        [one.middle_name for one in people],
        [one.phone for one in people],
    )


async def write_slot(
    connection: Connection,
    business_id: int,
    order_id: int,
    *,
    slot: SlotKey,
    shipment_day: date,
    given_back: SlotKey | None,
    exists: bool,
) -> None:
    """Give an order another slot; both slots' rows are locked, if they exist.

    Args:
        connection: where.
        business_id: whose order.
        order_id: which.
        slot: its new slot.
        shipment_day: when it leaves, or left, the warehouse.
        given_back: the slot that it held; None when it holds none, as a fake order does.
        exists: whether the new slot has a row.

    Raises:
        LostRaceError: a row was made meanwhile; roll back and run again.
    """
    await connection.execute(_WRITE_SLOT, business_id, order_id, *slot, shipment_day)
    if given_back is None or given_back == slot:
        return
    if exists:
        await change_slots(connection, {given_back: -1, slot: 1})
    else:
        await change_slots(connection, {given_back: -1})
        await insert_slots(connection, {slot: 1})


async def count_interval_change(
    connection: Connection, business_id: int, order_id: int, changes: int
) -> None:
    """Count a change of an order's interval, or with -1 one that failed."""
    await connection.execute(_COUNT_CHANGES, business_id, order_id, changes)


async def read_interval_changes(connection: Connection, business_id: int, order_id: int) -> int:
    """Tell how often an order's interval was changed or is about to be."""
    changes: int = await connection.fetchval(_READ_CHANGES, business_id, order_id)
    return changes


async def forget(connection: Connection, finished_by: datetime, operations_max: int) -> int:
    """Remove some operations that ended by then; gives how many."""
    tag = await connection.execute(_FORGET, finished_by, operations_max)
    return int(tag.rpartition(" ")[2])


async def oldest_finished(connection: Connection) -> datetime | None:
    """Tell when the operation ended that ended first."""
    moment: datetime | None = await connection.fetchval(_OLDEST)
    return moment
