"""Paging of orders: at most 50 at once, by token, newest first."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from entrepot.contract.errors import Refusal
from entrepot.contract.paging import PageTokens
from entrepot.domain.order_search import OrderCursor
from entrepot.operations.wire import Paging

ORDERS_PER_PAGE_MAX = 50

# What is above the maximum is cut down to it, not refused (`x-transform: truncateLimit`).
TruncatedLimit = Annotated[
    int,
    Meta(ge=1, extra_json_schema={"maximum": ORDERS_PER_PAGE_MAX, "x-transform": "truncateLimit"}),
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MICROSECONDS_MAX = 2**55  # the year 3111


class _Cursor(Struct, frozen=True, array_like=True):
    created_at_us: Annotated[int, Meta(ge=0, le=_MICROSECONDS_MAX)]
    order_id: Annotated[int, Meta(ge=0, le=2**63 - 1)]


def read_cursor(
    tokens: PageTokens, token: str | None, *question: object
) -> OrderCursor | Refusal | None:
    """Read where a page begins; None is the first."""
    if token is None:
        return None
    cursor = tokens.read(token, _Cursor, *question)
    if isinstance(cursor, Refusal):
        return cursor
    return OrderCursor(_EPOCH + cursor.created_at_us * _MICROSECOND, cursor.order_id)


def paging_after(tokens: PageTokens, cursor: OrderCursor | None, *question: object) -> Paging:
    """Tell where the next page begins; without a cursor this was the last."""
    if cursor is None:
        return Paging()
    microseconds = (cursor.created_at - _EPOCH) // _MICROSECOND
    return Paging(nextPageToken=tokens.make(_Cursor(microseconds, cursor.id), *question))
