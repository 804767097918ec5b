"""Changing orders whose rows are locked: status, history, operations."""

from datetime import datetime
from typing import NamedTuple

from entrepot.contract.enums import OperationKind, OrderStatus, OrderSubstatus
from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection
from entrepot.domain.order_moves import Stage

_READ_STAGE = f"""
    SELECT o.campaign_id, o.status, o.substatus, m.moment,
      draft_overdue(o.status, o.reserved_until, m.moment) AS overdue
    FROM orders o, (SELECT {NOW_SQL} AS moment) m
    WHERE o.business_id = $1 AND o.id = $2
"""

_SET_STAGE = """
    UPDATE orders
    SET status = $3, substatus = $4, reserved_until = NULL, event_seq = event_seq + 1,
        updated_at = $5
    WHERE business_id = $1 AND id = $2
    RETURNING event_seq
"""

_INSERT_EVENT = """
    INSERT INTO order_event
      (business_id, order_id, seq, kind, status, substatus, actor, happened_at)
    VALUES ($1, $2, $3, 'STATUS_CHANGED', $4, $5, $6, $7)
"""

_INSERT_DONE_OPERATION = """
    INSERT INTO operation (business_id, id, kind, status, order_id, created_at, finished_at)
    VALUES ($1, $2, $3, 'DONE', $4, $5, $5)
    ON CONFLICT (business_id, id) DO NOTHING
"""


class LockedOrder(NamedTuple):
    """What a decision about one order depends on, read after its lock."""

    campaign_id: int
    stage: Stage
    now: datetime
    overdue: bool


async def read_locked(
    connection: Connection, business_id: int, order_id: int
) -> LockedOrder | None:
    """Read an order that this transaction has locked, and the moment."""
    row = await connection.fetchrow(_READ_STAGE, business_id, order_id)
    if row is None:
        return None
    stage = Stage(OrderStatus(row["status"]), OrderSubstatus(row["substatus"]))
    return LockedOrder(row["campaign_id"], stage, row["moment"], row["overdue"])


async def set_stage(
    connection: Connection,
    business_id: int,
    order_id: int,
    stage: Stage,
    actor: str,
    now: datetime,
) -> None:
    """Move a locked order to a stage and write its event."""
    sequence = await connection.fetchval(_SET_STAGE, business_id, order_id, *stage, now)
    await connection.execute(_INSERT_EVENT, business_id, order_id, sequence, *stage, actor, now)


async def insert_done_operation(
    connection: Connection,
    business_id: int,
    operation_id: str,
    kind: OperationKind,
    order_id: int,
    now: datetime,
) -> None:
    """Record an operation that is done already; once is enough."""
    await connection.execute(_INSERT_DONE_OPERATION, business_id, operation_id, kind, order_id, now)
