"""getBusinessOrders: search the orders of all campaigns of a business."""

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta

from entrepot.contract.dates import MOSCOW
from entrepot.contract.enums import (
    OrderStatus,
    OrderSubstatus,
    SellingProgram,
    SourcePlatform,
)
from entrepot.contract.errors import NO_ACCESS, Refusal, listed
from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import READ_BUSINESS_ORDERS
from entrepot.db.accounts_read import fetch_campaign_ids
from entrepot.db.connection import Connection
from entrepot.db.orders_read import OrderPage, read_placed_ids, search_orders
from entrepot.domain.accounts import Business
from entrepot.domain.network import Network
from entrepot.domain.order import external_id_hash
from entrepot.domain.order_search import AskedDates, OrderSearch, Periods, search_periods
from entrepot.operations.call import Call
from entrepot.operations.orders.views import OrderId
from entrepot.operations.orders.views_business import (
    PROGRAM,
    SOURCE,
    BusinessOrderDTO,
    show_business_order,
)
from entrepot.operations.orders.views_pages import (
    ORDERS_PER_PAGE_MAX,
    TruncatedLimit,
    paging_after,
    read_cursor,
)
from entrepot.operations.registry import Method, operation
from entrepot.operations.wire import Answer, Paging, PositiveId, Query, Request

# A value that stands twice counts once.
# With an offset or without, and then of Moscow; so msgspec would not call it a date-time.
Moment = Annotated[datetime, Meta(extra_json_schema={"format": "date-time"})]

_AT_LEAST_ONE = Meta(min_length=1, extra_json_schema={"uniqueItems": True})
_UP_TO_FIFTY = Meta(min_length=1, max_length=50, extra_json_schema={"uniqueItems": True})

ExternalOrderId = Annotated[str, Meta(min_length=1)]


class OrderDatesFilterDTO(Request):
    """Periods; each includes its beginning and excludes its end. Days are days of Moscow."""

    creationDateFrom: date | None = None
    creationDateTo: date | None = None
    shipmentDateFrom: date | None = None
    shipmentDateTo: date | None = None
    updateDateFrom: Moment | None = None
    updateDateTo: Moment | None = None


class GetBusinessOrdersRequest(Request):
    """Filters."""

    orderIds: Annotated[tuple[OrderId, ...], _UP_TO_FIFTY] | None = None
    externalOrderIds: Annotated[tuple[ExternalOrderId, ...], _UP_TO_FIFTY] | None = None
    programTypes: Annotated[tuple[SellingProgram, ...], _AT_LEAST_ONE] | None = None
    campaignIds: Annotated[tuple[PositiveId, ...], _UP_TO_FIFTY] | None = None
    statuses: Annotated[tuple[OrderStatus, ...], _AT_LEAST_ONE] | None = None
    substatuses: Annotated[tuple[OrderSubstatus, ...], _AT_LEAST_ONE] | None = None
    dates: OrderDatesFilterDTO | None = None
    fake: bool | None = None
    waitingForCancellationApprove: bool | None = None
    sourcePlatforms: Annotated[tuple[SourcePlatform, ...], _AT_LEAST_ONE] | None = None


class GetBusinessOrdersQuery(Query):
    """Paging."""

    pageToken: str | None = None
    limit: TruncatedLimit = ORDERS_PER_PAGE_MAX


class GetBusinessOrdersResponse(Answer):
    """A page of orders, the newest first."""

    orders: tuple[BusinessOrderDTO, ...]
    paging: Paging | None = None


@operation(
    "getBusinessOrders",
    Method.POST,
    "/v1/businesses/{businessId}/orders",
    scopes=READ_BUSINESS_ORDERS,
    limit=per_hour(10_000, parallel=6),
)
async def get_business_orders(
    call: Call,
    business: Business,
    query: GetBusinessOrdersQuery,
    body: GetBusinessOrdersRequest,
) -> GetBusinessOrdersResponse | Refusal:
    """Search the orders of all campaigns of the business, the newest first.

    Without dates, and without ids, those of the last 30 days. A period includes its beginning
    and excludes its end; it is 30 days long at most. Fake orders are found only with
    `fake: true`. `externalOrderIds` finds all orders that were created under an id, one per
    warehouse. A draft that was not confirmed within its hour counts as
    CANCELLED/RESERVATION_EXPIRED from that very moment.
    """
    question = ("getBusinessOrders", business.id, body)
    after = read_cursor(call.platform.page_tokens, query.pageToken, *question)
    if isinstance(after, Refusal):
        return after

    async def read(connection: Connection) -> tuple[OrderPage, Network] | Refusal:
        search = await _search(call, connection, business.id, body)
        if isinstance(search, Refusal):
            return search
        network = await call.platform.network.latest(connection)
        if search is None:
            return OrderPage((), None), network
        limit = min(query.limit, ORDERS_PER_PAGE_MAX)
        return await search_orders(connection, search, after, limit), network

    found = await call.platform.database.read(read)
    if isinstance(found, Refusal):
        return found
    page, network = found
    return GetBusinessOrdersResponse(
        orders=tuple(show_business_order(order, network) for order in page.orders),
        paging=paging_after(call.platform.page_tokens, page.next_after, *question),
    )


async def _search(
    call: Call, connection: Connection, business_id: int, body: GetBusinessOrdersRequest
) -> OrderSearch | Refusal | None:
    """Read the filters; None when no order can pass them."""
    now = await call.platform.clock.now(connection)
    periods = _periods(body, now)
    if isinstance(periods, Refusal):
        return periods
    if body.campaignIds is not None:
        known = await fetch_campaign_ids(connection, business_id, body.campaignIds)
        foreign = [str(one) for one in dict.fromkeys(body.campaignIds) if one not in known]
        if foreign:
            return NO_ACCESS(campaigns=listed(foreign))
    if _is_of_another_trade(body):
        return None
    return OrderSearch(
        business_id=business_id,
        fake=bool(body.fake),
        campaign_ids=body.campaignIds,
        order_ids=await _order_ids(connection, business_id, body),
        statuses=body.statuses,
        substatuses=body.substatuses,
        created=periods.created,
        updated=periods.updated,
        shipped=periods.shipped,
    )


def _periods(body: GetBusinessOrdersRequest, now: datetime) -> Periods | Refusal:
    dates = body.dates or OrderDatesFilterDTO()
    asked = AskedDates(
        created_from=dates.creationDateFrom,
        created_to=dates.creationDateTo,
        shipped_from=dates.shipmentDateFrom,
        shipped_to=dates.shipmentDateTo,
        updated_from=dates.updateDateFrom,
        updated_to=dates.updateDateTo,
    )
    by_id = body.orderIds is not None or body.externalOrderIds is not None
    return search_periods(asked, now.astimezone(MOSCOW).date(), by_id=by_id)


def _is_of_another_trade(body: GetBusinessOrdersRequest) -> bool:
    return (
        bool(body.waitingForCancellationApprove)
        or (body.programTypes is not None and PROGRAM not in body.programTypes)
        or (body.sourcePlatforms is not None and SOURCE not in body.sourcePlatforms)
    )


async def _order_ids(
    connection: Connection, business_id: int, body: GetBusinessOrdersRequest
) -> tuple[int, ...] | None:
    """Give the ids that the search is narrowed to, if it is."""
    if body.externalOrderIds is None:
        return body.orderIds
    hashes = [external_id_hash(external_id) for external_id in body.externalOrderIds]
    placed = await read_placed_ids(connection, business_id, hashes)
    if body.orderIds is None:
        return placed
    return tuple(set(placed).intersection(body.orderIds))
