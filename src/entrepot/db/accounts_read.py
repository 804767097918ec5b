"""What a request asks about its caller: the key, the business and the campaign."""

from collections.abc import Sequence
from typing import Any

from entrepot.contract.enums import ApiAvailability, PlacementType, SubscriptionLevel
from entrepot.contract.scopes import Scope
from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection
from entrepot.db.own_limits import read_own_limits
from entrepot.domain.accounts import ApiKey, Business, Campaign

# A key that has run out is as good as revoked, by the database's clock.
_KEY = f"""
    SELECT id, name, scopes, expires_at,
           revoked_at IS NOT NULL OR coalesce(expires_at <= {NOW_SQL}, false) AS revoked
    FROM api_key
    WHERE business_id = $1 AND token_hash = $2
"""
_BUSINESS = """
    SELECT id, name, currency, subscription_level, (
      SELECT coalesce(bool_and(c.api_availability <> 'AVAILABLE'), false)
      FROM campaign c WHERE c.business_id = $1
    ) AS all_disabled
    FROM business
    WHERE id = $1
"""
_CAMPAIGN = """
    SELECT business_id, id, name, placement_type, api_availability, region_id, vat
    FROM campaign
    WHERE business_id = $1 AND id = $2
"""
_CAMPAIGN_IDS = """
    SELECT id
    FROM campaign
    WHERE business_id = $1 AND id = ANY($2::bigint[])
"""


async def fetch_key(connection: Connection, business_id: int, token_hash: bytes) -> ApiKey | None:
    """Find a key by its token's hash; `revoked` is also true when it has run out."""
    row = await connection.fetchrow(_KEY, business_id, token_hash)
    if row is None:
        return None
    return ApiKey(
        business_id=business_id,
        id=row["id"],
        name=row["name"],
        scopes=frozenset(map(Scope, row["scopes"])),
        expires_at=row["expires_at"],
        revoked=row["revoked"],
    )


async def fetch_business(connection: Connection, business_id: int) -> Business | None:
    """Find a business, with its own request limits."""
    row = await connection.fetchrow(_BUSINESS, business_id)
    if row is None:
        return None
    return Business(
        id=row["id"],
        name=row["name"],
        currency=row["currency"],
        subscription_level=SubscriptionLevel(row["subscription_level"]),
        own_limits=await read_own_limits(connection, business_id),
        all_disabled=row["all_disabled"],
    )


async def fetch_campaign(
    connection: Connection, business_id: int, campaign_id: int
) -> Campaign | None:
    """Find a campaign of a business."""
    row = await connection.fetchrow(_CAMPAIGN, business_id, campaign_id)
    return None if row is None else campaign_of(row)


async def fetch_campaign_ids(
    connection: Connection, business_id: int, campaign_ids: Sequence[int]
) -> frozenset[int]:
    """Tell which of some campaigns are of a business."""
    rows = await connection.fetch(_CAMPAIGN_IDS, business_id, list(campaign_ids))
    return frozenset(row[0] for row in rows)


def campaign_of(row: Any) -> Campaign:  # noqa: ANN401 - a row of asyncpg
    """Read a row of `campaign`."""
    return Campaign(
        business_id=row["business_id"],
        id=row["id"],
        name=row["name"],
        placement_type=PlacementType(row["placement_type"]),
        api_availability=ApiAvailability(row["api_availability"]),
        region_id=row["region_id"],
        vat=row["vat"],
    )
