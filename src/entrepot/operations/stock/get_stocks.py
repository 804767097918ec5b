"""getStocks: how many pieces of what lie where, and how many may be ordered."""

from itertools import groupby
from typing import Annotated

from msgspec import Meta

from entrepot.contract.dates import iso_moment
from entrepot.contract.enums import StockType, Turnover
from entrepot.contract.errors import DUPLICATE_OFFER, Code, Refusal, Template, listed
from entrepot.contract.request_limits import per_minute
from entrepot.contract.scopes import READ_OFFERS
from entrepot.db.connection import Connection
from entrepot.db.stock import (
    StockLine,
    StockPage,
    StockPosition,
    read_absent_page,
    read_present_page,
    read_sales,
    read_stock_of_offers,
    read_stock_page,
)
from entrepot.domain.accounts import Campaign
from entrepot.domain.turnover import turnover_rate
from entrepot.operations.call import Call
from entrepot.operations.registry import Method, operation
from entrepot.operations.wire import (
    Answer,
    IsoMoment,
    OkAnswer,
    Paging,
    PositiveId,
    Query,
    Request,
    ShopSku,
)

LINES_DEFAULT = 100
LINES_MAX = 200
OFFERS_MAX = 500

# The contract forbids the combinations and gives no text: ours, in its manner.
ALONE = Template(400, Code.BAD_REQUEST, "offerIds must not be combined with {field}")
WAREHOUSE_MISSING = Template(
    400, Code.BAD_REQUEST, "hasStocks must be used together with stocksWarehouseId"
)


class GetStocksQuery(Query):
    """Paging; `limit` counts offers, one in two warehouses twice."""

    pageToken: str | None = None
    limit: Annotated[int, Meta(ge=1, le=LINES_MAX)] | None = None


class GetWarehouseStocksRequest(Request):
    """Filters; `offerIds` stands alone, `hasStocks` needs `stocksWarehouseId`."""

    stocksWarehouseId: PositiveId | None = None
    hasStocks: bool | None = None
    withTurnover: bool | None = False
    archived: bool | None = None
    offerIds: (
        Annotated[
            list[ShopSku],
            Meta(min_length=1, max_length=OFFERS_MAX, extra_json_schema={"uniqueItems": True}),
        ]
        | None
    ) = None


class TurnoverDTO(Answer):
    """How fast an offer sells, and for how many days it lasts at that pace."""

    turnover: Turnover
    turnoverDays: float | None = None


class WarehouseStockDTO(Answer):
    """A kind of stock and its pieces."""

    type: StockType
    count: int


class WarehouseOfferDTO(Answer):
    """The stock of an offer in a warehouse."""

    offerId: str
    stocks: list[WarehouseStockDTO]
    turnoverSummary: TurnoverDTO | None = None
    updatedAt: IsoMoment | None = None


class WarehouseOffersDTO(Answer):
    """A warehouse and the offers in it."""

    warehouseId: int
    offers: list[WarehouseOfferDTO]


class GetWarehouseStocksDTO(Answer):
    """A page of stock, by warehouse."""

    warehouses: list[WarehouseOffersDTO]
    paging: Paging | None = None


class GetWarehouseStocksResponse(OkAnswer):
    """A page of stock."""

    result: GetWarehouseStocksDTO


@operation(
    "getStocks",
    Method.POST,
    "/v2/campaigns/{campaignId}/offers/stocks",
    scopes=READ_OFFERS,
    limit=per_minute(100_000, counted="resp.result.warehouses.offers.offerId"),
)
async def get_stocks(
    call: Call, campaign: Campaign, query: GetStocksQuery, body: GetWarehouseStocksRequest | None
) -> GetWarehouseStocksResponse | Refusal:
    """Show the stock of the business, which all its campaigns sell from.

    `FIT` holds `AVAILABLE` and `FREEZE`; kinds with no pieces are left out, but for `FIT` and
    `AVAILABLE`. What a draft held that has run out is available at that very moment.
    `hasStocks` is true of an offer when any piece of it lies in the warehouse, sound or not.
    The days of turnover are those for which the sound pieces last at the pace of the last
    30 days.
    """
    filters = body or GetWarehouseStocksRequest()
    if filters.offerIds is not None:
        return await _of_offers(call, campaign, query, filters, filters.offerIds)
    if filters.hasStocks is not None and filters.stocksWarehouseId is None:
        return WAREHOUSE_MISSING()
    question = ("getStocks", campaign.business_id, campaign.id, filters)
    token, tokens = query.pageToken, call.platform.page_tokens
    after = StockPosition() if token is None else tokens.read(token, StockPosition, *question)
    if isinstance(after, Refusal):
        return after
    limit = query.limit or LINES_DEFAULT
    page = await _read_page(call, campaign.business_id, filters, after, limit)
    following = None if page.next is None else tokens.make(page.next, *question)
    return await _answer(call, campaign, filters, page.lines, Paging(nextPageToken=following))


