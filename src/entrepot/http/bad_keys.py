"""Whoever tries keys is slowed down, by address: after some bad ones each answer takes longer.

Only refusals wait. Who has a good key is answered at once, also behind the same address. What
waits is bounded: beyond that a refusal is given at once, so that nobody can fill a process
with waiting requests.
"""

import asyncio
import ipaddress
import time
from collections.abc import Callable

import msgspec

from entrepot import limits

_IPV6_SITE = 64  # the bits of an address that its owner cannot choose


class _Tries(msgspec.Struct):
    """Bad keys of an address, forgiven one by one, and when the next may be answered."""

    count: float
    counted_at: float
    next_at: float


class BadKeys:
    """What one process remembers of addresses that sent bad keys."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Suspect nobody.

        Args:
            monotonic: a clock in seconds that never goes back.
        """
        self._monotonic = monotonic
        self._tries: dict[str, _Tries] = {}
        self._waiting = 0

    def delay_s(self, address: str) -> float:
        """Note a bad key; tells for how long its refusal shall wait."""
        now = self._monotonic()
        known = self._tries.pop(address, None) or _Tries(0.0, now, now)
        forgiven = (now - known.counted_at) / limits.BAD_KEY_FORGIVEN_S
        known.count = max(known.count - forgiven, 0.0) + 1
        known.counted_at = now
        self._tries[address] = known  # the last one now: the first is the longest unseen
        while len(self._tries) > limits.BAD_KEY_ADDRESSES_MAX:
            del self._tries[next(iter(self._tries))]
        if known.count <= limits.BAD_KEYS_FREE:
            return 0.0
        # One after another, however many are sent at once.
        known.next_at = max(known.next_at, now) + limits.BAD_KEY_STEP_S
        return min(known.next_at - now, limits.BAD_KEY_WAIT_S_MAX)

    async def slow_down(self, client: tuple[str, int] | None) -> None:
        """Keep a refusal back for as long as its address deserves."""
        delay_s = self.delay_s(_site(client))
        if not delay_s or self._waiting >= limits.BAD_KEYS_WAITING_MAX:
            return
        self._waiting += 1
        try:
            await asyncio.sleep(delay_s)
        finally:
            self._waiting -= 1


def _site(client: tuple[str, int] | None) -> str:
    if client is None:
        return "local"
    try:
        address = ipaddress.ip_address(client[0])
    except ValueError:
        return client[0]
    if address.version == 4:  # noqa: PLR2004 - of the protocol
        return str(address)
    return str(ipaddress.ip_network((address, _IPV6_SITE), strict=False))
