"""The clock: PostgreSQL's, which a sandbox may move. No process asks its own."""

from datetime import datetime

import msgspec

from entrepot.db.connection import Connection

# The present moment inside any statement. In production the row is never moved.
NOW_SQL = "(SELECT coalesce(frozen_at, clock_timestamp() + shift) FROM clock)"

_READ = f"SELECT {NOW_SQL}"
_HOLD = "SELECT id FROM clock WHERE id = 1 FOR SHARE"
_ADVANCE = """
    UPDATE clock
    SET shift = shift + $1 * interval '1 second',
        frozen_at = frozen_at + $1 * interval '1 second'
    WHERE id = 1
"""


class Clock(msgspec.Struct, frozen=True):
    """Reads and holds the clock. Only a sandbox's clock moves, so only there is it locked."""

    movable: bool

    async def now(self, connection: Connection) -> datetime:
        """Read the present moment (UTC)."""
        moment: datetime = await connection.fetchval(_READ)
        return moment

    async def hold(self, connection: Connection) -> None:
        """Keep the clock from being moved until the transaction ends: the first of all locks."""
        if self.movable:
            await connection.execute(_HOLD)


async def advance(connection: Connection, seconds: float) -> None:
    """Move a sandbox's clock forward; waits for every transaction that holds it."""
    await connection.execute(_ADVANCE, seconds)
