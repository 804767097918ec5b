"""Subscriptions: which server hears of which events of which business or campaign."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from entrepot import limits
from entrepot.contract.notifications import NotificationKind
from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection
from entrepot.domain.notifications import OffReason, SubscriptionState

_COLUMNS = """
    s.business_id, s.id, s.campaign_id, s.url, s.kinds, s.state, s.off_reason,
    s.unavailable_since, s.created_at, s.changed_at, s.secret
"""

_INSERT = f"""
    INSERT INTO subscription
      (business_id, campaign_id, url, kinds, secret, state, created_at, changed_at)
    SELECT $1, $2::bigint, $3, $4::text[], $5, 'CONNECTING', m.moment, m.moment
    FROM (SELECT {NOW_SQL} AS moment) m
    WHERE EXISTS (SELECT FROM business b WHERE b.id = $1)
      AND ($2::bigint IS NULL
        OR EXISTS (SELECT FROM campaign c WHERE c.business_id = $1 AND c.id = $2::bigint))
      AND $6 > (SELECT count(*) FROM subscription s
        WHERE s.business_id = $1 AND s.state <> 'DELETED')
    RETURNING id
"""

_INSERT_LANES = f"""
    INSERT INTO delivery_lane (business_id, subscription_id, lane)
    SELECT $1, $2, lane FROM generate_series(0, {limits.DELIVERY_LANES - 1}) AS lane
    ON CONFLICT (business_id, subscription_id, lane) DO NOTHING
"""

_READ = f"""
    SELECT {_COLUMNS}
    FROM subscription s
    WHERE s.business_id = $1 AND s.state <> 'DELETED' AND ($2::bigint IS NULL OR s.id = $2)
    ORDER BY s.created_at, s.id
"""

_READ_TO_PING = f"""
    SELECT {_COLUMNS}, {NOW_SQL} AS moment, now() AS real_moment
    FROM subscription s
    WHERE s.business_id = $1 AND s.id = $2 AND s.state = 'CONNECTING'
"""

_COUNT_WAITING = """
    SELECT count(*) FROM (
      SELECT FROM delivery d WHERE d.business_id = $1 AND d.subscription_id = $2 LIMIT $3
    ) d
"""

_SET_STATE = """
    UPDATE subscription
    SET state = $3, off_reason = $4, unavailable_since = NULL, pinging_until = NULL,
      changed_at = $5
    WHERE business_id = $1 AND id = $2 AND state = ANY($6::text[])
    RETURNING id
"""


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription; of the whole business where it has no campaign.

    `unavailable_since` is when its receiver failed first after its last good answer.
    """

    business_id: int
    id: int
    campaign_id: int | None
    url: str
    kinds: tuple[NotificationKind, ...]
    state: SubscriptionState
    off_reason: OffReason | None
    unavailable_since: datetime | None
    created_at: datetime
    changed_at: datetime
    secret: str | None


class NewSubscription(NamedTuple):
    """What a person asks for; the URL is one that `outbound` would call in some circumstances."""

    business_id: int
    campaign_id: int | None
    url: str
    kinds: Collection[NotificationKind]
    secret: str | None


async def create_subscription(connection: Connection, wanted: NewSubscription) -> int | None:
    """Create a subscription, whose receiver is then asked with a PING; gives its id.

    None when there is no such business or campaign, or it has as many as there may be.
    """
    subscription_id: int | None = await connection.fetchval(
        _INSERT,
        wanted.business_id,
        wanted.campaign_id,
        wanted.url,
        sorted(set(wanted.kinds)),
        wanted.secret,
        limits.SUBSCRIPTIONS_PER_BUSINESS_MAX,
    )
    if subscription_id is not None:
        await connection.execute(_INSERT_LANES, wanted.business_id, subscription_id)
    return subscription_id


async def list_subscriptions(connection: Connection, business_id: int) -> list[Subscription]:
    """List the subscriptions of a business, the oldest first."""
    return [_subscription(row) for row in await connection.fetch(_READ, business_id, None)]


async def read_subscription(
    connection: Connection, business_id: int, subscription_id: int
) -> Subscription | None:
    """Read one subscription."""
    row = await connection.fetchrow(_READ, business_id, subscription_id)
    return None if row is None else _subscription(row)


async def read_to_ping(
    connection: Connection, business_id: int, subscription_id: int
) -> tuple[Subscription, datetime, datetime] | None:
    """Read a subscription that is connecting, the moment, and PostgreSQL's own moment."""
    row = await connection.fetchrow(_READ_TO_PING, business_id, subscription_id)
    return None if row is None else (_subscription(row), row["moment"], row["real_moment"])


async def count_waiting(
    connection: Connection, business_id: int, subscription_id: int, count_max: int
) -> int:
    """Tell how many notifications of a subscription wait, counting no further than a maximum."""
    waiting: int = await connection.fetchval(
        _COUNT_WAITING, business_id, subscription_id, count_max
    )
    return waiting


async def connect(
    connection: Connection, business_id: int, subscription_id: int, now: datetime
) -> bool:
    """Have the receiver of a subscription that is off asked with a PING, to switch it on.

    Gives False when there is no such subscription. One that is on stays on.
    """
    return await _set_state(
        connection, business_id, subscription_id, SubscriptionState.CONNECTING, None, now
    )


async def switch_on(
    connection: Connection, business_id: int, subscription_id: int, now: datetime
) -> bool:
    """Switch a subscription on whose receiver answered; gives False when it is not wanted now."""
    return await _set_state(
        connection, business_id, subscription_id, SubscriptionState.ON, None, now
    )


async def switch_off(
    connection: Connection,
    business_id: int,
    subscription_id: int,
    reason: OffReason,
    now: datetime,
) -> bool:
    """Switch a subscription off: nothing more is queued or sent, what waits is dropped.

    Gives False when there is none that could be switched off.
    """
    return await _set_state(
        connection, business_id, subscription_id, SubscriptionState.OFF, reason, now
    )


async def delete(
    connection: Connection, business_id: int, subscription_id: int, now: datetime
) -> bool:
    """End a subscription for ever; gives False when there is no such subscription."""
    return await _set_state(
        connection, business_id, subscription_id, SubscriptionState.DELETED, None, now
    )


# From where a subscription may come to a state.
_FROM = {
    SubscriptionState.CONNECTING: (SubscriptionState.OFF,),
    SubscriptionState.ON: (SubscriptionState.CONNECTING,),
    SubscriptionState.OFF: (SubscriptionState.CONNECTING, SubscriptionState.ON),
    SubscriptionState.DELETED: (
        SubscriptionState.CONNECTING, SubscriptionState.ON, SubscriptionState.OFF,
    ),
}  # fmt: skip


async def _set_state(
    connection: Connection,
    business_id: int,
    subscription_id: int,
    state: SubscriptionState,
    reason: OffReason | None,
    now: datetime,
) -> bool:
    changed = await connection.fetchval(
        _SET_STATE, business_id, subscription_id, state, reason, now, list(_FROM[state])
    )
    return changed is not None


def _subscription(row: Any) -> Subscription:  # noqa: ANN401 - asyncpg's rows are untyped
    return Subscription(
        business_id=row["business_id"],
        id=row["id"],
        campaign_id=row["campaign_id"],
        url=row["url"],
        kinds=tuple(map(NotificationKind, row["kinds"])),
        state=SubscriptionState(row["state"]),
        off_reason=OffReason(row["off_reason"]) if row["off_reason"] else None,
        unavailable_since=row["unavailable_since"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        secret=row["secret"],
    )
