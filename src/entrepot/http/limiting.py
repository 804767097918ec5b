"""Request limits of one request: a place among those in flight, and its part of a budget.

Counted for the campaign or business in the path, else for the business of the key. A request
that was let in counts, whatever becomes of it; elements count once it is known how many.
"""

import asyncio

from entrepot.contract.enums import SubscriptionLevel
from entrepot.contract.errors import PARALLEL_LIMIT, REQUEST_LIMIT, Refusal
from entrepot.contract.request_limits import (
    REQUESTS,
    SHARED_PARALLEL,
    Budget,
    OwnLimit,
    RequestLimit,
    figures_of,
)
from entrepot.db.accounts_cache import AccountsCache
from entrepot.db.budget_leases import Lease
from entrepot.db.parallel_places import Gate
from entrepot.db.request_budgets import BudgetKey
from entrepot.db.request_limiter import RequestLimiter
from entrepot.domain.accounts import ApiKey
from entrepot.http.asgi import AsgiScope, Header
from entrepot.http.endpoint import Endpoint

PASSAGE = "entrepot.passage"
"""Where a request's scope keeps its passage, so that every answer can tell of the limits."""

# Of a business that has been removed while its key is still remembered.
_UNKNOWN: tuple[SubscriptionLevel, dict[str, OwnLimit]] = (SubscriptionLevel.NONE, {})


class Passage:
    """A request's way through the limits. Whoever entered leaves."""

    __slots__ = ("_budget", "_entity", "_gate", "_lease", "_limiter", "_operation_id")

    def __init__(
        self,
        limiter: RequestLimiter,
        operation_id: str,
        entity: str,
        gate: Gate,
        lease: Lease,
        budget: Budget,
    ) -> None:
        """Prepare; nothing is taken yet."""
        self._limiter = limiter
        self._operation_id = operation_id
        self._entity = entity
        self._gate = gate
        self._lease = lease
        self._budget = budget

    async def enter(self, count: int) -> Refusal | None:
        """Take a place and a part of the budget; of nothing, ask whether there is any left.

        Raises:
            DatabaseUnavailable: it cannot be asked, and this process has borrowed nothing.
        """
        if not await self._limiter.places.enter(self._gate):
            # The headers of this answer, too, tell of the window.
            await self._limiter.budgets.take(self._lease, 0)
            return PARALLEL_LIMIT(limit=self._gate.most, entity=self._entity)
        try:
            refusal = await self.charge(count)
        except BaseException:
            self._limiter.places.leave(self._gate)
            raise
        if refusal is not None:
            await self.leave()
        return refusal

    async def charge(self, count: int) -> Refusal | None:
        """Take a part of the budget.

        Raises:
            DatabaseUnavailable: as `enter`.
        """
        if await self._limiter.budgets.take(self._lease, count):
            return None
        return REQUEST_LIMIT(
            limit=self._budget.amount,
            period=self._budget.period,
            resource=self._operation_id,
            entity=self._entity,
        )

    async def leave(self) -> None:
        """Free the place; where other processes want it, wait until they can have it."""
        given_back = self._limiter.places.leave(self._gate)
        if given_back is not None:
            # The answer does not depend on it: places that cannot be given back run out.
            await asyncio.wait([given_back])

    def headers(self) -> tuple[Header, ...]:
        """Tell of the budget and its window."""
        if not self._lease.until:
            return ()
        return (
            (b"x-ratelimit-resource-limit", b"%d" % self._budget.amount),
            (b"x-ratelimit-resource-remaining", b"%d" % self._lease.remaining),
            (b"x-ratelimit-resource-until", self._lease.until),
        )


async def passage(
    endpoint: Endpoint,
    values: tuple[str, ...],
    key: ApiKey,
    accounts: AccountsCache,
    limiter: RequestLimiter,
) -> Passage:
    """Prepare the passage of a request whose path and caller have been checked.

    Raises:
        DatabaseUnavailable: the business is not remembered and cannot be asked for.
    """
    business = await accounts.business(key.business_id)
    level, own = (
        _UNKNOWN if business is None else (business.subscription_level, business.own_limits)
    )
    operation_id = endpoint.operation_id
    budget, parallel, shared = figures_of(operation_id, endpoint.limit, level, own)
    entity = endpoint.entity_of(values, key.business_id)
    gate_name = SHARED_PARALLEL if shared else operation_id
    gate = limiter.places.gate(BudgetKey(key.business_id, entity, gate_name), parallel)
    lease = limiter.budgets.lease(BudgetKey(key.business_id, entity, operation_id), budget)
    return Passage(limiter, operation_id, entity, gate, lease, budget)


def counted_at_entry(limit: RequestLimit) -> int:
    """How much of its budget a request takes by coming in: elements are counted later."""
    return 1 if limit.counted == REQUESTS else 0


def told_headers(endpoint: Endpoint, scope: AsgiScope) -> tuple[Header, ...]:
    """Give what every answer of an operation tells: its withdrawal, and what is left of limits."""
    limited: Passage | None = scope.get(PASSAGE)
    return endpoint.headers if limited is None else (*endpoint.headers, *limited.headers())
