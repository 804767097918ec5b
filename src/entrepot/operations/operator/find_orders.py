"""findOrders: search the orders of all businesses, recipients included."""

from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Annotated

from msgspec import Meta

from entrepot.contract import operator_errors as errors
from entrepot.contract.dates import MOSCOW, moscow_midnight
from entrepot.contract.enums import OrderStatus
from entrepot.contract.errors import Refusal
from entrepot.db.connection import Connection
from entrepot.db.personal_reads import What, record_reads
from entrepot.db.recipients import (
    FoundOrder,
    RecipientSearch,
    find_placed,
    phone_key,
    read_business_ids,
    search_recipients,
)
from entrepot.domain.operators import Role
from entrepot.domain.order import external_id_hash
from entrepot.domain.order_search import Moments, OrderCursor
from entrepot.operations.operator.calls import OperatorCall, Purpose
from entrepot.operations.operator.order_views import FoundOrderView, show_found
from entrepot.operations.orders.views_pages import ORDERS_PER_PAGE_MAX, paging_after, read_cursor
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Answer, Paging, PositiveId, Query, Request

_PHONE_DIGITS_MIN = 10
_PERIOD_DAYS_MAX = 366
_UP_TO_FIFTY = Meta(min_length=1, max_length=50)
_Name = Annotated[str, Meta(min_length=1, max_length=255)]


class FindOrdersRequest(Request):
    """What to look for.

    At least one of ids, phone, last name, or a business with days of creation. Names match whole,
    in any case; a phone by its last ten digits. The period includes its last day and has 366 days
    at most; without one, phones and names are looked for among the last 366 days.
    """

    businessId: PositiveId | None = None
    orderIds: Annotated[tuple[PositiveId, ...], _UP_TO_FIFTY] | None = None
    externalOrderIds: Annotated[tuple[_Name, ...], _UP_TO_FIFTY] | None = None
    phone: Annotated[str, Meta(min_length=1, max_length=32)] | None = None
    lastName: _Name | None = None
    firstName: _Name | None = None
    statuses: Annotated[tuple[OrderStatus, ...], Meta(min_length=1)] | None = None
    warehouseIds: Annotated[tuple[PositiveId, ...], _UP_TO_FIFTY] | None = None
    createdFrom: date | None = None
    createdTo: date | None = None
    purpose: Purpose | None = None


class FindOrdersQuery(Query):
    """Paging."""

    pageToken: str | None = None
    limit: Annotated[int, Meta(ge=1, le=ORDERS_PER_PAGE_MAX)] = ORDERS_PER_PAGE_MAX


class FindOrdersResponse(Answer):
    """A page of orders, the newest first."""

    orders: tuple[FoundOrderView, ...]
    paging: Paging


@operation(
    "findOrders",
    Method.POST,
    "/operator/v1/orders/search",
    api=OPERATOR,
    roles=(Role.ADMIN, Role.SUPPORT),
    section="orders",
)
async def find_orders(
    call: OperatorCall, query: FindOrdersQuery, body: FindOrdersRequest
) -> FindOrdersResponse | Refusal:
    """Search orders by id, external id, phone, name, status, warehouse and days of creation.

    Recipients are shown, so each order of the answer stands on record as read. Fake orders are
    left out.
    """
    question = ("findOrders", body)
    platform = call.platform
    after = read_cursor(platform.page_tokens, query.pageToken, *question)
    if isinstance(after, Refusal):
        return after
    refusal = _objection(body)
    if refusal is not None:
        return refusal

    async def work(connection: Connection) -> list[FoundOrder] | Refusal:
        now = await platform.clock.now(connection)
        search = await _search(connection, body, now)
        if isinstance(search, Refusal):
            return search
        found = await search_recipients(connection, search, after, query.limit + 1)
        shown = sorted(found[: query.limit], key=lambda one: one.business_id)
        for business_id, of_business in groupby(shown, key=lambda one: one.business_id):
            order_ids = [one.order_id for one in of_business]
            reader = call.reader(body.purpose)
            await record_reads(connection, business_id, order_ids, What.SEARCH, reader)
        return found

    found = await platform.database.transaction(work)
    if isinstance(found, Refusal):
        return found
    shown = found[: query.limit]
    more = len(found) > query.limit
    end = OrderCursor(shown[-1].created_at, shown[-1].order_id) if more else None
    return FindOrdersResponse(
        orders=tuple(map(show_found, shown)),
        paging=paging_after(platform.page_tokens, end, *question),
    )


def _objection(body: FindOrdersRequest) -> Refusal | None:
    dated = body.createdFrom is not None or body.createdTo is not None
    by_day = dated and body.businessId is not None
    named = (body.orderIds, body.externalOrderIds, body.phone, body.lastName)
    if not by_day and all(one is None for one in named):
        return errors.SEARCH_TOO_WIDE()
    if body.phone is not None and len(phone_key(body.phone)) < _PHONE_DIGITS_MIN:
        return errors.BAD_FIELD(field="phone", problem="has ten digits at least")
    return None


async def _search(
    connection: Connection, body: FindOrdersRequest, now: datetime
) -> RecipientSearch | Refusal:
    created = _period(body, now)
    if isinstance(created, Refusal):
        return created
    business_ids: tuple[int, ...] | None = None
    if body.businessId is not None:
        business_ids = (body.businessId,)
    elif body.orderIds is not None or body.externalOrderIds is not None:
        business_ids = await read_business_ids(connection)
    order_ids = body.orderIds
    if body.externalOrderIds is not None and business_ids is not None:
        hashes = [external_id_hash(one) for one in body.externalOrderIds]
        placed = await find_placed(connection, business_ids, hashes)
        order_ids = placed if order_ids is None else tuple(set(placed).intersection(order_ids))
    return RecipientSearch(
        business_ids=business_ids,
        order_ids=order_ids,
        phone=body.phone,
        last_name=body.lastName,
        first_name=body.firstName,
        statuses=body.statuses,
        warehouse_ids=body.warehouseIds,
        created=created,
    )


def _period(body: FindOrdersRequest, now: datetime) -> Moments | Refusal:
    """Give the moments of creation; ids are looked for in all the past unless days are named."""
    by_id = body.orderIds is not None or body.externalOrderIds is not None
    if by_id and body.createdFrom is None and body.createdTo is None:
        return Moments()
    last = body.createdTo or max(now.astimezone(MOSCOW).date(), body.createdFrom or date.min)
    if not date(1970, 1, 2) <= last <= date(2999, 12, 31):
        return errors.BAD_FIELD(field="createdTo", problem="is no day of this service")
    first = body.createdFrom or last - timedelta(days=_PERIOD_DAYS_MAX - 1)
    if not 0 <= (last - first).days < _PERIOD_DAYS_MAX:
        problem = f"to createdTo is a period of 1 to {_PERIOD_DAYS_MAX} days"
        return errors.BAD_FIELD(field="createdFrom", problem=problem)
    return Moments(moscow_midnight(first), moscow_midnight(last + timedelta(days=1)))
