"""Every process shares what it holds of request limits with the others.

Not a duty, which one process does for all: each process does this for itself.
"""

import asyncio
import time

import structlog

from entrepot import limits
from entrepot.db.request_limiter import RequestLimiter
from entrepot.db.transaction import DatabaseUnavailable

log = structlog.get_logger()


async def share_limits(limiter: RequestLimiter, stopping: asyncio.Event) -> None:
    """Look after what is held until told to stop; then give everything back."""
    budgets_at = 0.0
    while not stopping.is_set():
        rest_s = limits.PARALLEL_LOOK_S
        try:
            await limiter.places.look()
            if time.monotonic() >= budgets_at:
                await limiter.budgets.return_idle()
                budgets_at = time.monotonic() + limits.LEASE_IDLE_S / 2
        except DatabaseUnavailable as error:
            log.warning("request limits wait for the database", reason=str(error))
            rest_s = limits.WORK_PERIOD_S
        except Exception:  # what is held runs out by itself; the next look may succeed
            log.exception("sharing request limits failed")
            rest_s = limits.WORK_PERIOD_S
        await _rest(stopping, rest_s)
    await limiter.return_all()


async def _rest(stopping: asyncio.Event, rest_s: float) -> None:
    try:
        async with asyncio.timeout(rest_s):
            await stopping.wait()
    except TimeoutError:
        return
