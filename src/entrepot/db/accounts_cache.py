"""Keys, businesses and campaigns as one process remembers them, for a few seconds.

What is remembered is never used beyond its time, also when the database cannot be asked: then
the caller gets `DatabaseUnavailable`. So a revoked key stops everywhere within 5 s.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

import msgspec

from entrepot import limits
from entrepot.db.accounts_read import fetch_business, fetch_campaign, fetch_key
from entrepot.db.key_uses import KeyUses
from entrepot.db.operator_keys import fetch_operator_key
from entrepot.db.transaction import Database, DatabaseUnavailable, Work
from entrepot.domain.accounts import ApiKey, Business, Campaign
from entrepot.domain.operators import OperatorKey

Key = TypeVar("Key")
Found = TypeVar("Found")
FoundOut_co = TypeVar("FoundOut_co", covariant=True)
Monotonic = Callable[[], float]


class AccountsCache:
    """Asks the database about callers; one flight per question, however many wait for it."""

    def __init__(self, database: Database, monotonic: Monotonic = time.monotonic) -> None:
        """Remember nothing yet.

        Args:
            database: where to ask.
            monotonic: a clock in seconds that never goes back.
        """
        self._database = database
        self._monotonic = monotonic
        # Whoever tries made-up keys may wait for the database, not take every connection to it.
        self._asking = asyncio.Semaphore(limits.ACCOUNT_LOOKUPS_MAX)
        self._asking_known = asyncio.Semaphore(limits.KNOWN_ACCOUNT_LOOKUPS_MAX)
        self.uses = KeyUses(monotonic)
        self._keys: _Remembered[tuple[int, bytes], ApiKey] = _Remembered(monotonic)
        self._businesses: _Remembered[int, Business] = _Remembered(monotonic)
        self._operators: _Remembered[bytes, OperatorKey] = _Remembered(monotonic)
        self._campaigns: _Remembered[tuple[int, int], Campaign] = _Remembered(monotonic)

    async def key(self, token_hash: bytes, business_id: int) -> ApiKey | None:
        """Find a key by its token's hash.

        Raises:
            DatabaseUnavailable: it is not remembered and cannot be asked for.
        """

        async def fetch(*, known: bool) -> ApiKey | None:
            found = await self._ask(
                lambda connection: fetch_key(connection, business_id, token_hash), known=known
            )
            if found is not None and not found.revoked:
                self.uses.note(business_id, found.id)
            return found

        return await self._keys.get((business_id, token_hash), fetch)

    async def operator_key(self, token_hash: bytes) -> OperatorKey | None:
        """Find a key of the operator's by its token's hash.

        Raises:
            DatabaseUnavailable: it is not remembered and cannot be asked for.
        """
        return await self._operators.get(
            token_hash,
            lambda *, known: self._ask(
                lambda connection: fetch_operator_key(connection, token_hash), known=known
            ),
        )

    async def business(self, business_id: int) -> Business | None:
        """Find a business.

        Raises:
            DatabaseUnavailable: it is not remembered and cannot be asked for.
        """
        return await self._businesses.get(
            business_id,
            # Asked for by who has a good key, so never made up.
            lambda *, known: self._ask(  # noqa: ARG005 - as everywhere
                lambda connection: fetch_business(connection, business_id), known=True
            ),
        )

    async def campaign(self, business_id: int, campaign_id: int) -> Campaign | None:
        """Find a campaign of a business.

        Raises:
            DatabaseUnavailable: it is not remembered and cannot be asked for.
        """
        return await self._campaigns.get(
            (business_id, campaign_id),
            lambda *, known: self._ask(
                lambda connection: fetch_campaign(connection, business_id, campaign_id),
                known=known,
            ),
        )

    def good_until(self, token_hash: bytes, key: ApiKey, campaign: Campaign) -> float:
        """Tell until when both may be used, by a clock that never goes back.

        A moment long gone if something newer is known of one of them.
        """
        found_key = self._keys.good_until((key.business_id, token_hash), key)
        found_campaign = self._campaigns.good_until((key.business_id, campaign.id), campaign)
        return min(found_key, found_campaign)

    def is_good(self, until: float) -> bool:
        """Tell whether such a moment is still to come."""
        return self._monotonic() < until

    async def _ask(self, work: Work[Found], *, known: bool) -> Found:
        asking = self._asking_known if known else self._asking
        # An answer that took longer than it may be used for is of no use.
        try:
            async with asyncio.timeout(limits.ACCOUNT_CACHE_S), asking:
                return await self._database.read(work)
        except TimeoutError as error:
            message = "the database did not say in time who is asking"
            raise DatabaseUnavailable(message) from error


class _Fetch(Protocol[FoundOut_co]):
    """Asks; `known` says that what is asked for was there before."""

    def __call__(self, *, known: bool) -> Awaitable[FoundOut_co | None]: ...


class _Entry(msgspec.Struct, Generic[Found], frozen=True):
    value: Found
    good_until: float


class _Remembered(Generic[Key, Found]):
    """A bounded memory. Entries live equally long, so a dictionary's order is their age."""

    def __init__(self, monotonic: Monotonic) -> None:
        self._monotonic = monotonic
        self._found: dict[Key, _Entry[Found]] = {}
        # Apart from what was found: made-up keys must not push out the real ones.
        self._missing: dict[Key, _Entry[None]] = {}
        self._flights: dict[Key, asyncio.Task[Found | None]] = {}

    async def get(self, key: Key, fetch: _Fetch[Found]) -> Found | None:
        entry = self._found.get(key) or self._missing.get(key)
        if entry is not None and self._monotonic() < entry.good_until:
            return entry.value
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._fly(key, fetch))
            self._flights[key] = flight
        # One who stops waiting must not take the answer from the others.
        return await asyncio.shield(flight)

    def good_until(self, key: Key, value: Found) -> float:
        """Tell until when this very value may be used; long ago if another one is known."""
        entry = self._found.get(key)
        return entry.good_until if entry is not None and entry.value is value else float("-inf")

    async def _fly(self, key: Key, fetch: _Fetch[Found]) -> Found | None:
        # Counted from before the question: the answer may be as old as that.
        good_until = self._monotonic() + limits.ACCOUNT_CACHE_S
        try:
            value = await fetch(known=key in self._found)
        finally:
            del self._flights[key]
        self._found.pop(key, None)
        self._missing.pop(key, None)
        if value is None:
            _remember(self._missing, key, _Entry(None, good_until))
        else:
            _remember(self._found, key, _Entry(value, good_until))
        return value


def _remember(entries: dict[Key, _Entry[Found]], key: Key, entry: _Entry[Found]) -> None:
    entries[key] = entry
    while len(entries) > limits.ACCOUNT_CACHE_ENTRIES_MAX:
        del entries[next(iter(entries))]
