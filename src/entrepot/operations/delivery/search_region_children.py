"""searchRegionChildren: what lies directly in a region."""

from typing import Annotated

from msgspec import Meta, Struct

from entrepot.contract.enums import RegionType
from entrepot.contract.errors import REGION_NOT_FOUND, Refusal
from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import ANY_SCOPE
from entrepot.domain.network import Network
from entrepot.domain.regions import Region
from entrepot.operations.call import Call
from entrepot.operations.registry import Method, operation
from entrepot.operations.views import RegionDTO, show_region
from entrepot.operations.wire import Answer, Pager, Paging, Query, truncated

CHILDREN_MAX = 50
PAGES_MAX = 10_000


class SearchRegionChildrenQuery(Query):
    """Paging: by token, or in the older way by number; the token wins."""

    pageToken: str | None = None
    limit: Annotated[int, truncated(CHILDREN_MAX)] | None = None
    page: Annotated[int, Meta(ge=1, le=PAGES_MAX)] = 1
    pageSize: Annotated[int, Meta(ge=1, le=2**31 - 1)] = CHILDREN_MAX


class RegionWithChildrenDTO(Answer):
    """A region, what it lies in, and a page of what lies in it."""

    id: int
    name: str
    type: RegionType
    parent: RegionDTO | None = None
    children: list[RegionDTO] | None = None


class GetRegionWithChildrenResponse(Answer):
    """A region with a page of its children."""

    regions: RegionWithChildrenDTO | None = None
    pager: Pager | None = None
    paging: Paging | None = None


class _Position(Struct, frozen=True):
    """How many children came before the page."""

    passed: Annotated[int, Meta(ge=0, le=2**31)] = 0


@operation(
    "searchRegionChildren",
    Method.GET,
    "/v2/regions/{regionId}/children",
    scopes=ANY_SCOPE,
    limit=per_hour(1_000, counted="resp.regions.children"),
)
async def search_region_children(
    call: Call, region_id: int, query: SearchRegionChildrenQuery
) -> GetRegionWithChildrenResponse | Refusal:
    """Show a region with what lies directly in it, sorted by name.

    With `pageToken` or `limit` the answer carries `paging`. Otherwise it is the page of the
    older numbering and carries `pager`, and `paging` as well when more follows. Children are
    shown without parents: the region that they lie in is there.
    """
    numbered = query.pageToken is None and query.limit is None
    size = min(query.pageSize if numbered else query.limit or CHILDREN_MAX, CHILDREN_MAX)
    passed = (query.page - 1) * size if numbered else 0
    network = await call.platform.database.read(call.platform.network.latest)
    # The version belongs to the question: a count means nothing in another tree.
    question = ("searchRegionChildren", region_id, network.version)
    tokens = call.platform.page_tokens
    if query.pageToken is not None:
        read = tokens.read(query.pageToken, _Position, *question)
        if isinstance(read, Refusal):
            return read
        passed = read.passed
    children = network.regions.children.get(region_id, ())
    page = children[passed : passed + size]
    shown = _show(network, region_id, page)
    if shown is None:
        return REGION_NOT_FOUND(region_id=region_id)
    end = passed + len(page)
    paging = Paging(
        nextPageToken=tokens.make(_Position(end), *question) if end < len(children) else None
    )
    if not numbered:
        return GetRegionWithChildrenResponse(regions=shown, paging=paging)
    return GetRegionWithChildrenResponse(
        regions=shown,
        paging=paging if end < len(children) else None,
        pager=Pager(
            total=len(children),
            from_=passed + 1 if page else 0,
            to=end if page else 0,
            currentPage=query.page,
            pagesCount=-(-len(children) // size),
            pageSize=size,
        ),
    )


def _show(
    network: Network, region_id: int, children: tuple[Region, ...]
) -> RegionWithChildrenDTO | None:
    region = show_region(network, region_id)
    if region is None:
        return None
    shown = [RegionDTO(id=child.id, name=child.name, type=child.type) for child in children]
    return RegionWithChildrenDTO(
        id=region.id,
        name=region.name,
        type=region.type,
        parent=region.parent,
        children=shown or None,
    )
