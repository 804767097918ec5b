"""When keys were last used, noted beside the requests: a process writes a key once a minute.

A process asks the database about a key in use every few seconds anyway; that it asked is the
note. So nothing is paid for it where requests are answered, and what is shown is true to those
few seconds, and to the minute for a key in steady use.
"""

import time
from collections.abc import Callable

from entrepot import limits
from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database

# The row is left alone when another process has just written it.
_WRITE = f"""
    WITH present AS MATERIALIZED (SELECT {NOW_SQL} AS moment)
    UPDATE api_key k SET last_used_at = present.moment - u.ago_s * interval '1 second'
    FROM unnest($1::bigint[], $2::bigint[], $3::float8[]) AS u (business_id, id, ago_s), present
    WHERE k.business_id = u.business_id AND k.id = u.id AND k.business_id = ANY($1::bigint[])
      AND (k.last_used_at IS NULL
           OR k.last_used_at < present.moment - (u.ago_s + $4) * interval '1 second')
"""

_Key = tuple[int, int]


class KeyUses:
    """The uses that one process has to tell of."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Know of no use yet.

        Args:
            monotonic: a clock in seconds that never goes back.
        """
        self._monotonic = monotonic
        self._used_at: dict[_Key, float] = {}
        self._written_at: dict[_Key, float] = {}

    def note(self, business_id: int, key_id: int) -> None:
        """Note that a key is in use at this moment."""
        if len(self._used_at) < limits.KEY_USES_WAITING_MAX:
            self._used_at[business_id, key_id] = self._monotonic()

    async def write(self, database: Database, *, all_of_them: bool = False) -> int:
        """Write the uses of keys that were not written within the last minute; gives how many.

        Raises:
            DatabaseUnavailable: they could not be written; they are kept.
        """
        now = self._monotonic()
        recent = now - limits.KEY_USE_WRITTEN_S
        self._written_at = {key: at for key, at in self._written_at.items() if at > recent}
        due = sorted(key for key in self._used_at if all_of_them or key not in self._written_at)
        chosen = due[: limits.KEY_USES_PER_TRANSACTION_MAX]
        if not chosen:
            return 0
        uses = {key: self._used_at[key] for key in chosen}

        async def work(connection: Connection) -> None:
            await connection.execute(
                _WRITE,
                [business_id for business_id, _ in uses],
                [key_id for _, key_id in uses],
                [now - at for at in uses.values()],
                limits.KEY_USE_WRITTEN_S / 2,
            )

        await database.transaction(work)
        for key, at in uses.items():
            self._written_at[key] = now
            if self._used_at[key] == at:  # else it was used again meanwhile
                del self._used_at[key]
        return len(uses)
