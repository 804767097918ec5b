"""searchRegionsById: a region and what it lies in."""

from entrepot.contract.errors import REGION_NOT_FOUND, Refusal
from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import ANY_SCOPE
from entrepot.operations.call import Call
from entrepot.operations.registry import Method, operation
from entrepot.operations.views import RegionDTO, show_region
from entrepot.operations.wire import Answer


class GetRegionByIdResponse(Answer):
    """The region; `regions` is its older form, with the one region in it."""

    region: RegionDTO
    regions: list[RegionDTO] | None = None


@operation(
    "searchRegionsById",
    Method.GET,
    "/v2/regions/{regionId}",
    scopes=ANY_SCOPE,
    limit=per_hour(10_000),
)
async def search_regions_by_id(call: Call, region_id: int) -> GetRegionByIdResponse | Refusal:
    """Show a region with its parents up to the country."""
    network = await call.platform.database.read(call.platform.network.latest)
    shown = show_region(network, region_id)
    if shown is None:
        return REGION_NOT_FOUND(region_id=region_id)
    return GetRegionByIdResponse(region=shown, regions=[shown])
