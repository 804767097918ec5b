"""Orders written by SQL: with any date, status and shape that a test of reads wants.

They hold nothing, neither stock nor a slot: reads do not look at holds.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count, islice
from typing import Any

import msgspec

from entrepot.contract.dates import MOSCOW
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database
from entrepot.domain.order import external_id_hash

_ids = count(5_000_000_001)

_INSERT_ITEM = """
    INSERT INTO order_item
      (business_id, order_id, position, warehouse_id, offer_id, count, price_kopecks, hold)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_INSERT_PLACEMENT = """
    INSERT INTO placement (business_id, external_id_hash, order_ids, placed_at)
    VALUES ($1, $2, ARRAY[$3::bigint], $4)
    ON CONFLICT (business_id, external_id_hash)
    DO UPDATE SET order_ids = placement.order_ids || EXCLUDED.order_ids
"""
_INSERT_EVENT = """
    INSERT INTO order_event
      (business_id, order_id, seq, kind, status, substatus, actor, happened_at)
    VALUES ($1, $2, 1, 'CREATED', $3, $4, 'SHOP', $5)
"""
# Copies of one order, each a step older than the one before, with its first line.
_COPY_ORDER = """
    INSERT INTO orders
    SELECT (json_populate_record(o, json_build_object(
      'id', o.id + n,
      'external_order_id', o.external_order_id || '-' || n,
      'created_at', o.created_at - n * $3::interval,
      'updated_at', o.updated_at - n * $3::interval
    ))).*
    FROM orders o, generate_series(1, $4::bigint) n
    WHERE o.business_id = $1 AND o.id = $2
"""
_COPY_LINES = """
    INSERT INTO order_item
    SELECT (json_populate_record(i, json_build_object('order_id', i.order_id + n))).*
    FROM order_item i, generate_series(1, $3::bigint) n
    WHERE i.business_id = $1 AND i.order_id = $2
"""
_NAME_COPIES = """
    INSERT INTO placement (business_id, external_id_hash, order_ids, placed_at)
    SELECT o.business_id, sha256(convert_to(o.external_order_id, 'UTF8')), ARRAY[o.id],
           o.created_at
    FROM orders o
    WHERE o.business_id = $1 AND o.id BETWEEN $2::bigint + 1 AND $2 + $3
"""


