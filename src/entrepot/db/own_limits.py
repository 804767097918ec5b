"""Request limits of a business's own, in place of the contract's."""

from entrepot.contract.request_limits import OwnLimit
from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection

_READ = "SELECT operation, amount, parallel FROM own_limit WHERE business_id = $1"
_SET = f"""
    INSERT INTO own_limit (business_id, operation, amount, parallel, updated_at)
    SELECT $1, $2, $3, $4, {NOW_SQL}
    ON CONFLICT (business_id, operation) DO UPDATE SET
      amount = coalesce(excluded.amount, own_limit.amount),
      parallel = coalesce(excluded.parallel, own_limit.parallel),
      updated_at = excluded.updated_at
    RETURNING operation, amount, parallel
"""
_RESET = """
    DELETE FROM own_limit WHERE business_id = $1 AND ($2::text IS NULL OR operation = $2)
    RETURNING operation
"""


async def read_own_limits(connection: Connection, business_id: int) -> dict[str, OwnLimit]:
    """Read the own figures of a business, by operation."""
    rows = await connection.fetch(_READ, business_id)
    return {row["operation"]: OwnLimit(row["amount"], row["parallel"]) for row in rows}


async def set_own_limit(
    connection: Connection, business_id: int, operation: str, figures: OwnLimit
) -> OwnLimit:
    """Set figures of one operation; None leaves what was. Gives those in force."""
    row = await connection.fetchrow(_SET, business_id, operation, figures.amount, figures.parallel)
    return OwnLimit(row["amount"], row["parallel"])


async def reset_own_limits(
    connection: Connection, business_id: int, operation: str | None
) -> list[str]:
    """Go back to the contract's figures, of one operation or all; gives whose changed."""
    rows = await connection.fetch(_RESET, business_id, operation)
    return sorted(row["operation"] for row in rows)
