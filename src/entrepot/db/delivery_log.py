"""The log of attempts: read by people, and forgotten; what was dropped, and what is sent anew."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from entrepot import limits
from entrepot.contract.notifications import NotificationKind
from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection
from entrepot.db.deliveries import Attempt
from entrepot.db.fan_out import WORTH_VALUES

UNACCEPTED = ("REJECTED", "FAILED", "GIVEN_UP", "DROPPED")
"""Every outcome but a good one."""

_READ = """
    SELECT a.attempted_at, a.order_id, a.seq, a.part, a.kind, a.number, a.outcome, a.http_status,
      a.reason, a.detail, a.took_ms, a.next_at
    FROM delivery_attempt a
    WHERE a.business_id = $1 AND a.subscription_id = $2
      AND ($3::bigint IS NULL OR a.order_id = $3) AND ($4::text[] IS NULL OR a.outcome = ANY($4))
    ORDER BY a.attempted_at DESC, a.id DESC
    LIMIT $5
"""

_REDELIVER_ORDERS = f"""
    INSERT INTO delivery
      (business_id, subscription_id, order_id, seq, part, kind, lane, due_at)
    SELECT s.business_id, s.id, e.order_id, e.seq, w.part, w.kind,
      e.order_id % {limits.DELIVERY_LANES}, {NOW_SQL}
    FROM subscription s
    JOIN orders o ON o.business_id = s.business_id AND o.id = ANY($3::bigint[])
      AND coalesce(s.campaign_id = o.campaign_id, true)
    JOIN order_event e ON e.business_id = s.business_id AND e.order_id = o.id
    JOIN (VALUES {WORTH_VALUES}) AS w (event_kind, status, part, kind)
      ON w.event_kind = e.kind AND (w.status IS NULL OR w.status = e.status)
    WHERE s.business_id = $1 AND s.id = $2 AND s.state = 'ON' AND w.kind = ANY(s.kinds)
    ON CONFLICT (business_id, subscription_id, order_id, seq, part)
    DO UPDATE SET due_at = EXCLUDED.due_at
    RETURNING order_id
"""

# By the last that is known of each: what was accepted meanwhile is not sent again.
_REDELIVER_FAILED = f"""
    INSERT INTO delivery
      (business_id, subscription_id, order_id, seq, part, kind, lane, due_at)
    SELECT a.business_id, a.subscription_id, a.order_id, a.seq, a.part, a.kind,
      a.order_id % {limits.DELIVERY_LANES}, {NOW_SQL}
    FROM (
      SELECT DISTINCT ON (a.order_id, a.seq, a.part) a.*
      FROM delivery_attempt a
      JOIN subscription s ON s.business_id = a.business_id AND s.id = a.subscription_id
        AND s.state = 'ON'
      WHERE a.business_id = $1 AND a.subscription_id = $2 AND a.attempted_at >= $3
        AND a.order_id IS NOT NULL
      ORDER BY a.order_id, a.seq, a.part, a.attempted_at DESC, a.id DESC
    ) a
    WHERE a.outcome = ANY('{{REJECTED, GIVEN_UP, DROPPED}}')
    ORDER BY a.attempted_at
    LIMIT $4
    ON CONFLICT (business_id, subscription_id, order_id, seq, part) DO NOTHING
    RETURNING order_id
"""

_FIND_LEFT_OVER = """
    SELECT s.business_id, s.id, s.state
    FROM subscription s
    WHERE s.state <> 'ON' AND EXISTS (
      SELECT FROM delivery d WHERE d.business_id = s.business_id AND d.subscription_id = s.id
    )
    LIMIT 1
"""

# `number` counts attempts: being dropped is none. A subscription that has come on since it was
# found keeps what is new.
_DROP = f"""
    WITH gone AS (
      DELETE FROM delivery
      WHERE business_id = $1 AND subscription_id = $2 AND (order_id, seq, part) IN (
        SELECT d.order_id, d.seq, d.part FROM delivery d
        WHERE d.business_id = $1 AND d.subscription_id = $2
        LIMIT $3
      ) AND NOT EXISTS (
        SELECT FROM subscription s WHERE s.business_id = $1 AND s.id = $2 AND s.state = 'ON'
      )
      RETURNING order_id, seq, part, kind, attempts
    )
    INSERT INTO delivery_attempt
      (business_id, subscription_id, attempted_at, order_id, seq, part, kind, number, outcome)
    SELECT $1, $2, {NOW_SQL}, g.order_id, g.seq, g.part, g.kind, g.attempts, 'DROPPED'
    FROM gone g
    RETURNING id
"""

_FIND_FORGOTTEN = f"""
    SELECT s.business_id, s.id, f.until
    FROM (SELECT {NOW_SQL} - $1::bigint * interval '1 second' AS until) m
    CROSS JOIN subscription s
    CROSS JOIN LATERAL (
      SELECT CASE s.state WHEN 'DELETED' THEN 'infinity' ELSE m.until END AS until
    ) f
    WHERE EXISTS (
      SELECT FROM delivery_attempt a
      WHERE a.business_id = s.business_id AND a.subscription_id = s.id
        AND a.attempted_at <= f.until
    )
    LIMIT 1
