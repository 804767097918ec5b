"""Is the process alive, and should it be sent requests?"""

import asyncio
from collections.abc import Mapping

import msgspec

from entrepot import limits
from entrepot.db.migrate import head_revision, read_revision
from entrepot.db.transaction import DatabaseUnavailable
from entrepot.operations.call import Platform


class Readiness(msgspec.Struct, frozen=True):
    """Whether requests are welcome, and each check with its outcome: `ok` or what is wrong."""

    ready: bool
    checks: Mapping[str, str]


async def check_readiness(platform: Platform | None, *, stopping: bool) -> Readiness:
    """Ask everything that a request needs."""
    checks = {"process": "stopping" if stopping else "ok"}
    if platform is None:
        checks["platform"] = "starting"
    else:
        checks["database"], checks["schema"] = await _check_database(platform)
        checks["network"] = "ok" if platform.network.current is not None else "not loaded"
    return Readiness(all(state == "ok" for state in checks.values()), checks)


async def _check_database(platform: Platform) -> tuple[str, str]:
    try:
        async with asyncio.timeout(limits.READINESS_S_MAX):
            found = await platform.database.read(read_revision)
    except (DatabaseUnavailable, TimeoutError):
        return "does not answer", "unknown"
    # A newer schema is no fault of a running process: revisions expand before they contract, and
    # the next version of the program is on its way.
    head = head_revision()
    current = found is not None and found >= head
    return "ok", "ok" if current else f"is {found}, should be {head}"