class Line(msgspec.Struct, frozen=True):
    """A line of a written order."""

    offer_id: str = "SKU-1"
    count: int = 1
    price_kopecks: int = 10_000


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `orders`, under the names of its columns."""

    business_id: int
    campaign_id: int
    id: int
    external_order_id: str
    status: str = "PROCESSING"
    substatus: str = "STARTED"
    fake: bool = False
    warehouse_id: int = 1
    place_kind: str = "P"
    place_id: int = 1
    slot_day: date
    slot_from_minute: int = 0
    slot_to_minute: int = 1440
    slot_hold: str = "NONE"
    region_id: int = 213
    shipment_day: date
    items_total_kopecks: int
    delivery_price_kopecks: int = 19_900
    package_type: str | None = None
    receive_code: str | None = "012345"
    reserved_until: datetime | None = None
    event_seq: int = 1
    created_at: datetime
    updated_at: datetime
    first_name: str | None = "Вера"
    last_name: str | None = "Секретова"
    phone: str | None = "+79990001122"
    full_address: str | None = None
    entrance: str | None = None
    floor: int | None = None
    apartment: str | None = None
    notes: str | None = None


def moscow(text: str) -> datetime:
    """Give the moment that a clock in Moscow shows, `2026-03-31 23:59:59`."""
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW).astimezone(UTC)


async def write_order(
    connection: Connection,
    business_id: int,
    campaign_id: int,
    created_at: datetime,
    *,
    lines: tuple[Line, ...] = (Line(),),
    **columns: Any,
) -> Written:
    """Write an order, its lines and its first event, and name it under its external id."""
    order_id = columns.pop("id", None) or next(_ids)
    given: dict[str, Any] = {
        "external_order_id": f"shop-{order_id}",
        "slot_day": (created_at + timedelta(days=3)).date(),
        "shipment_day": (created_at + timedelta(days=1)).date(),
        "updated_at": created_at,
        "items_total_kopecks": sum(line.count * line.price_kopecks for line in lines),
    }
    written = Written(
        business_id=business_id,
        campaign_id=campaign_id,
        id=order_id,
        created_at=created_at,
        **(given | columns),
    )
    row = msgspec.structs.asdict(written)
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    await connection.execute(
        f"INSERT INTO orders ({', '.join(row)}) VALUES ({places})",  # noqa: S608 - own names
        *row.values(),
    )
    for position, line in enumerate(lines, start=1):
        await connection.execute(
            _INSERT_ITEM,
            business_id,
            order_id,
            position,
            written.warehouse_id,
            line.offer_id,
            line.count,
            line.price_kopecks,
            written.slot_hold,
        )
    hashed = external_id_hash(written.external_order_id)
    await connection.execute(_INSERT_PLACEMENT, business_id, hashed, order_id, created_at)
    await connection.execute(
        _INSERT_EVENT, business_id, order_id, written.status, written.substatus, created_at
    )
    return written


async def write_draft(
    connection: Connection,
    business_id: int,
    campaign_id: int,
    created_at: datetime,
    **columns: Any,
) -> Written:
    """Write a draft: it ends one hour after its creation."""
    return await write_order(
        connection,
        business_id,
        campaign_id,
        created_at,
        status="RESERVED",
        substatus="AWAIT_CONFIRMATION",
        reserved_until=created_at + timedelta(hours=1),
        **columns,
    )


class OrderBook:
    """Writes orders of a campaign of the demo world into the database of a service."""

    def __init__(self, database: Database, business_id: int, campaign_id: int) -> None:
        self._database = database
        self.business_id = business_id
        self.campaign_id = campaign_id

    async def order(self, created_at: datetime, **columns: Any) -> Written:
        """Write an order; see `write_order`."""
        return await self._run(write_order, created_at, columns)

    async def many(
        self, newest_at: datetime, number: int, *, step: timedelta, **columns: Any
    ) -> list[int]:
        """Write many equal orders, each a step older than the one before; gives their ids."""
        first = await self.order(newest_at, **columns)
        next(islice(_ids, number - 1, number - 1), None)
        await self._execute(_COPY_ORDER, self.business_id, first.id, step, number - 1)
        await self._execute(_COPY_LINES, self.business_id, first.id, number - 1)
        await self._execute(_NAME_COPIES, self.business_id, first.id, number - 1)
        return [first.id + n for n in range(number)]

    async def draft(self, created_at: datetime, **columns: Any) -> Written:
        """Write a draft; see `write_draft`."""
        return await self._run(write_draft, created_at, columns)

    async def freeze_clock(self, moment: datetime) -> None:
        """Stop the service's clock at a moment."""
        await self._execute("UPDATE clock SET frozen_at = $1", moment)

    async def change(self, order: Written, **columns: Any) -> None:
        """Overwrite columns of an order."""
        for name, value in columns.items():
            statement = f"UPDATE orders SET {name} = $1 WHERE business_id = $2 AND id = $3"  # noqa: S608
            await self._execute(statement, value, order.business_id, order.id)

    async def another_campaign(self) -> "OrderBook":
        """Make another campaign of the business."""

        async def work(connection: Connection) -> int:
            statement = (
                "INSERT INTO campaign (business_id, name) VALUES ($1, 'Второй') RETURNING id"
            )
            made: int = await connection.fetchval(statement, self.business_id)
            return made

        campaign_id = await self._database.transaction(work)
        return OrderBook(self._database, self.business_id, campaign_id)

    async def _run(
        self, write: Callable[..., Awaitable[Written]], created_at: datetime, columns: Any
    ) -> Written:
        return await self._database.transaction(
            lambda connection: write(
                connection, self.business_id, self.campaign_id, created_at, **columns
            )
        )

    async def _execute(self, statement: str, *values: object) -> None:
        await self._database.transaction(lambda connection: connection.execute(statement, *values))
