"""Who sends what: lanes under a lease, and receivers to be asked with a PING.

A subscription's orders are spread over lanes, an order always to the same one. Whoever holds a
lane's lease sends what is due in it, so an order's notifications are in one pair of hands, and a
claim costs one row for hundreds of notifications. A sender that dies holds its lanes until their
leases end. Leases go by PostgreSQL's own time, whatever a sandbox's clock does.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from entrepot import limits
from entrepot.db.clock import NOW_SQL
from entrepot.db.columns import column
from entrepot.db.connection import Connection

_FIND = f"""
    SELECT l.business_id, l.subscription_id, l.lane, s.unavailable_since IS NOT NULL AS failing
    FROM (SELECT {NOW_SQL} AS moment) m
    CROSS JOIN subscription s
    JOIN delivery_lane l ON l.business_id = s.business_id AND l.subscription_id = s.id
    WHERE s.state = 'ON' AND l.leased_until <= now() AND EXISTS (
      SELECT FROM delivery d
      WHERE d.business_id = l.business_id AND d.subscription_id = l.subscription_id
        AND d.lane = l.lane AND d.due_at <= m.moment
    )
    ORDER BY l.leased_until
    LIMIT $1
"""

_CLAIM = """
    UPDATE delivery_lane l
    SET holder = $1, leased_until = now() + $2::bigint * interval '1 second'
    FROM unnest($3::text::bigint[], $4::text::bigint[], $5::text::smallint[])
      AS k (business_id, subscription_id, lane)
    WHERE l.business_id = k.business_id AND l.subscription_id = k.subscription_id
      AND l.lane = k.lane AND l.business_id = ANY($6::bigint[]) AND l.leased_until <= now()
    RETURNING l.business_id, l.subscription_id, l.lane
"""

_RELEASE = """
    UPDATE delivery_lane
    SET holder = NULL, leased_until = now()
    WHERE business_id = $1 AND subscription_id = $2 AND lane = ANY($3::smallint[])
      AND holder = $4
"""

_CLAIM_PINGS = """
    UPDATE subscription s
    SET pinging_until = now() + $1::bigint * interval '1 second'
    FROM (
      SELECT p.business_id, p.id
      FROM subscription p
      WHERE p.state = 'CONNECTING' AND coalesce(p.pinging_until <= now(), true)
        AND NOT EXISTS (
          SELECT FROM delivery d
          WHERE d.business_id = p.business_id AND d.subscription_id = p.id
        )
      ORDER BY p.changed_at
      LIMIT $2
    ) k
    WHERE s.business_id = k.business_id AND s.id = k.id
      AND s.state = 'CONNECTING' AND coalesce(s.pinging_until <= now(), true)
    RETURNING s.business_id, s.id
"""

_NEXT_DUE = """
    SELECT min(t.due_at)
    FROM (
      SELECT d.due_at
      FROM subscription s
      JOIN delivery_lane l ON l.business_id = s.business_id AND l.subscription_id = s.id
      CROSS JOIN LATERAL (
        SELECT d.due_at FROM delivery d
        WHERE d.business_id = l.business_id AND d.subscription_id = l.subscription_id
          AND d.lane = l.lane
        ORDER BY d.due_at LIMIT 1
      ) d
      WHERE s.state = 'ON'
      UNION ALL
      SELECT s.changed_at FROM subscription s WHERE s.state = 'CONNECTING'
    ) t
"""


class Lane(NamedTuple):
    """A part of a subscription's orders."""

    business_id: int
    subscription_id: int
    number: int


class Share(NamedTuple):
    """Lanes of one subscription that one process works together."""

    business_id: int
    subscription_id: int
    lanes: tuple[int, ...]


class FreeLane(NamedTuple):
    """A lane in which something is due and that nobody holds; is its receiver failing?"""

    lane: Lane
    failing: bool


async def find_free(connection: Connection, lanes_max: int) -> list[FreeLane]:
    """Find lanes to work, first those that nobody worked for longest."""
    rows = await connection.fetch(_FIND, lanes_max)
    return [FreeLane(Lane(*row[:3]), row[3]) for row in rows]


async def claim(connection: Connection, lanes: Collection[Lane], holder: UUID) -> list[Share]:
    """Take the leases of lanes; gives those that nobody was faster with, by subscription."""
    if not lanes:
        return []
    # In one order, so that no two who claim wait for each other.
    ordered = sorted(lanes)
    businesses, subscriptions, numbers = map(column, zip(*ordered, strict=True))
    rows = await connection.fetch(
        _CLAIM,
        holder,
        int(limits.DELIVERY_LANE_LEASE_S),
        businesses,
        subscriptions,
        numbers,
        sorted({lane.business_id for lane in ordered}),
    )
    shares: dict[tuple[int, int], list[int]] = {}
    for business_id, subscription_id, lane in rows:
        shares.setdefault((business_id, subscription_id), []).append(lane)
    return [Share(*key, tuple(numbers)) for key, numbers in shares.items()]


async def release(connection: Connection, share: Share, holder: UUID) -> None:
    """Give lanes back, those that are still ours."""
    await connection.execute(_RELEASE, *share, holder)


async def claim_pings(connection: Connection, pings_max: int) -> list[tuple[int, int]]:
    """Take subscriptions whose receivers are to be asked; gives businesses and ids."""
    rows = await connection.fetch(_CLAIM_PINGS, int(limits.DELIVERY_LANE_LEASE_S), pings_max)
    return [(row[0], row[1]) for row in rows]


async def next_due(connection: Connection) -> datetime | None:
    """Tell when the next attempt is due, which may be in the past; None when nothing waits."""
    moment: datetime | None = await connection.fetchval(_NEXT_DUE)
    return moment
