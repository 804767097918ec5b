"""Request limits of operations (`x-resource-limit-config`), as data beside each operation.

A limit belongs to one operation and is counted for each campaign or business that its path
names (for other paths: for the business of the key). No two of the contract's operations share
a resource (`x-resource-id`), so no two share a budget.
"""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from entrepot.contract.enums import SubscriptionLevel

PARALLEL_DEFAULT = 4  # simultaneous requests per campaign or business, unless overridden
REQUESTS = "resp"
"""What is counted where it is not elements: the answers, so the requests."""

_HOUR_S = 3600
_MINUTE_S = 60


class Budget(msgspec.Struct, frozen=True):
    """An amount in each fixed window of the clock; windows are aligned to the epoch (UTC)."""

    amount: int
    window_s: int

    @property
    def period(self) -> str:
        """The window in words, as messages have it: `hour`, `minute`, `2 minutes`."""
        for unit_s, unit in ((_HOUR_S, "hour"), (_MINUTE_S, "minute")):
            count, rest = divmod(self.window_s, unit_s)
            if not rest:
                return unit if count == 1 else f"{count} {unit}s"
        return f"{self.window_s} seconds"


class RequestLimit(msgspec.Struct, frozen=True):
    """What one campaign or business may ask of an operation, by subscription tier.

    `counted` is `resp` for requests, else the path of the elements that count, in the request
    (`req.offers`) or in the answer (`resp.regions`). What an answer counts is known only once
    everything is done: an operation that changes something says by `foretold` which elements
    of its request there will be as many of. `parallel` is how many calls may be in flight at
    once; all operations with the default figure share it, one with its own is counted alone.
    """

    none: Budget
    medium: Budget
    counted: str = REQUESTS
    parallel: int = PARALLEL_DEFAULT
    foretold: str | None = None

    def of(self, level: SubscriptionLevel) -> Budget:
        """Give the budget of a tier. LIGHT has no figures of its own in the contract."""
        return self.medium if level is SubscriptionLevel.MEDIUM else self.none


class OwnLimit(msgspec.Struct, frozen=True):
    """Figures of one business in place of the contract's; None leaves the contract's."""

    amount: int | None
    parallel: int | None


_NOTHING_OWN = OwnLimit(None, None)

SHARED_PARALLEL = "*"
"""In place of an operation's name: all operations that share the default parallel figure."""


class Figures(NamedTuple):
    """What counts for one business and operation; `shared`: others share the parallel figure."""

    budget: Budget
    parallel: int
    shared: bool


def figures_of(
    operation_id: str,
    limit: RequestLimit,
    level: SubscriptionLevel,
    own_limits: Mapping[str, OwnLimit],
) -> Figures:
    """Give what counts: a business's own figures, else the contract's for its tier."""
    budget, parallel, shared = limit.of(level), limit.parallel, limit.parallel == PARALLEL_DEFAULT
    if not own_limits:
        return Figures(budget, parallel, shared)
    own = own_limits.get(operation_id, _NOTHING_OWN)
    if own.amount is not None:
        budget = Budget(own.amount, budget.window_s)
    if own.parallel is not None:
        return Figures(budget, own.parallel, shared=False)
    common = own_limits.get(SHARED_PARALLEL, _NOTHING_OWN).parallel if shared else None
    return Figures(budget, parallel if common is None else common, shared)


def per_hour(
    amount: int,
    *,
    medium: int | None = None,
    counted: str = REQUESTS,
    parallel: int = PARALLEL_DEFAULT,
    foretold: str | None = None,
) -> RequestLimit:
    """Allow an amount in each hour, and another with a MEDIUM subscription."""
    return _limit(_HOUR_S, amount, medium, counted, parallel, foretold)


def per_minute(
    amount: int,
    *,
    medium: int | None = None,
    counted: str = REQUESTS,
    parallel: int = PARALLEL_DEFAULT,
    foretold: str | None = None,
) -> RequestLimit:
    """Allow an amount in each minute, and another with a MEDIUM subscription."""
    return _limit(_MINUTE_S, amount, medium, counted, parallel, foretold)


def _limit(
    window_s: int,
    amount: int,
    medium: int | None,
    counted: str,
    parallel: int,
    foretold: str | None,
) -> RequestLimit:
    return RequestLimit(
        Budget(amount, window_s),
        Budget(amount if medium is None else medium, window_s),
        counted,
        parallel,
        foretold,
    )


class ElementCounter:
    """Counts the elements that a path such as `result.warehouses.offers` leads to."""

    __slots__ = ("_parts",)

    def __init__(self, path: str) -> None:
        """Prepare a path, without the `req` or `resp` it begins with."""
        self._parts = tuple(map(attrgetter, path.split(".")))

    def count(self, whole: object) -> int:
        """Count in a decoded body or an answer; what is absent has no elements."""
        reached = [whole]
        for part in self._parts:
            found: list[Any] = []
            for one in reached:
                value = part(one)
                if isinstance(value, (list, tuple, set, frozenset)):
                    found.extend(value)
                elif value is not None and value is not msgspec.UNSET:
                    found.append(value)
            reached = found
        return len(reached)


def counter_in(side: str, path: str | None) -> ElementCounter | None:
    """Give the counter of a path when it begins with a side (`req` or `resp`)."""
    begins, _, rest = (path or "").partition(".")
    return ElementCounter(rest) if begins == side and rest else None
