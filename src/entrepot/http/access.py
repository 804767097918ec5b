"""What a caller may reach: the campaign or business in the path, with the scopes it has.

A foreign campaign and one that does not exist get the same answer, so that nobody learns which
ids are in use.
"""

from typing import NamedTuple

from entrepot.contract.enums import ApiAvailability, PlacementType
from entrepot.contract.errors import (
    ACCESS_DENIED,
    BUSINESS_DISABLED,
    CAMPAIGN_DISABLED,
    CAMPAIGN_TYPE,
    HEADER_BUSINESS_MALFORMED,
    HEADER_BUSINESS_MISMATCH,
    HEADER_BUSINESS_OF_CAMPAIGN,
    NO_ACCESS,
    TYPE_MISMATCH,
    Refusal,
)
from entrepot.db.accounts_cache import AccountsCache
from entrepot.domain.accounts import ApiKey, Campaign
from entrepot.http.asgi import Headers
from entrepot.http.endpoint import Endpoint
from entrepot.http.explain import shown

_ID_MAX = 2**63 - 1
ID_DIGITS_MAX = 19

_REASONS = {
    ApiAvailability.DISABLED_BY_INACTIVITY: "disabled due to inactivity",
    ApiAvailability.DISABLED_BY_NO_ACTIVE_CONTRACT: (
        "disabled because there are no active contracts with Market"
    ),
    ApiAvailability.MANUALLY_DISABLED: "manually disabled",
    ApiAvailability.DISABLED_BY_NO_PLACEMENT_TYPE: ("disabled because it has no placement program"),
}

Arguments = dict[str, object]


class Access(NamedTuple):
    """What a path stands for as a handler's arguments, and the campaign in it, if there is one."""

    arguments: Arguments
    campaign: Campaign | None


async def admit(
    endpoint: Endpoint,
    values: tuple[str, ...],
    headers: Headers,
    key: ApiKey,
    accounts: AccountsCache,
) -> Access | Refusal:
    """Check the path, the tenant and the scopes; give what the path stands for.

    Raises:
        DatabaseUnavailable: the campaign is not remembered and cannot be asked for.
    """
    path = read_path(endpoint, values)
    if isinstance(path, Refusal):
        return path
    named = _business_in_header(headers)
    if isinstance(named, Refusal):
        return named
    campaign: Campaign | None = None
    admitted: Arguments | Refusal
    if "campaignId" in path:
        found = await _find_campaign(endpoint, path, named, key, accounts)
        if isinstance(found, Refusal):
            return found
        campaign = found
        admitted = {"campaign": campaign} if "campaign" in endpoint.takes else {}
    elif "businessId" in path:
        admitted = await _admit_business(endpoint, path, named, key, accounts)
    else:
        admitted = await _admit_anywhere(endpoint, named, key, accounts)
    if isinstance(admitted, Refusal):
        return admitted
    if endpoint.scopes.isdisjoint(key.scopes):
        return endpoint.scope_refusal
    for parameter in endpoint.path_parameters:
        if parameter.argument in endpoint.takes:
            admitted[parameter.argument] = path[parameter.name]
    return Access(admitted, campaign)


def read_path(endpoint: Endpoint, values: tuple[str, ...]) -> dict[str, int | str] | Refusal:
    """Read the parameters of a path, by their names in it."""
    path: dict[str, int | str] = {}
    for parameter, sent in zip(endpoint.path_parameters, values, strict=True):
        value = sent if parameter.type is str else _id(sent)
        if value is None or "\0" in sent:
            return TYPE_MISMATCH(value=shown(sent.replace("\0", "\\u0000")))
        path[parameter.name] = value
    return path


def _business_in_header(headers: Headers) -> int | Refusal | None:
    sent = headers.get(b"x-business-id")
    if not sent:
        return None
    text = sent.decode("latin-1").strip()
    return _id(text) or HEADER_BUSINESS_MALFORMED(value=shown(text))


async def _find_campaign(
    endpoint: Endpoint,
    path: dict[str, int | str],
    named_business: int | None,
    key: ApiKey,
    accounts: AccountsCache,
) -> Campaign | Refusal:
    campaign_id = int(path["campaignId"])
    campaign = await accounts.campaign(key.business_id, campaign_id)
    if campaign is None:
        return NO_ACCESS(campaigns=campaign_id)
    if named_business is not None and named_business != key.business_id:
        return HEADER_BUSINESS_OF_CAMPAIGN(
            header_business_id=named_business,
            campaign_id=campaign_id,
            actual_business_id=key.business_id,
        )
    if not endpoint.tells_of_campaigns:
        refusal = _refuse_state(campaign)
        if refusal is not None:
            return refusal
    return campaign


def _refuse_state(campaign: Campaign) -> Refusal | None:
    reason = _REASONS.get(campaign.api_availability)
    if reason is not None:
        return CAMPAIGN_DISABLED(campaign_id=campaign.id, reason=reason)
    if campaign.placement_type is not PlacementType.LAAS:
        return CAMPAIGN_TYPE(types=PlacementType.LAAS)
    return None


async def _admit_business(
    endpoint: Endpoint,
    path: dict[str, int | str],
    named_business: int | None,
    key: ApiKey,
    accounts: AccountsCache,
) -> Arguments | Refusal:
    business_id = int(path["businessId"])
    if named_business is not None and named_business != business_id:
        return HEADER_BUSINESS_MISMATCH(
            url_business_id=business_id, header_business_id=named_business
        )
    if business_id != key.business_id:
        return NO_ACCESS(campaigns=business_id)
    business = await accounts.business(business_id)
    if business is None:
        return NO_ACCESS(campaigns=business_id)
    if business.all_disabled and not endpoint.tells_of_campaigns:
        return BUSINESS_DISABLED(business_id=business_id)
    return {"business": business} if "business" in endpoint.takes else {}


async def _admit_anywhere(
    endpoint: Endpoint, named_business: int | None, key: ApiKey, accounts: AccountsCache
) -> Arguments | Refusal:
    """Admit to an operation whose path names nobody: it is the key's business that asks."""
    if named_business is not None and named_business != key.business_id:
        return ACCESS_DENIED()
    if not endpoint.tells_of_campaigns:
        business = await accounts.business(key.business_id)
        if business is not None and business.all_disabled:
            return BUSINESS_DISABLED(business_id=key.business_id)
    return {}


def _id(text: str) -> int | None:
    if not (text.isascii() and text.isdecimal() and len(text) <= ID_DIGITS_MAX):
        return None
    number = int(text)
    return number if 0 < number <= _ID_MAX else None
