"""searchRegionsByName: regions of a name, told apart by what they lie in."""

from typing import Annotated

from msgspec import Meta, Struct

from entrepot.contract.errors import Refusal
from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import ANY_SCOPE
from entrepot.operations.call import Call
from entrepot.operations.registry import Method, operation
from entrepot.operations.views import RegionDTO, show_region
from entrepot.operations.wire import Answer, Paging, Query

REGIONS_DEFAULT = 10
REGIONS_MAX = 20


class SearchRegionsByNameQuery(Query):
    """The name, and paging."""

    name: str
    pageToken: str | None = None
    limit: Annotated[int, Meta(ge=1, le=REGIONS_MAX)] = REGIONS_DEFAULT


class GetRegionsResponse(Answer):
    """Regions found."""

    regions: list[RegionDTO]
    paging: Paging | None = None


class _Position(Struct, frozen=True):
    """The last region of the page before."""

    region_id: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0


@operation(
    "searchRegionsByName",
    Method.GET,
    "/v2/regions",
    scopes=ANY_SCOPE,
    limit=per_hour(50_000, counted="resp.regions"),
)
async def search_regions_by_name(
    call: Call, query: SearchRegionsByNameQuery
) -> GetRegionsResponse | Refusal:
    """Find the regions of exactly this name, with their parents up to the country.

    Letter case and ё/е do not matter. Ascending by id; none is an empty list.
    """
    question = ("searchRegionsByName", query.name)
    tokens = call.platform.page_tokens
    after = _Position()
    if query.pageToken is not None:
        read = tokens.read(query.pageToken, _Position, *question)
        if isinstance(read, Refusal):
            return read
        after = read
    network = await call.platform.database.read(call.platform.network.latest)
    found = [region for region in network.regions.named(query.name) if region.id > after.region_id]
    page = found[: query.limit]
    following = tokens.make(_Position(page[-1].id), *question) if len(found) > len(page) else None
    shown = (show_region(network, region.id) for region in page)
    return GetRegionsResponse(
        regions=[region for region in shown if region is not None],
        paging=Paging(nextPageToken=following),
    )
