"""getOrders: search the orders of a campaign, in the older form."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from entrepot.contract.dates import MOSCOW
from entrepot.contract.enums import BuyerType, DispatchType, OrderStatus, OrderSubstatus
from entrepot.contract.errors import Refusal
from entrepot.contract.query_dates import DateReader, DayText, MomentText
from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import READ_CAMPAIGN_ORDERS
from entrepot.db.connection import Connection
from entrepot.db.orders_read import OrderPage, search_orders, search_orders_page
from entrepot.domain.accounts import Campaign
from entrepot.domain.delivery.slot import PlaceKind
from entrepot.domain.order_search import (
    FINISHED_SHOWN_DAYS,
    AskedDates,
    OrderCursor,
    OrderSearch,
    search_periods,
)
from entrepot.operations.call import Call
from entrepot.operations.orders.views import (
    REPLACED_BY_BUSINESS_ORDERS,
    OrderDTO,
    OrderId,
    show_legacy_order,
)
from entrepot.operations.orders.views_pages import (
    ORDERS_PER_PAGE_MAX,
    TruncatedLimit,
    paging_after,
    read_cursor,
)
from entrepot.operations.registry import Method, operation
from entrepot.operations.wire import Answer, Pager, Paging, Query

PAGES_MAX = 10_000

_UNIQUE = Meta(extra_json_schema={"uniqueItems": True})  # a value that stands twice counts once

_PLACE_KINDS = {
    DispatchType.BUYER: PlaceKind.ZONE,
    DispatchType.MARKET_BRANDED_OUTLET: PlaceKind.POINT,
}


class GetOrdersQuery(Query):
    """Filters and paging; dates are days of Moscow, written `DD-MM-YYYY`."""

    orderIds: Annotated[tuple[OrderId, ...], Meta(min_length=1, max_length=50)] | None = None
    status: Annotated[tuple[OrderStatus, ...], _UNIQUE] | None = None
    substatus: Annotated[tuple[OrderSubstatus, ...], _UNIQUE] | None = None
    fromDate: DayText | None = None
    toDate: DayText | None = None
    supplierShipmentDateFrom: DayText | None = None
    supplierShipmentDateTo: DayText | None = None
    updatedAtFrom: MomentText | None = None
    updatedAtTo: MomentText | None = None
    dispatchType: DispatchType | None = None
    fake: bool = False
    hasCis: bool = False
    onlyWaitingForCancellationApprove: bool = False
    onlyEstimatedDelivery: bool = False
    buyerType: BuyerType | None = None
    page: Annotated[int, Meta(ge=1, le=PAGES_MAX)] | None = None
    pageSize: Annotated[int, Meta(ge=1)] | None = None
    pageToken: str | None = None
    limit: TruncatedLimit | None = None


class GetOrdersResponse(Answer):
    """A page of orders, the newest first."""

    orders: tuple[OrderDTO, ...]
    pager: Pager | None = None
    paging: Paging | None = None


class _Numbered(msgspec.Struct, frozen=True):
    """A page asked for in the older way."""

    page: int
    size: int


class _Found(msgspec.Struct, frozen=True):
    orders: tuple[OrderDTO, ...] = ()
    next_after: OrderCursor | None = None
    total: int = 0


@operation(
    "getOrders",
    Method.GET,
    "/v2/campaigns/{campaignId}/orders",
    scopes=READ_CAMPAIGN_ORDERS,
    limit=per_hour(10_000, parallel=6),
    deprecation=REPLACED_BY_BUSINESS_ORDERS,
)
async def get_orders(
    call: Call, campaign: Campaign, query: GetOrdersQuery
) -> GetOrdersResponse | Refusal:
    """Search the orders of the campaign, the newest first.

    Without dates, and without `orderIds`, those of the last 30 days. A period includes its
    first day and excludes its last; it is 30 days long at most. Orders delivered or cancelled
    more than 30 days ago are not shown, fake ones only with `fake=true`. A draft that was not
    confirmed within its hour counts as CANCELLED/RESERVATION_EXPIRED from that very moment.

    With `pageToken` or `limit` the answer carries `paging`; with `page` or `pageSize`, or none
    of them, it carries `pager` as well.
    """
    asked = _asked_dates(query)
    if isinstance(asked, Refusal):
        return asked
    question = ("getOrders", campaign.business_id, campaign.id, _filters(query))
    after = read_cursor(call.platform.page_tokens, query.pageToken, *question)
    if isinstance(after, Refusal):
        return after
    numbered = _numbered(query)

    async def read(connection: Connection) -> _Found | Refusal:
        now = await call.platform.clock.now(connection)
        search = _search(campaign, query, asked, now)
        if isinstance(search, Refusal):
            return search
        if search is None:
            return _Found()
        network = await call.platform.network.latest(connection)
        page, total = await _read_page(connection, search, query, after, numbered)
        shown = tuple(show_legacy_order(order, network) for order in page.orders)
        return _Found(shown, page.next_after, total)

    found = await call.platform.database.read(read)
    if isinstance(found, Refusal):
        return found
    return GetOrdersResponse(
        orders=found.orders,
        pager=None if numbered is None else _pager(numbered, len(found.orders), found.total),
        paging=paging_after(call.platform.page_tokens, found.next_after, *question),
    )


async def _read_page(
    connection: Connection,
    search: OrderSearch,
    query: GetOrdersQuery,
    after: OrderCursor | None,
    numbered: _Numbered | None,
) -> tuple[OrderPage, int]:
    if numbered is None:
        limit = min(query.limit or ORDERS_PER_PAGE_MAX, ORDERS_PER_PAGE_MAX)
        return await search_orders(connection, search, after, limit), 0
    offset = (numbered.page - 1) * numbered.size
    found = await search_orders_page(connection, search, offset, numbered.size)
    return found.page, found.total


def _numbered(query: GetOrdersQuery) -> _Numbered | None:
    by_number = query.page is not None or query.pageSize is not None
    if query.pageToken is not None or (query.limit is not None and not by_number):
        return None
    size = query.pageSize or query.limit or ORDERS_PER_PAGE_MAX
    return _Numbered(query.page or 1, min(size, ORDERS_PER_PAGE_MAX))


def _filters(query: GetOrdersQuery) -> GetOrdersQuery:
    """Give what the pages depend on."""
    return msgspec.structs.replace(query, page=None, pageSize=None, pageToken=None, limit=None)


def _search(
    campaign: Campaign, query: GetOrdersQuery, asked: AskedDates, now: datetime
) -> OrderSearch | Refusal | None:
    """Read the filters; None when no order of this kind of trade can pass them."""
    today = now.astimezone(MOSCOW).date()
    periods = search_periods(asked, today, by_id=query.orderIds is not None)
    if isinstance(periods, Refusal):
        return periods
    if (
        query.hasCis
        or query.onlyWaitingForCancellationApprove
        or query.onlyEstimatedDelivery
        or query.buyerType is BuyerType.BUSINESS
        or (query.dispatchType is not None and query.dispatchType not in _PLACE_KINDS)
    ):
        return None
    return OrderSearch(
        business_id=campaign.business_id,
        fake=query.fake,
        campaign_ids=(campaign.id,),
        order_ids=query.orderIds,
        statuses=query.status,
        substatuses=query.substatus,
        created=periods.created,
        updated=periods.updated,
        shipped=periods.shipped,
        place_kind=None if query.dispatchType is None else _PLACE_KINDS[query.dispatchType],
        finished_since=now - timedelta(days=FINISHED_SHOWN_DAYS),
    )


def _asked_dates(query: GetOrdersQuery) -> AskedDates | Refusal:
    reader = DateReader()
    asked = AskedDates(
        created_from=reader.day(query.fromDate),
        created_to=reader.day(query.toDate),
        shipped_from=reader.day(query.supplierShipmentDateFrom),
        shipped_to=reader.day(query.supplierShipmentDateTo),
        updated_from=reader.moment(query.updatedAtFrom),
        updated_to=reader.moment(query.updatedAtTo),
    )
    return reader.refusal or asked


def _pager(numbered: _Numbered, shown: int, total: int) -> Pager:
    before = (numbered.page - 1) * numbered.size
    return Pager(
        total=total,
        from_=before + 1 if shown else 0,
        to=before + shown if shown else 0,
        currentPage=numbered.page,
        pagesCount=-(-total // numbered.size),
        pageSize=numbered.size,
    )
