"""What is due in lanes, and what became of it: read and written by the lanes' holder.

Every statement is sent once for a batch, however long.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import starmap
from typing import Any, NamedTuple

import msgspec

from entrepot import limits
from entrepot.contract.notifications import NotificationKind, NotifiedItem
from entrepot.db.clock import NOW_SQL
from entrepot.db.columns import column
from entrepot.db.connection import Connection
from entrepot.db.delivery_lanes import Share
from entrepot.domain.notifications import Owed
from entrepot.domain.order_events import EventKind

DeliveryKey = tuple[int, int, int]
"""Order, sequence of the event, part: within a subscription."""

# LATERAL with LIMIT: joins are planned by hash while a table is small, and that plan stays in use.
# `before` is what the same order waits for; whoever waits for something later is not sent.
_READ_DUE = f"""
    SELECT d.order_id, d.seq, d.part, d.kind, d.attempts, d.first_attempt_at, o.campaign_id,
      e.status, e.substatus, e.happened_at, e.kind AS event_kind, r.id AS return_id,
      r.kind AS return_kind, i.offer_ids, i.counts,
      before.waiting, before.until, d.moment, d.real_moment
    FROM (
      SELECT d.*, m.moment, now() AS real_moment
      FROM (SELECT {NOW_SQL} AS moment) m
      CROSS JOIN unnest($3::smallint[]) AS l (lane)
      CROSS JOIN LATERAL (
        SELECT d.* FROM delivery d
        WHERE d.business_id = $1 AND d.subscription_id = $2 AND d.lane = l.lane
          AND d.due_at <= m.moment
        ORDER BY d.due_at
        LIMIT $4
      ) d
    ) d
    CROSS JOIN LATERAL (
      SELECT count(*) AS waiting, max(b.due_at) AS until
      FROM delivery b
      WHERE b.business_id = d.business_id AND b.subscription_id = d.subscription_id
        AND b.order_id = d.order_id AND (b.seq, b.part) < (d.seq, d.part)
    ) before
    CROSS JOIN LATERAL (
      SELECT e.status, e.substatus, e.happened_at, e.kind,
        (e.detail ->> 'return_id')::bigint AS return_id
      FROM order_event e
      WHERE e.business_id = d.business_id AND e.order_id = d.order_id AND e.seq = d.seq LIMIT 1
    ) e
    LEFT JOIN LATERAL (
      SELECT r.id, r.kind FROM order_return r
      WHERE r.business_id = d.business_id AND r.id = e.return_id LIMIT 1
    ) r ON true
    CROSS JOIN LATERAL (
      SELECT o.campaign_id FROM orders o
      WHERE o.business_id = d.business_id AND o.id = d.order_id LIMIT 1
    ) o
    CROSS JOIN LATERAL (
      SELECT array_agg(i.offer_id ORDER BY i.position) AS offer_ids,
        array_agg(i.count ORDER BY i.position) AS counts
      FROM (
        SELECT i.position, i.offer_id, i.count
        FROM order_item i
        WHERE d.kind = ANY($5::text[]) AND i.business_id = d.business_id
          AND i.order_id = d.order_id
        UNION ALL
        SELECT i.position, i.offer_id, i.count
        FROM order_return_item i
        WHERE i.business_id = d.business_id AND i.return_id = e.return_id
      ) i
    ) i
    ORDER BY d.order_id, d.seq, d.part
"""
_WITH_ITEMS = [NotificationKind.ORDER_CREATED, NotificationKind.ORDER_CANCELLED]

_DO_NOT_WAIT = "SET LOCAL synchronous_commit = off"

_REMOVE = """
    DELETE FROM delivery d
    USING unnest($3::text::bigint[], $4::text::integer[], $5::text::smallint[])
      AS k (order_id, seq, part)
    WHERE d.business_id = $1 AND d.subscription_id = $2 AND d.order_id = k.order_id
      AND d.seq = k.seq AND d.part = k.part
"""

# What comes after in the same order is not due before.
_POSTPONE = """
    UPDATE delivery d
    SET due_at = k.due_at,
      attempts = CASE WHEN (d.seq, d.part) = (k.seq, k.part) THEN k.attempts ELSE d.attempts END,
      first_attempt_at = CASE WHEN (d.seq, d.part) = (k.seq, k.part) THEN k.first_attempt_at
        ELSE d.first_attempt_at END
    FROM unnest($3::text::bigint[], $4::text::integer[], $5::text::smallint[],
        $6::text::timestamptz[], $7::text::integer[], $8::text::timestamptz[])
      AS k (order_id, seq, part, due_at, attempts, first_attempt_at)
    WHERE d.business_id = $1 AND d.subscription_id = $2 AND d.order_id = k.order_id
      AND (d.seq, d.part) >= (k.seq, k.part)
      AND (d.due_at < k.due_at OR (d.seq, d.part) = (k.seq, k.part))
