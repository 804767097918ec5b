"""First answers to requests with an `Idempotency-Key`, kept for 24 hours."""

from collections.abc import Collection, Mapping
from datetime import datetime

from entrepot.db.balances import require_rows
from entrepot.db.connection import Connection
from entrepot.domain.placement import StoredAnswer

AnswerKey = tuple[int, bytes]

_READ = """
    SELECT a.business_id, a.key_hash, a.fingerprint, a.http_status, a.body
    FROM unnest($1::bigint[], $2::bytea[]) AS k (business_id, key_hash)
    JOIN stored_answer a ON a.business_id = k.business_id AND a.key_hash = k.key_hash
      AND a.business_id = ANY($3::bigint[])
    WHERE a.expires_at > $4
"""

# An answer past its day makes way. Keys are taken in one order, so that two processes which
# use the same ones again cannot wait for each other in a circle.
_INSERT = """
    INSERT INTO stored_answer (business_id, key_hash, fingerprint, http_status, body, expires_at)
    SELECT k.business_id, k.key_hash, k.fingerprint, k.http_status, k.body, $6
    FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::smallint[], $5::bytea[])
      AS k (business_id, key_hash, fingerprint, http_status, body)
    ORDER BY k.business_id, k.key_hash
    ON CONFLICT (business_id, key_hash) DO UPDATE SET
      fingerprint = excluded.fingerprint, http_status = excluded.http_status,
      body = excluded.body, expires_at = excluded.expires_at
    WHERE stored_answer.expires_at <= $7
"""

_NEXT_FORGOTTEN = """
    SELECT date_trunc('hour', min(expires_at), 'UTC') + interval '1 hour' FROM stored_answer
"""

# The expiry is asked again of the row itself: whoever waited for it may find a fresh answer.
_FORGET = """
    DELETE FROM stored_answer
    WHERE expires_at <= $1 AND (business_id, key_hash) IN (
      SELECT business_id, key_hash FROM stored_answer WHERE expires_at <= $1 LIMIT $2
    )
"""


async def read_answers(
    connection: Connection, keys: Collection[AnswerKey], now: datetime
) -> dict[AnswerKey, StoredAnswer]:
    """Read the answers that are still kept."""
    if not keys:
        return {}
    rows = await connection.fetch(_READ, *_columns(keys), now)
    return {(row[0], row[1]): StoredAnswer(row[2], row[3], row[4]) for row in rows}


async def insert_answers(
    connection: Connection,
    answers: Mapping[AnswerKey, StoredAnswer],
    *,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Keep answers, in place of expired ones under the same key.

    Raises:
        LostRaceError: another transaction answered under one of these keys first.
    """
    if not answers:
        return
    tag = await connection.execute(
        _INSERT,
        [business_id for business_id, _ in answers],
        [key_hash for _, key_hash in answers],
        [answer.fingerprint for answer in answers.values()],
        [answer.http_status for answer in answers.values()],
        [answer.body for answer in answers.values()],
        expires_at,
        now,
    )
    require_rows(tag, len(answers))


async def next_forgotten(connection: Connection) -> datetime | None:
    """Tell when answers are next to be removed, an hour's together; None when there are none.

    Nobody can tell an expired answer from one that is removed.
    """
    moment: datetime | None = await connection.fetchval(_NEXT_FORGOTTEN)
    return moment


async def forget_expired(connection: Connection, now: datetime, rows_max: int) -> int:
    """Remove answers past their day; gives how many."""
    tag = await connection.execute(_FORGET, now, rows_max)
    return int(tag.rpartition(" ")[2])


def _columns(keys: Collection[AnswerKey]) -> tuple[list[int], list[bytes], list[int]]:
    return (
        [business_id for business_id, _ in keys],
        [key_hash for _, key_hash in keys],
        sorted({business_id for business_id, _ in keys}),
    )
