"""Operations on orders: changes that take effect later, and those that are done at once."""

from collections.abc import Mapping

from entrepot.contract.enums import OperationKind
from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection

_INSERT_DONE = f"""
    WITH present AS MATERIALIZED (SELECT {NOW_SQL} AS moment)
    INSERT INTO operation (business_id, id, kind, status, order_id, created_at, finished_at)
    SELECT $1, k.id, $2, 'DONE', k.order_id, present.moment, present.moment
    FROM present, unnest($3::text[], $4::bigint[]) AS k (id, order_id)
    ON CONFLICT (business_id, id) DO NOTHING
"""


async def insert_done(
    connection: Connection, business_id: int, kind: OperationKind, orders: Mapping[str, int]
) -> None:
    """Record operations, by id on which order, that are done already; once is enough."""
    await connection.execute(_INSERT_DONE, business_id, kind, list(orders), list(orders.values()))
