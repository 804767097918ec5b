"""getCampaigns: the shops of the caller's business."""

from typing import Annotated

from msgspec import Meta

from entrepot.contract.errors import Refusal
from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import ANY_SCOPE
from entrepot.db.accounts import (
    CampaignPage,
    CampaignPosition,
    count_campaigns,
    list_campaigns,
)
from entrepot.db.connection import Connection
from entrepot.limits import CAMPAIGNS_PER_PAGE_MAX
from entrepot.operations.account.views import CampaignDTO, show_campaign
from entrepot.operations.call import Call
from entrepot.operations.registry import Method, operation
from entrepot.operations.wire import Answer, Pager, Paging, Query

PAGES_MAX = 10_000


class GetCampaignsQuery(Query):
    """Paging: by token, or in the older way by number; the token wins."""

    pageToken: str | None = None
    limit: Annotated[int, Meta(ge=1, le=CAMPAIGNS_PER_PAGE_MAX)] | None = None
    page: Annotated[int, Meta(ge=1, le=PAGES_MAX)] = 1
    pageSize: Annotated[int, Meta(ge=1, le=CAMPAIGNS_PER_PAGE_MAX)] | None = None


class GetCampaignsResponse(Answer):
    """A page of campaigns."""

    campaigns: list[CampaignDTO]
    pager: Pager | None = None
    paging: Paging | None = None


@operation(
    "getCampaigns",
    Method.GET,
    "/v2/campaigns",
    scopes=ANY_SCOPE,
    limit=per_hour(1_000),
)
async def get_campaigns(call: Call, query: GetCampaignsQuery) -> GetCampaignsResponse | Refusal:
    """List the campaigns of the caller's business, the oldest first.

    With `pageToken` or `limit` the answer carries `paging`. Otherwise it is the page of the
    older numbering and carries `pager`, and `paging` as well when more campaigns follow, so
    that a client may go on either way.
    """
    if query.pageToken is None and query.limit is None:
        return await _numbered(call, query.page, query.pageSize or CAMPAIGNS_PER_PAGE_MAX)
    after = _position(call, query.pageToken)
    if isinstance(after, Refusal):
        return after
    return await _following(call, after, query.limit or CAMPAIGNS_PER_PAGE_MAX)


async def _following(
    call: Call, after: CampaignPosition | None, limit: int
) -> GetCampaignsResponse:
    async def read(connection: Connection) -> CampaignPage:
        return await list_campaigns(connection, call.key.business_id, after=after, limit=limit)

    page = await call.platform.database.read(read)
    return await _answer(call, page, paging=_paging(call, page) or Paging())


async def _numbered(call: Call, number: int, size: int) -> GetCampaignsResponse:
    business_id = call.key.business_id
    skipped = (number - 1) * size

    async def read(connection: Connection) -> tuple[CampaignPage, int]:
        page = await list_campaigns(connection, business_id, skipped=skipped, limit=size)
        return page, await count_campaigns(connection, business_id)

    page, total = await call.platform.database.read(read)
    pager = Pager(
        total=total,
        from_=skipped + 1 if page.campaigns else 0,
        to=skipped + len(page.campaigns) if page.campaigns else 0,
        currentPage=number,
        pagesCount=-(-total // size),
        pageSize=size,
    )
    return await _answer(call, page, pager=pager, paging=_paging(call, page))


async def _answer(
    call: Call, page: CampaignPage, *, paging: Paging | None, pager: Pager | None = None
) -> GetCampaignsResponse:
    business = await call.platform.accounts.business(call.key.business_id)
    shown = [show_campaign(business, campaign) for campaign in page.campaigns]
    return GetCampaignsResponse(campaigns=shown, pager=pager, paging=paging)


def _paging(call: Call, page: CampaignPage) -> Paging | None:
    if page.next is None:
        return None
    return Paging(nextPageToken=call.platform.page_tokens.make(page.next, *_question(call)))


def _position(call: Call, token: str | None) -> CampaignPosition | Refusal | None:
    if token is None:
        return None
    return call.platform.page_tokens.read(token, CampaignPosition, *_question(call))


def _question(call: Call) -> tuple[str, int]:
    return "getCampaigns", call.key.business_id