"""

_LOG_COLUMNS = (
    ("attempted_at", "timestamptz"),
    ("order_id", "bigint"),
    ("seq", "integer"),
    ("part", "smallint"),
    ("kind", "text"),
    ("number", "integer"),
    ("outcome", "text"),
    ("http_status", "smallint"),
    ("reason", "text"),
    ("detail", "text"),
    ("took_ms", "integer"),
    ("next_at", "timestamptz"),
)
_LOG_NAMES = ", ".join(name for name, _ in _LOG_COLUMNS)
_LOG_ARRAYS = ", ".join(
    f"${number}::text::{kind}[]" for number, (_, kind) in enumerate(_LOG_COLUMNS, start=3)
)
_INSERT_LOG = f"""
    INSERT INTO delivery_attempt (business_id, subscription_id, {_LOG_NAMES})
    SELECT $1, $2, {_LOG_NAMES} FROM unnest({_LOG_ARRAYS}) AS k ({_LOG_NAMES})
    RETURNING id
"""

_SET_AVAILABLE = """
    UPDATE subscription SET unavailable_since = NULL
    WHERE business_id = $1 AND id = $2 AND unavailable_since IS NOT NULL
"""
_SET_UNAVAILABLE = """
    UPDATE subscription SET unavailable_since = $3
    WHERE business_id = $1 AND id = $2 AND unavailable_since IS NULL
"""


class Batch(NamedTuple):
    """What may be sent at one moment: for each order, its notifications in their order.

    `real_moment` is PostgreSQL's own time, which a sandbox does not move. `full` tells that more
    is likely to be due by the time this has been sent.
    """

    moment: datetime
    real_moment: datetime
    chains: tuple[tuple[Owed, ...], ...]
    blocked: tuple["Postponed", ...]
    full: bool


class Attempt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line of the log. A PING has no order; what was dropped was not attempted again."""

    attempted_at: datetime
    order_id: int | None = None
    seq: int | None = None
    part: int | None = None
    kind: NotificationKind
    number: int
    outcome: str
    http_status: int | None = None
    reason: str | None = None
    detail: str | None = None
    took_ms: int | None = None
    next_at: datetime | None = None


class Postponed(NamedTuple):
    """A notification that is not to be tried before a moment, nor what follows it."""

    order_id: int
    seq: int
    part: int
    due_at: datetime
    attempts: int
    first_attempt_at: datetime | None


class Written(NamedTuple):
    """What became of a batch.

    `available` tells whether the receiver gave a good answer, and comes before `failed_at`, when
    it first failed in this batch: None where it did not.
    """

    ended: Sequence[DeliveryKey]
    postponed: Sequence[Postponed]
    log: Sequence[Attempt]
    available: bool
    failed_at: datetime | None


async def read_due(connection: Connection, share: Share) -> Batch | None:
    """Read what is due in some lanes; None when nothing is."""
    per_lane = limits.DELIVERIES_PER_BATCH_MAX // len(share.lanes)
    rows = await connection.fetch(_READ_DUE, *share, per_lane, _WITH_ITEMS)
    if not rows:
        return None
    moment = rows[0]["moment"]
    chains: dict[int, list[Owed]] = {}
    blocked: dict[int, Postponed] = {}
    for row in rows:
        chain = chains.setdefault(row["order_id"], [])
        if row["waiting"] == len(chain):
            chain.append(_owed(row))
        elif row["until"] > moment:
            blocked.setdefault(row["order_id"], _blocked(row))
    return Batch(
        moment,
        rows[0]["real_moment"],
        tuple(tuple(chain) for chain in chains.values() if chain),
        tuple(blocked.values()),
        len(rows) >= per_lane,
    )


async def write_results(
    connection: Connection, business_id: int, subscription_id: int, written: Written
) -> None:
    """Write what became of a batch.

    Its commit is not waited for: what a server forgets when it falls over is sent again.
    """
    key = (business_id, subscription_id)
    await connection.execute(_DO_NOT_WAIT)
    if written.ended:
        await connection.execute(_REMOVE, *key, *_columns(written.ended))
    if written.postponed:
        await connection.execute(_POSTPONE, *key, *_columns(written.postponed))
    await insert_log(connection, business_id, subscription_id, written.log)
    if written.available:
        await connection.execute(_SET_AVAILABLE, *key)
    if written.failed_at is not None:
        await connection.execute(_SET_UNAVAILABLE, *key, written.failed_at)


async def insert_log(
    connection: Connection, business_id: int, subscription_id: int, log: Sequence[Attempt]
) -> None:
    """Write lines of the log."""
    if log:
        rows = map(msgspec.structs.astuple, log)
        await connection.execute(_INSERT_LOG, business_id, subscription_id, *_columns(rows))


def _columns(rows: Iterable[Sequence[object]]) -> list[str]:
    return list(map(column, zip(*rows, strict=True)))


def _blocked(row: Any) -> Postponed:  # noqa: ANN401 - asyncpg's rows are untyped
    return Postponed(
        row["order_id"],
        row["seq"],
        row["part"],
        row["until"],
        row["attempts"],
        row["first_attempt_at"],
    )


def _owed(row: Any) -> Owed:  # noqa: ANN401 - asyncpg's rows are untyped
    items = starmap(NotifiedItem, zip(row["offer_ids"] or (), row["counts"] or (), strict=True))
    return Owed(
        row["order_id"],
        row["seq"],
        row["part"],
        NotificationKind(row["kind"]),
        row["attempts"],
        row["first_attempt_at"],
        row["campaign_id"],
        row["status"],
        row["substatus"],
        row["happened_at"],
        EventKind(row["event_kind"]),
        row["return_id"],
        row["return_kind"],
        tuple(items),
    )
