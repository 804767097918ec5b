"""getRegionsCodes: countries and their codes."""

from typing import Annotated

from msgspec import Meta

from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import ANY_SCOPE
from entrepot.operations.call import Call
from entrepot.operations.registry import Method, operation
from entrepot.operations.views import RegionDTO
from entrepot.operations.wire import Answer

CountryCode = Annotated[str, Meta(min_length=2, max_length=2, pattern="^[A-Z]{2}$")]


class CountryDTO(Answer):
    """A country and its code (ISO 3166-1 alpha-2)."""

    region: RegionDTO
    countryCode: CountryCode


class GetRegionsCodesResponse(Answer):
    """The countries."""

    countries: list[CountryDTO]


@operation(
    "getRegionsCodes",
    Method.POST,
    "/v2/regions/countries",
    scopes=ANY_SCOPE,
    limit=per_hour(100),
)
async def get_regions_codes(call: Call) -> GetRegionsCodesResponse:
    """List the countries of the region tree that have a code, by name."""
    network = await call.platform.database.read(call.platform.network.latest)
    return GetRegionsCodesResponse(
        countries=[
            CountryDTO(
                region=RegionDTO(id=country.id, name=country.name, type=country.type),
                countryCode=country.country_code,
            )
            for country in network.regions.countries
            if country.country_code is not None
        ]
    )
