"""Businesses, their campaigns and their API keys.

What every request asks about its caller is in `accounts_read`.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from entrepot import limits
from entrepot.contract.enums import (
    ApiAvailability,
    Currency,
    PlacementType,
    SubscriptionLevel,
    VatRate,
)
from entrepot.contract.scopes import Scope
from entrepot.db.accounts_read import campaign_of
from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection
from entrepot.domain.accounts import ApiKey, Business, Campaign
from entrepot.domain.api_key import ALPHABET, RANDOM_CHARS, make_token, token_hash

_BUSINESS = "id, name, currency, subscription_level"
_CAMPAIGN = "business_id, id, name, placement_type, api_availability, region_id, vat"
# Whether a key has run out is judged here, by the database's clock, and not by who caches it.
_KEY = f"""
    business_id, id, name, scopes, expires_at,
    (revoked_at IS NOT NULL OR coalesce(expires_at <= {NOW_SQL}, false)) AS revoked
"""

_CREATE_BUSINESS = f"""
    INSERT INTO business (name, currency, subscription_level, created_at)
    SELECT $1, $2, $3, {NOW_SQL}
    RETURNING {_BUSINESS}
"""
_LIST_BUSINESSES = f"SELECT {_BUSINESS} FROM business ORDER BY created_at, id"

_CREATE_CAMPAIGN = f"""
    INSERT INTO campaign
      (business_id, name, placement_type, api_availability, region_id, vat, created_at)
    SELECT id, $2, $3, $4, $5, $6, {NOW_SQL} FROM business WHERE id = $1
    RETURNING {_CAMPAIGN}
"""
_LIST_ALL_CAMPAIGNS = f"SELECT {_CAMPAIGN} FROM campaign ORDER BY business_id, created_at, id"
_LIST_CAMPAIGNS = f"""
    SELECT {_CAMPAIGN}, created_at FROM campaign
    WHERE business_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) > ($2, $3))
    ORDER BY created_at, id
    LIMIT $4 OFFSET $5
"""
_COUNT_CAMPAIGNS = "SELECT count(*) FROM campaign WHERE business_id = $1"

# An update that changes nothing: those who create keys of one business come one by one, so
# that the count which follows stays true.
_QUEUE_FOR_KEYS = "UPDATE business SET name = name WHERE id = $1 RETURNING id"
_COUNT_LIVE_KEYS = f"""
    SELECT count(*) FROM api_key
    WHERE business_id = $1 AND revoked_at IS NULL
      AND (expires_at IS NULL OR expires_at > {NOW_SQL})
"""
_CREATE_KEY = f"""
    INSERT INTO api_key (business_id, name, scopes, token_hash, expires_at, created_at)
    SELECT $1, $2, $3, $4, $5, {NOW_SQL}
    RETURNING {_KEY}
"""
_LIST_KEYS = f"""
    SELECT {_KEY}, created_at, revoked_at, last_used_at FROM api_key
    WHERE business_id = $1 ORDER BY created_at, id
"""
_REVOKE_KEY = f"""
    WITH present AS MATERIALIZED (SELECT {NOW_SQL} AS moment)
    UPDATE api_key SET revoked_at = coalesce(revoked_at, present.moment)
    FROM present WHERE business_id = $1 AND id = $2
    RETURNING id
