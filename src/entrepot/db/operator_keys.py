"""The keys of the operator's people and carriers."""

import secrets
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from entrepot import limits
from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection
from entrepot.domain.api_key import ALPHABET, BODY_CHARS, make_operator_token, token_hash
from entrepot.domain.operators import OperatorKey, Role

# Whether a key has run out is judged here, by the database's clock, and not by who caches it.
_KEY = f"""
    id, name, role, warehouse_ids, carrier, expires_at,
    (revoked_at IS NOT NULL OR coalesce(expires_at <= {NOW_SQL}, false)) AS revoked
"""
_FETCH = f"SELECT {_KEY} FROM operator_key WHERE token_hash = $1"
# Two who create keys at one moment may both see the last free place: the bound is no promise.
_COUNT_LIVE = f"""
    SELECT count(*) FROM operator_key
    WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > {NOW_SQL})
"""
_CREATE = f"""
    INSERT INTO operator_key
      (name, role, warehouse_ids, carrier, token_hash, expires_at, created_at)
    SELECT $1, $2, $3, $4, $5, $6, {NOW_SQL}
    RETURNING {_KEY}
"""
_LIST = f"SELECT {_KEY}, created_at, revoked_at FROM operator_key ORDER BY created_at, id"
_REVOKE = f"""
    WITH present AS MATERIALIZED (SELECT {NOW_SQL} AS moment)
    UPDATE operator_key SET revoked_at = coalesce(revoked_at, present.moment)
    FROM present WHERE id = $1
    RETURNING id
"""


class IssuedOperatorKey(msgspec.Struct, frozen=True):
    """A key just created. This is the only time that its token can be seen."""

    key: OperatorKey
    token: str


class OperatorKeyRefused(StrEnum):
    """Why a key was not created."""

    TOO_MANY = f"there are at most {limits.LIVE_OPERATOR_KEYS_MAX} operator keys in force"


class ListedOperatorKey(msgspec.Struct, frozen=True):
    """A key as it stands in a list."""

    key: OperatorKey
    created_at: datetime
    revoked_at: datetime | None


async def fetch_operator_key(connection: Connection, token_hash: bytes) -> OperatorKey | None:
    """Find a key by its token's hash; `revoked` is also true when it has run out."""
    row = await connection.fetchrow(_FETCH, token_hash)
    return None if row is None else _key(row)


async def create_operator_key(
    connection: Connection,
    name: str,
    role: Role,
    *,
    warehouse_ids: Collection[int] | None = None,
    carrier: str | None = None,
    expires_at: datetime | None = None,
) -> IssuedOperatorKey | OperatorKeyRefused:
    """Create a key. Runs in the caller's transaction; only the token's hash is stored."""
    assert warehouse_ids is None or role is Role.WAREHOUSE
    assert (carrier is not None) == (role is Role.CARRIER)
    if await connection.fetchval(_COUNT_LIVE) >= limits.LIVE_OPERATOR_KEYS_MAX:
        return OperatorKeyRefused.TOO_MANY
    token = make_operator_token("".join(secrets.choice(ALPHABET) for _ in range(BODY_CHARS)))
    bound_to = None if warehouse_ids is None else sorted(set(warehouse_ids))
    row = await connection.fetchrow(
        _CREATE, name, role, bound_to, carrier, token_hash(token), expires_at
    )
    return IssuedOperatorKey(_key(row), token)


async def list_operator_keys(connection: Connection) -> list[ListedOperatorKey]:
    """List every key, also those revoked or run out, the oldest first."""
    rows = await connection.fetch(_LIST)
    return [ListedOperatorKey(_key(row), row["created_at"], row["revoked_at"]) for row in rows]


async def revoke_operator_key(connection: Connection, key_id: int) -> bool:
    """End a key for ever; False when there is none such. A second time changes nothing."""
    return await connection.fetchval(_REVOKE, key_id) is not None


def _key(row: Any) -> OperatorKey:  # noqa: ANN401 - asyncpg's rows are untyped
    bound_to = row["warehouse_ids"]
    return OperatorKey(
        id=row["id"],
        name=row["name"],
        role=Role(row["role"]),
        warehouse_ids=None if bound_to is None else frozenset(bound_to),
        carrier=row["carrier"],
        expires_at=row["expires_at"],
        revoked=row["revoked"],
    )
