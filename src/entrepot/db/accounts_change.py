"""Changes of businesses, campaigns and keys. Processes hear of them within a few seconds."""

from collections.abc import Sequence

from entrepot.contract.enums import ApiAvailability, SubscriptionLevel
from entrepot.contract.scopes import Scope
from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection

_SET_SUBSCRIPTION = """
    UPDATE business SET subscription_level = $2 WHERE id = $1 RETURNING id
"""
_SET_AVAILABILITY = """
    UPDATE campaign SET api_availability = $3 WHERE business_id = $1 AND id = $2 RETURNING id
"""
# What has ended stays as it was.
_CHANGE_KEY = f"""
    WITH present AS MATERIALIZED (SELECT {NOW_SQL} AS moment)
    UPDATE api_key SET name = coalesce($3, name), scopes = coalesce($4, scopes)
    FROM present
    WHERE business_id = $1 AND id = $2 AND revoked_at IS NULL
      AND (expires_at IS NULL OR expires_at > present.moment)
    RETURNING id
"""


async def set_subscription(
    connection: Connection, business_id: int, level: SubscriptionLevel
) -> None:
    """Change the subscription of a business, which decides some limits."""
    await connection.fetchval(_SET_SUBSCRIPTION, business_id, level)


async def set_availability(
    connection: Connection, business_id: int, campaign_id: int, availability: ApiAvailability
) -> bool:
    """Let a campaign use the API, or not and say why; False when there is none such."""
    changed = await connection.fetchval(_SET_AVAILABILITY, business_id, campaign_id, availability)
    return changed is not None


async def change_key(
    connection: Connection,
    business_id: int,
    key_id: int,
    *,
    name: str | None,
    scopes: Sequence[Scope] | None,
) -> bool:
    """Change the name or the scopes of a key in force; False when there is none such."""
    held = None if scopes is None else sorted(set(scopes))
    return await connection.fetchval(_CHANGE_KEY, business_id, key_id, name, held) is not None
