"""Every process writes when the keys that it has seen were last used.

Not a duty, which one process does for all: each process does this for itself.
"""

import asyncio

import structlog

from entrepot import limits
from entrepot.db.key_uses import KeyUses
from entrepot.db.transaction import Database, DatabaseUnavailable

log = structlog.get_logger()


async def note_key_uses(uses: KeyUses, database: Database, stopping: asyncio.Event) -> None:
    """Write what is due until told to stop; then what is left."""
    while not stopping.is_set():
        await _write(uses, database, all_of_them=False)
        try:
            async with asyncio.timeout(limits.KEY_USES_LOOK_S):
                await stopping.wait()
        except TimeoutError:
            continue
    await _write(uses, database, all_of_them=True)


async def _write(uses: KeyUses, database: Database, *, all_of_them: bool) -> None:
    try:
        while await uses.write(database, all_of_them=all_of_them):
            continue
    except DatabaseUnavailable as error:
        log.warning("uses of keys wait for the database", reason=str(error))
    except Exception:  # the next look may succeed
        log.exception("noting uses of keys failed")