"""

_FORGET = """
    DELETE FROM delivery_attempt
    WHERE business_id = $1 AND subscription_id = $2 AND (attempted_at, id) IN (
      SELECT a.attempted_at, a.id FROM delivery_attempt a
      WHERE a.business_id = $1 AND a.subscription_id = $2 AND a.attempted_at <= $3
      ORDER BY a.attempted_at, a.id
      LIMIT $4
    )
"""

_NEXT_DROPPED = """
    SELECT s.changed_at
    FROM subscription s
    WHERE s.state <> 'ON' AND EXISTS (
      SELECT FROM delivery d WHERE d.business_id = s.business_id AND d.subscription_id = s.id
    )
    LIMIT 1
"""

_NEXT_FORGOTTEN = """
    SELECT min(a.attempted_at)
    FROM subscription s
    CROSS JOIN LATERAL (
      SELECT a.attempted_at FROM delivery_attempt a
      WHERE a.business_id = s.business_id AND a.subscription_id = s.id
      ORDER BY a.attempted_at LIMIT 1
    ) a
"""

# A deleted subscription goes when neither queue nor log has anything of it.
_REMOVE_DELETED = """
    DELETE FROM subscription s
    WHERE s.state = 'DELETED' AND NOT EXISTS (
      SELECT FROM delivery d WHERE d.business_id = s.business_id AND d.subscription_id = s.id
    ) AND NOT EXISTS (
      SELECT FROM delivery_attempt a
      WHERE a.business_id = s.business_id AND a.subscription_id = s.id
    )
    RETURNING s.business_id, s.id
"""
_REMOVE_LANES = "DELETE FROM delivery_lane WHERE business_id = $1 AND subscription_id = $2"


async def read_log(
    connection: Connection,
    business_id: int,
    subscription_id: int,
    *,
    order_id: int | None = None,
    outcomes: Sequence[str] | None = None,
    lines_max: int = 100,
) -> list[Attempt]:
    """Read what was attempted, the latest first; of one order, or with some outcomes only."""
    rows = await connection.fetch(
        _READ,
        business_id,
        subscription_id,
        order_id,
        None if outcomes is None else list(outcomes),
        min(lines_max, limits.DELIVERY_LOG_LINES_MAX),
    )
    return [Attempt(**{**dict(row), "kind": NotificationKind(row["kind"])}) for row in rows]


async def redeliver_orders(
    connection: Connection, business_id: int, subscription_id: int, order_ids: Sequence[int]
) -> int:
    """Queue everything that a subscription that is on ever got of some orders; gives how much.

    What still waits is tried at once.
    """
    rows = await connection.fetch(
        _REDELIVER_ORDERS, business_id, subscription_id, list(order_ids)[: limits.REDELIVERED_MAX]
    )
    return len(rows)


async def redeliver_failed(
    connection: Connection, business_id: int, subscription_id: int, since: datetime
) -> int:
    """Queue what ended undelivered since a moment, the oldest first; gives how much, bounded."""
    rows = await connection.fetch(
        _REDELIVER_FAILED, business_id, subscription_id, since, limits.REDELIVERED_MAX
    )
    return len(rows)


async def drop_some(connection: Connection) -> int:
    """Remove some of what waits for a subscription that is not on; gives how many."""
    found = await connection.fetchrow(_FIND_LEFT_OVER)
    if found is None:
        return 0
    dropped = await connection.fetch(
        _DROP, found["business_id"], found["id"], limits.DROPPED_DELIVERIES_PER_TRANSACTION_MAX
    )
    return len(dropped)


async def next_dropped(connection: Connection) -> datetime | None:
    """Tell since when something waits that is to be dropped; None when nothing is."""
    moment: datetime | None = await connection.fetchval(_NEXT_DROPPED)
    return moment


async def forget_some(connection: Connection) -> int:
    """Remove some of the log that is too old, and deleted subscriptions; gives how much."""
    found = await connection.fetchrow(_FIND_FORGOTTEN, limits.DELIVERY_LOG_LIFE_S)
    if found is not None:
        tag = await connection.execute(
            _FORGET, *found.values(), limits.FORGOTTEN_ATTEMPTS_PER_TRANSACTION_MAX
        )
        return int(tag.rpartition(" ")[2])
    removed = await connection.fetch(_REMOVE_DELETED)
    for row in removed:
        await connection.execute(_REMOVE_LANES, *row.values())
    return len(removed)


async def next_forgotten(connection: Connection) -> datetime | None:
    """Tell when the log is next too old; None when there is none."""
    oldest: datetime | None = await connection.fetchval(_NEXT_FORGOTTEN)
    return None if oldest is None else oldest + timedelta(seconds=limits.DELIVERY_LOG_LIFE_S)
