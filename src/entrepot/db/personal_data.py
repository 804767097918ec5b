"""Erasing what orders say about their recipients. Whatever else an order is stays as it was."""

from collections.abc import Collection

from entrepot.contract.enums import OperationKind, OrderStatus
from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection

# What has run out is cancelled, whether or not that was written already.
_READ_STATUS = f"""
    WITH present AS MATERIALIZED (SELECT {NOW_SQL} AS moment)
    SELECT o.id,
      CASE WHEN draft_overdue(o.status, o.reserved_until, present.moment)
          OR storage_overdue(o.status, o.stored_until, present.moment)
        THEN '{OrderStatus.CANCELLED}' ELSE o.status END
    FROM present CROSS JOIN orders o
    WHERE o.business_id = $1 AND o.id = ANY($2::bigint[])
"""

# Erased once: the moment of the first time stands.
_ERASE = f"""
    WITH present AS MATERIALIZED (SELECT {NOW_SQL} AS moment)
    UPDATE orders SET
      first_name = NULL, last_name = NULL, middle_name = NULL, phone = NULL,
      full_address = NULL, entrance = NULL, floor = NULL, apartment = NULL, notes = NULL,
      erased_at = present.moment
    FROM present
    WHERE business_id = $1 AND id = ANY($2::bigint[]) AND erased_at IS NULL
    RETURNING id
"""

# A recipient who waits for an order that has ended comes to nothing.
_DROP_WAITING = f"""
    WITH present AS MATERIALIZED (SELECT {NOW_SQL} AS moment)
    UPDATE operation SET status = 'FAILED', finished_at = present.moment, wanted = NULL
    FROM present
    WHERE business_id = $1 AND order_id = ANY($2::bigint[]) AND status = 'IN_PROGRESS'
      AND kind = '{OperationKind.ORDER_RECIPIENT_UPDATE}'
"""


async def read_statuses(
    connection: Connection, business_id: int, order_ids: Collection[int]
) -> dict[int, OrderStatus]:
    """Give the status of each order that exists."""
    rows = await connection.fetch(_READ_STATUS, business_id, sorted(order_ids))
    return {row[0]: OrderStatus(row[1]) for row in rows}


async def erase_recipients(
    connection: Connection, business_id: int, order_ids: Collection[int]
) -> list[int]:
    """Erase names, phones, addresses and notes; gives the orders where there still were any.

    The orders are locked and have ended, so no operation will change them any more.
    """
    await connection.execute(_DROP_WAITING, business_id, sorted(order_ids))
    rows = await connection.fetch(_ERASE, business_id, sorted(order_ids))
    return sorted(row[0] for row in rows)
