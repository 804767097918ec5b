"""Request limits of one request: a place among those in flight, and its part of a budget.

Counted for the campaign or business in the path, else for the business of the key. A request
that was let in counts, whatever becomes of it; elements count once it is known how many.
"""

import asyncio

from entrepot import limits
from entrepot.contract.enums import SubscriptionLevel
from entrepot.contract.errors import PARALLEL_LIMIT, REQUEST_LIMIT, Refusal
from entrepot.contract.request_limits import (
    REQUESTS,
    SHARED_PARALLEL,
    Figures,
    OwnLimit,
    figures_of,
)
from entrepot.db.budget_leases import Lease
from entrepot.db.parallel_places import Gate
from entrepot.db.request_budgets import BudgetKey
from entrepot.db.request_limiter import RequestLimiter
from entrepot.domain.accounts import ApiKey, Business
from entrepot.http.asgi import Header
from entrepot.http.endpoint import Endpoint
from entrepot.operations.call import Platform

# Of a business that has been removed while its key is still remembered.
_UNKNOWN: tuple[SubscriptionLevel, dict[str, OwnLimit]] = (SubscriptionLevel.NONE, {})


class Passage:
    """The way of all requests for one operation and entity through the limits.

    Whoever entered leaves.
    """

    __slots__ = (
        "_at_entry", "_budgets", "_entity", "_figures", "_gate", "_lease", "_limit_header",
        "_operation_id", "_places", "business",
    )  # fmt: skip

    def __init__(
        self, endpoint: Endpoint, entity: str, business: Business | None, limiter: RequestLimiter
    ) -> None:
        """Prepare; nothing is taken yet."""
        assert endpoint.limit is not None
        level, own = _UNKNOWN if business is None else (
            business.subscription_level, business.own_limits,
        )  # fmt: skip
        self.business = business
        self._budgets = limiter.budgets
        self._places = limiter.places
        self._operation_id = endpoint.operation_id
        self._entity = entity
        self._figures: Figures = figures_of(endpoint.operation_id, endpoint.limit, level, own)
        # Of elements it is known only later how many there are.
        self._at_entry = 1 if endpoint.limit.counted == REQUESTS else 0
        self._limit_header: Header = (
            b"x-ratelimit-resource-limit",
            b"%d" % self._figures.budget.amount,
        )
        self._gate: Gate
        self._lease: Lease

    def bind(self, business_id: int) -> None:
        """Find the gate and the lease that count."""
        name = SHARED_PARALLEL if self._figures.shared else self._operation_id
        key = BudgetKey(business_id, self._entity, name)
        self._gate = self._places.gate(key, self._figures.parallel)
        key = BudgetKey(business_id, self._entity, self._operation_id)
        self._lease = self._budgets.lease(key, self._figures.budget)

    @property
    def bound(self) -> bool:
        """Tell whether gate and lease still count; those at rest for long are forgotten."""
        return not (self._gate.forgotten or self._lease.forgotten)

    async def enter(self) -> Refusal | None:
        """Take a place and a part of the budget; of elements, ask whether there is any left.

        Raises:
            DatabaseUnavailable: it cannot be asked, and this process has borrowed nothing.
        """
        if not (self._places.try_enter(self._gate) or await self._places.enter(self._gate)):
            # The headers of this answer, too, tell of the window.
            await self._budgets.take(self._lease, 0)
            return PARALLEL_LIMIT(limit=self._gate.most, entity=self._entity)
        if self._budgets.try_take(self._lease, self._at_entry):
            return None
        try:
            refusal = await self.charge(self._at_entry)
        except BaseException:
            self._places.leave(self._gate)
            raise
        if refusal is not None:
            await self.leave()
        return refusal

    async def charge(self, count: int) -> Refusal | None:
        """Take a part of the budget.

        Raises:
            DatabaseUnavailable: as `enter`.
        """
        if await self._budgets.take(self._lease, count):
            return None
        return REQUEST_LIMIT(
            limit=self._figures.budget.amount,
            period=self._figures.budget.period,
            resource=self._operation_id,
            entity=self._entity,
        )

    async def leave(self) -> None:
        """Free the place; where other processes want it, wait until they can have it."""
        given_back = self._places.leave(self._gate)
        if given_back is not None:
            # The answer does not depend on it: places that cannot be given back run out.
            await asyncio.wait([given_back])

    def headers(self) -> tuple[Header, ...]:
        """Tell of the budget and its window."""
        lease = self._lease
        if lease.until is None:
            return ()
        remaining = b"%d" % lease.remaining
        return (
            self._limit_header,
            (b"x-ratelimit-resource-remaining", remaining),
            lease.until,
        )


class Passages:
    """The passages of a process, each made when it is first gone through."""

    def __init__(self) -> None:
        """Know none yet."""
        self._known: dict[tuple[str, int, int], Passage] = {}

    async def find(
        self, endpoint: Endpoint, values: tuple[str, ...], key: ApiKey, platform: Platform
    ) -> Passage | None:
        """Find the passage of a request whose path and caller have been checked.

        None where request limits are switched off.

        Raises:
            DatabaseUnavailable: the business is not remembered and cannot be asked for.
        """
        if platform.limiter is None:
            return None
        name, entity_id = "businessId", key.business_id
        if endpoint.entity_at is not None:
            name, at = endpoint.entity_at
            entity_id = int(values[at])
        business = await platform.accounts.business(key.business_id)
        known = (endpoint.operation_id, key.business_id, entity_id)
        found = self._known.get(known)
        # What is remembered of a business is another object once it was asked for again.
        if found is None or found.business is not business or not found.bound:
            found = Passage(endpoint, f"{name} {entity_id}", business, platform.limiter)
            found.bind(key.business_id)
            if len(self._known) >= limits.PASSAGES_REMEMBERED_MAX:
                self._known.clear()
            self._known[known] = found
        return found
