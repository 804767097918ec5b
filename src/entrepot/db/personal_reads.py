"""The record of who saw whose personal data: names, phones and addresses of recipients.

It is written in the transaction that reads them, so nothing is shown that is not on record.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection
from entrepot.domain.operators import Role

_INSERT = f"""
    WITH present AS MATERIALIZED (SELECT {NOW_SQL} AS moment)
    INSERT INTO personal_read
      (business_id, order_id, key_id, reader, role, what, purpose, read_at)
    SELECT $1, k.order_id, $3, $4, $5, $6, $7, present.moment
    FROM present CROSS JOIN unnest($2::bigint[]) AS k (order_id)
    RETURNING id
"""
_LIST = """
    SELECT business_id, id, order_id, key_id, reader, role, what, purpose, read_at
    FROM personal_read
    WHERE (read_at, id) < ($1, $2)
      AND ($3::bigint IS NULL OR business_id = $3)
      AND ($4::bigint IS NULL OR order_id = $4)
      AND ($5::bigint IS NULL OR key_id = $5)
    ORDER BY read_at DESC, id DESC
    LIMIT $6
"""
_AFTER_ALL = (datetime.max.replace(tzinfo=UTC), 2**63 - 1)


class What(StrEnum):
    """What was shown."""

    ORDER = "ORDER"
    SEARCH = "SEARCH"
    LABEL = "LABEL"


class Reader(NamedTuple):
    """Who reads: a key, its name and role, and what for, if that was said."""

    key_id: int
    name: str
    role: Role
    purpose: str | None


class ReadPosition(msgspec.Struct, frozen=True):
    """Where a page of the record ended."""

    read_at: Annotated[datetime, Meta(tz=True)]
    id: Annotated[int, Meta(ge=0, le=2**63 - 1)]


class PersonalRead(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the record."""

    business_id: int
    id: int
    order_id: int
    key_id: int
    reader: str
    role: Role
    what: What
    purpose: str | None
    read_at: datetime


async def record_reads(
    connection: Connection, business_id: int, order_ids: Sequence[int], what: What, reader: Reader
) -> None:
    """Put on record that somebody is shown the recipients of these orders."""
    if order_ids:
        await connection.fetch(
            _INSERT,
            business_id,
            list(order_ids),
            reader.key_id,
            reader.name,
            reader.role,
            what,
            reader.purpose,
        )


async def list_reads(
    connection: Connection,
    after: ReadPosition | None,
    rows_max: int,
    *,
    business_id: int | None = None,
    order_id: int | None = None,
    key_id: int | None = None,
) -> list[PersonalRead]:
    """Read a page of the record, the newest first."""
    begin = _AFTER_ALL if after is None else (after.read_at, after.id)
    rows = await connection.fetch(_LIST, *begin, business_id, order_id, key_id, rows_max)
    return [
        PersonalRead(
            business_id=row["business_id"],
            id=row["id"],
            order_id=row["order_id"],
            key_id=row["key_id"],
            reader=row["reader"],
            role=Role(row["role"]),
            what=What(row["what"]),
            purpose=row["purpose"],
            read_at=row["read_at"],
        )
        for row in rows
    ]
