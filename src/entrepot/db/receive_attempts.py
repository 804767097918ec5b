"""Wrong receive codes that were told for an order, counted under the order's lock."""

from collections.abc import Collection

from entrepot.db.connection import Connection

_READ = """
    SELECT order_id, failed FROM receive_attempt
    WHERE business_id = $1 AND order_id = ANY($2::bigint[])
"""
_ADD = """
    INSERT INTO receive_attempt AS a (business_id, order_id, failed)
    SELECT $1, k.order_id, 1 FROM unnest($2::bigint[]) AS k (order_id)
    ON CONFLICT (business_id, order_id) DO UPDATE SET failed = a.failed + EXCLUDED.failed
"""


async def read_attempts(
    connection: Connection, business_id: int, order_ids: Collection[int]
) -> dict[int, int]:
    """Tell how many wrong codes were told for each of some locked orders; none is left out."""
    rows = await connection.fetch(_READ, business_id, list(order_ids))
    return dict.fromkeys(order_ids, 0) | {row[0]: row[1] for row in rows}


async def add_attempts(
    connection: Connection, business_id: int, order_ids: Collection[int]
) -> None:
    """Count one more wrong code for each of some locked orders."""
    if order_ids:
        await connection.execute(_ADD, business_id, list(order_ids))
