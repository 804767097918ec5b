"""The clock: PostgreSQL's, which a sandbox may move. No process asks its own.

A database is either a sandbox's or in production, from the first time it is served on; the
clock of one in production is never moved, whoever asks for it.
"""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from entrepot.db.connection import Connection

# The present moment inside any statement. In production the row is never moved.
NOW_SQL = "(SELECT coalesce(frozen_at, clock_timestamp() + shift) FROM clock)"

# A lock on the row would not do: those who share it may overlap for ever, and whoever wants to
# move the clock would wait as long. This kind queues: a mover waits for those who hold it now,
# and whoever comes later waits for the mover.
_CLOCK_LOCK = 0x656E_7472_0001
_MOVER_LOCK = 0x656E_7472_0002

_READ = f"SELECT {NOW_SQL}"
_HOLD = f"SELECT pg_advisory_xact_lock_shared({_CLOCK_LOCK})"
_HOLD_ALONE = f"SELECT pg_advisory_xact_lock({_CLOCK_LOCK})"
_BE_SILENT = "SET LOCAL idle_in_transaction_session_timeout = 0"
_TRY_BECOME_MOVER = f"SELECT pg_try_advisory_xact_lock({_MOVER_LOCK})"

_READ_STATE = f"""
    SELECT {NOW_SQL} AS moment, frozen_at IS NOT NULL AS frozen,
      extract(epoch FROM {NOW_SQL} - clock_timestamp())::float8 AS ahead_s
    FROM clock
"""
_MOVABLE = "WHERE id = 1 AND used_as IS DISTINCT FROM 'PRODUCTION'"
_ADVANCE = f"""
    UPDATE clock
    SET shift = shift + $1 * interval '1 second',
        frozen_at = frozen_at + $1 * interval '1 second'
    {_MOVABLE}
"""
# A clock that stands keeps its shift: going on, it starts from the moment at which it stands.
_MOVE_TO = f"""
    UPDATE clock
    SET shift = CASE WHEN frozen_at IS NULL
          THEN greatest(shift, $1::timestamptz - clock_timestamp()) ELSE shift END,
        frozen_at = CASE WHEN frozen_at IS NOT NULL THEN greatest(frozen_at, $1) END
    {_MOVABLE}
"""
_FREEZE = f"""
    UPDATE clock SET frozen_at = coalesce(frozen_at, clock_timestamp() + shift) {_MOVABLE}
"""
_RESUME = f"""
    UPDATE clock
    SET shift = coalesce(frozen_at - clock_timestamp(), shift), frozen_at = NULL
    {_MOVABLE}
"""

_DECIDE_USE = """
    UPDATE clock SET used_as = $1
    WHERE id = 1 AND used_as IS NULL
      AND ($1 = 'SANDBOX' OR (shift = interval '0' AND frozen_at IS NULL))
"""
_READ_USE = "SELECT used_as FROM clock WHERE id = 1"


class Use(StrEnum):
    """What a database is for, once and for all."""

    PRODUCTION = "PRODUCTION"
    SANDBOX = "SANDBOX"


class ClockFixedError(Exception):
    """Somebody wanted to move the clock of a database that is in production."""


class ClockState(NamedTuple):
    """The moment (UTC), whether it stands still, and how far it is ahead of real time."""

    now: datetime
    frozen: bool
    ahead_s: float


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


async def read_state(connection: Connection) -> ClockState:
    """Read the moment and how the clock goes."""
    row = await connection.fetchrow(_READ_STATE)
    return ClockState(row["moment"], row["frozen"], row["ahead_s"])


async def may_be_silent(connection: Connection) -> None:
    """Let the transaction stay open while others do what a move brings, however long it takes."""
    await connection.execute(_BE_SILENT)


async def try_become_mover(connection: Connection) -> bool:
    """Try to be the only one who moves the clock until the transaction ends."""
    alone: bool = await connection.fetchval(_TRY_BECOME_MOVER)
    return alone


async def advance(connection: Connection, seconds: float) -> None:
    """Move a sandbox's clock forward; waits for every transaction that holds it.

    Raises:
        ClockFixedError: the database is in production.
    """
    await _move(connection, _ADVANCE, seconds)


async def move_to(connection: Connection, moment: datetime) -> None:
    """Move a sandbox's clock forward to a moment; one that has passed changes nothing.

    Raises:
        ClockFixedError: the database is in production.
    """
    await _move(connection, _MOVE_TO, moment)


async def freeze(connection: Connection) -> None:
    """Let a sandbox's clock stand still; one that does goes on doing so.

    Raises:
        ClockFixedError: the database is in production.
    """
    await _move(connection, _FREEZE)


async def resume(connection: Connection) -> None:
    """Let a sandbox's clock go on from the moment at which it stands.

    Raises:
        ClockFixedError: the database is in production.
    """
    await _move(connection, _RESUME)


async def decide_use(connection: Connection, wanted: Use) -> Use | None:
    """Say what a database is for, if nobody has; gives what it is for.

    None when it cannot be taken into production: its clock has been moved already.
    """
    await connection.execute(_DECIDE_USE, wanted)
    use = await connection.fetchval(_READ_USE)
    return None if use is None else Use(use)


async def _move(connection: Connection, statement: str, *values: object) -> None:
    await connection.execute(_HOLD_ALONE)
    if await connection.execute(statement, *values) != "UPDATE 1":
        message = "the clock of a database in production does not move"
        raise ClockFixedError(message)