async def _of_offers(
    call: Call,
    campaign: Campaign,
    query: GetStocksQuery,
    filters: GetWarehouseStocksRequest,
    offer_ids: list[str],
) -> GetWarehouseStocksResponse | Refusal:
    """Show all there is of the offers named: no paging, no other filter."""
    others = {
        "pageToken": query.pageToken,
        "limit": query.limit,
        "archived": filters.archived,
        "stocksWarehouseId": filters.stocksWarehouseId,
        "hasStocks": filters.hasStocks,
    }
    for field, value in others.items():
        if value is not None:
            return ALONE(field=field)
    asked = [offer_id.strip() for offer_id in offer_ids]
    repeated = sorted({offer_id for offer_id in asked if asked.count(offer_id) > 1})
    if repeated:
        return DUPLICATE_OFFER(offer_ids=listed(repeated))

    async def read(connection: Connection) -> tuple[StockLine, ...]:
        return await read_stock_of_offers(connection, campaign.business_id, asked)

    lines = await call.platform.database.read(read)
    return await _answer(call, campaign, filters, lines, None)


async def _read_page(
    call: Call,
    business_id: int,
    filters: GetWarehouseStocksRequest,
    after: StockPosition,
    limit: int,
) -> StockPage:
    archived = filters.archived or False
    warehouse_id = filters.stocksWarehouseId

    async def read(connection: Connection) -> StockPage:
        if warehouse_id is None or filters.hasStocks is None:
            return await read_stock_page(
                connection,
                business_id,
                archived=archived,
                warehouse_id=warehouse_id,
                after=after,
                limit=limit,
            )
        read_some = read_present_page if filters.hasStocks else read_absent_page
        return await read_some(
            connection,
            business_id,
            archived=archived,
            warehouse_id=warehouse_id,
            after=after,
            limit=limit,
        )

    return await call.platform.database.read(read)


async def _answer(
    call: Call,
    campaign: Campaign,
    filters: GetWarehouseStocksRequest,
    lines: tuple[StockLine, ...],
    paging: Paging | None,
) -> GetWarehouseStocksResponse:
    turnover: dict[StockLine, TurnoverDTO] = {}
    if filters.withTurnover:
        turnover = await _read_turnover(call, campaign.business_id, lines)
    warehouses = [
        WarehouseOffersDTO(
            warehouseId=warehouse_id,
            offers=[_show(line, turnover.get(line)) for line in of_warehouse],
        )
        for warehouse_id, of_warehouse in groupby(lines, key=lambda line: line.warehouse_id)
    ]
    return GetWarehouseStocksResponse(
        result=GetWarehouseStocksDTO(warehouses=warehouses, paging=paging)
    )


async def _read_turnover(
    call: Call, business_id: int, lines: tuple[StockLine, ...]
) -> dict[StockLine, TurnoverDTO]:
    async def read(connection: Connection) -> dict[tuple[int, str], int]:
        return await read_sales(connection, business_id, lines)

    sales = await call.platform.database.read(read)
    shown = {}
    for line in lines:
        rate = turnover_rate(line.fit, sales.get((line.warehouse_id, line.offer_id), 0))
        shown[line] = TurnoverDTO(turnover=rate.turnover, turnoverDays=rate.days)
    return shown


def _show(line: StockLine, turnover: TurnoverDTO | None) -> WarehouseOfferDTO:
    always = ((StockType.FIT, line.fit), (StockType.AVAILABLE, line.available))
    unless_none = (
        (StockType.FREEZE, line.frozen),
        (StockType.QUARANTINE, line.quarantine),
        (StockType.UTILIZATION, line.utilization),
        (StockType.DEFECT, line.defect),
        (StockType.EXPIRED, line.expired),
    )
    counts = (*always, *((kind, count) for kind, count in unless_none if count))
    return WarehouseOfferDTO(
        offerId=line.offer_id,
        stocks=[WarehouseStockDTO(type=kind, count=count) for kind, count in counts],
        turnoverSummary=turnover,
        updatedAt=None if line.updated_at is None else iso_moment(line.updated_at),
    )