"""


class IssuedKey(msgspec.Struct, frozen=True):
    """A key just created. This is the only time that its token can be seen."""

    key: ApiKey
    token: str


class KeyRefused(StrEnum):
    """Why a key was not created."""

    NO_SUCH_BUSINESS = "there is no such business"
    TOO_MANY = f"a business has at most {limits.LIVE_KEYS_PER_BUSINESS_MAX} keys in force"


class ListedKey(msgspec.Struct, frozen=True):
    """A key as its owner sees it in a list."""

    key: ApiKey
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


class CampaignPosition(msgspec.Struct, frozen=True):
    """Where a page of campaigns ended."""

    created_at: Annotated[datetime, Meta(tz=True)]
    id: Annotated[int, Meta(ge=1, le=2**63 - 1)]


class CampaignPage(msgspec.Struct, frozen=True):
    """Some campaigns of a business, and where the next begin if there are more."""

    campaigns: tuple[Campaign, ...]
    next: CampaignPosition | None


async def create_business(
    connection: Connection,
    name: str,
    *,
    currency: Currency = Currency.RUR,
    subscription_level: SubscriptionLevel = SubscriptionLevel.NONE,
) -> Business:
    """Create a business."""
    row = await connection.fetchrow(_CREATE_BUSINESS, name, currency, subscription_level)
    return _business(row)


async def list_businesses(connection: Connection) -> list[Business]:
    """List every business, the oldest first."""
    return [_business(row) for row in await connection.fetch(_LIST_BUSINESSES)]


async def create_campaign(
    connection: Connection,
    business_id: int,
    name: str,
    *,
    placement_type: PlacementType = PlacementType.LAAS,
    api_availability: ApiAvailability = ApiAvailability.AVAILABLE,
    region_id: int | None = None,
    vat: VatRate = VatRate.VAT_22,
) -> Campaign | None:
    """Create a campaign; None when there is no such business."""
    row = await connection.fetchrow(
        _CREATE_CAMPAIGN, business_id, name, placement_type, api_availability, region_id, vat
    )
    return None if row is None else campaign_of(row)


async def list_all_campaigns(connection: Connection) -> list[Campaign]:
    """List the campaigns of every business."""
    return [campaign_of(row) for row in await connection.fetch(_LIST_ALL_CAMPAIGNS)]


async def list_campaigns(
    connection: Connection,
    business_id: int,
    *,
    after: CampaignPosition | None = None,
    skipped: int = 0,
    limit: int = limits.CAMPAIGNS_PER_PAGE_MAX,
) -> CampaignPage:
    """Read a page of the campaigns of a business, the oldest first.

    A page begins after a campaign, or (the contract's older way) after a number of them.
    """
    moment, campaign_id = (None, None) if after is None else (after.created_at, after.id)
    rows = await connection.fetch(
        _LIST_CAMPAIGNS, business_id, moment, campaign_id, limit + 1, skipped
    )
    shown = rows[:limit]
    more = len(rows) > limit
    end = CampaignPosition(shown[-1]["created_at"], shown[-1]["id"]) if more else None
    return CampaignPage(tuple(campaign_of(row) for row in shown), end)


async def count_campaigns(connection: Connection, business_id: int) -> int:
    """Count the campaigns of a business."""
    return int(await connection.fetchval(_COUNT_CAMPAIGNS, business_id))


async def create_key(
    connection: Connection,
    business_id: int,
    name: str,
    scopes: Sequence[Scope],
    *,
    expires_at: datetime | None = None,
) -> IssuedKey | KeyRefused:
    """Create an API key. Runs in the caller's transaction; only the token's hash is stored."""
    if await connection.fetchval(_QUEUE_FOR_KEYS, business_id) is None:
        return KeyRefused.NO_SUCH_BUSINESS
    live = await connection.fetchval(_COUNT_LIVE_KEYS, business_id)
    if live >= limits.LIVE_KEYS_PER_BUSINESS_MAX:
        return KeyRefused.TOO_MANY
    random_chars = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARS))
    token = make_token(business_id, random_chars)
    row = await connection.fetchrow(
        _CREATE_KEY, business_id, name, sorted(set(scopes)), token_hash(token), expires_at
    )
    return IssuedKey(_key(row), token)


async def list_keys(connection: Connection, business_id: int) -> list[ListedKey]:
    """List every key of a business, also those revoked or run out, the oldest first."""
    rows = await connection.fetch(_LIST_KEYS, business_id)
    return [
        ListedKey(_key(row), row["created_at"], row["revoked_at"], row["last_used_at"])
        for row in rows
    ]


async def revoke_key(connection: Connection, business_id: int, key_id: int) -> bool:
    """End a key for ever; False when there is none such. A second time changes nothing."""
    return await connection.fetchval(_REVOKE_KEY, business_id, key_id) is not None


def _business(row: Any) -> Business:  # noqa: ANN401 - asyncpg's rows are untyped
    return Business(
        row["id"], row["name"], row["currency"], SubscriptionLevel(row["subscription_level"])
    )


def _key(row: Any) -> ApiKey:  # noqa: ANN401 - asyncpg's rows are untyped
    return ApiKey(
        business_id=row["business_id"],
        id=row["id"],
        name=row["name"],
        scopes=frozenset(map(Scope, row["scopes"])),
        expires_at=row["expires_at"],
        revoked=row["revoked"],
    )
