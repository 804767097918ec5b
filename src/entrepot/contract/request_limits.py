"""Request limits of operations (`x-resource-limit-config`), as data beside each operation."""

import msgspec

PARALLEL_DEFAULT = 4  # simultaneous requests per campaign or business, unless overridden


class RequestLimit(msgspec.Struct, frozen=True):
    """A budget in a fixed window of the clock.

    `counted` is `resp` for requests, else the path of the elements that count.
    `parallel` is how many calls may be in flight at once for one campaign or business.
    """

    amount: int
    window_s: int
    counted: str = "resp"
    parallel: int = PARALLEL_DEFAULT


def per_hour(
    amount: int, *, counted: str = "resp", parallel: int = PARALLEL_DEFAULT
) -> RequestLimit:
    """Allow an amount in each hour."""
    return RequestLimit(amount, 3600, counted, parallel)


def per_minute(
    amount: int, *, counted: str = "resp", parallel: int = PARALLEL_DEFAULT
) -> RequestLimit:
    """Allow an amount in each minute."""
    return RequestLimit(amount, 60, counted, parallel)
