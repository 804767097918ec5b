"""Changing orders whose rows are locked: what is read after the lock, and what is written.

One statement a table, however many orders: their number does not depend on the batch. Every
order of a call belongs to one business. Stock and slots are changed by exactly what these
statements turn from held to something else; their rows must be locked too (db/locks.py).
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from entrepot.contract.enums import OrderStatus, OrderSubstatus
from entrepot.db import balances, order_history, order_returns
from entrepot.db.balances import BalanceKeys, require_rows
from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection, Row
from entrepot.db.slot_keys import slot_of_order
from entrepot.domain.holds import ItemHold, SlotHold
from entrepot.domain.order_changes import Change, LockedItem, LockedOrder
from entrepot.domain.order_moves import PICKUP, SHIPPED, Stage
from entrepot.domain.stock import StockKey

# MATERIALIZED: a moment read twice would be two moments.
_READ_ORDERS = f"""
    WITH present AS MATERIALIZED (SELECT {NOW_SQL} AS moment)
    SELECT present.moment, o.id, o.campaign_id, o.status, o.substatus, o.fake, o.place_kind,
      o.place_id, o.slot_day, o.slot_from_minute, o.slot_to_minute, o.slot_hold, o.region_id,
      o.warehouse_id, o.receive_code, o.cancellation, o.event_seq,
      draft_overdue(o.status, o.reserved_until, present.moment) IS TRUE
        OR storage_overdue(o.status, o.stored_until, present.moment) IS TRUE AS overdue,
      CASE o.status WHEN 'RESERVED' THEN o.reserved_until WHEN 'PICKUP' THEN o.stored_until END
        AS ends_at
    FROM present
    LEFT JOIN orders o ON o.business_id = $1 AND o.id = ANY($2::bigint[])
"""

_READ_ITEMS = """
    SELECT i.order_id, i.position, i.warehouse_id, i.offer_id, i.count, i.hold
    FROM order_item i
    WHERE i.business_id = $1 AND i.order_id = ANY($2::bigint[])
    ORDER BY i.order_id, i.position
"""

# How long points keep parcels: after so many days, at the end of the day on their clock. Where
# the network has no such point any more, nothing ends by itself.
_READ_STORAGE = """
    SELECT k.id, k.last_day, (k.last_day + 1)::timestamp AT TIME ZONE k.time_zone
    FROM (
      SELECT p.id, p.time_zone,
        ($2::timestamptz AT TIME ZONE p.time_zone)::date + p.days AS last_day
      FROM (
        SELECT r.id, r.body ->> 'time_zone' AS time_zone,
          (r.body ->> 'storage_days')::integer AS days
        FROM network_row r
        WHERE r.version = (SELECT version FROM network_version) AND r.kind = 'POINT'
          AND r.id = ANY($1::bigint[]) AND r.to_id = 0
      ) p
    ) k
"""

_WRITE_ORDERS = """
    UPDATE orders o
    SET status = k.status, substatus = k.substatus, slot_hold = k.slot_hold,
        event_seq = o.event_seq + k.events, updated_at = k.updated_at,
        shipped_at = coalesce(k.shipped_at, o.shipped_at),
        storage_limit_day = coalesce(k.storage_limit_day, o.storage_limit_day),
        stored_until = coalesce(k.stored_until, o.stored_until)
    FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::integer[],
        $7::timestamptz[], $8::timestamptz[], $9::date[], $10::timestamptz[])
      AS k (id, status, substatus, slot_hold, events, updated_at, shipped_at,
        storage_limit_day, stored_until)
    WHERE o.business_id = $1 AND o.id = k.id
"""

_WRITE_HOLDS = """
    UPDATE order_item i SET hold = k.hold
    FROM unnest($2::bigint[], $3::text[]) AS k (order_id, hold)
    WHERE i.business_id = $1 AND i.order_id = k.order_id AND i.hold = 'HELD'
    RETURNING i.order_id, i.warehouse_id, i.offer_id, i.count, i.hold
"""

_WRITE_UNITS = """
    UPDATE order_item i SET rejected = k.rejected, lost = k.lost
    FROM unnest($2::bigint[], $3::smallint[], $4::integer[], $5::integer[])
      AS k (order_id, position, rejected, lost)
    WHERE i.business_id = $1 AND i.order_id = k.order_id AND i.position = k.position
"""


class Locked(NamedTuple):
    """Orders as they are after their lock, by id, and the moment they were read."""

    now: datetime
    orders: dict[int, LockedOrder]


async def read_locked(
    connection: Connection, business_id: int, order_ids: Collection[int]
) -> Locked:
    """Read orders that this transaction has locked, and the moment."""
    ids = list(order_ids)
    rows = await connection.fetch(_READ_ORDERS, business_id, ids)
    items: dict[int, list[LockedItem]] = {order_id: [] for order_id in ids}
    for row in await connection.fetch(_READ_ITEMS, business_id, ids):
        items[row[0]].append(LockedItem(row[1], row[2], row[3], row[4], ItemHold(row[5])))
    found = [_order_of(business_id, row, items[row["id"]]) for row in rows if row["id"]]
    return Locked(rows[0]["moment"], {order.id: order for order in found})


def held_rows(changes: Sequence[Change]) -> BalanceKeys:
    """Tell which rows of stock and slots the changes touch: what must be locked for them."""
    keys = BalanceKeys(set(), set())
    for change in changes:
        order = change.order
        if change.goods is not None:
            keys.stock.update(
                StockKey(order.business_id, item.warehouse_id, item.offer_id)
                for item in order.items
            )
        if _frees_slot(change):
            keys.slots.add(order.slot)
    return keys


async def write_changes(
    connection: Connection, business_id: int, changes: Sequence[Change], now: datetime
) -> dict[int, int]:
    """Write changes of orders of one business; gives the returns that began, by order.

    Raises:
        LostRaceError: a row is not what was read; roll back and run again.
    """
    if not changes:
        return {}
    await _write_orders(connection, business_id, changes, now)
    await _write_holds(connection, business_id, changes, now)
    await _write_units(connection, business_id, changes)
    returns = await order_returns.insert_unredeemed(connection, business_id, changes)
    await order_history.insert_events(connection, business_id, changes, returns)
    return returns


async def _write_orders(
    connection: Connection, business_id: int, changes: Sequence[Change], now: datetime
) -> None:
    arriving = [change for change in changes if _enters(change, PICKUP)]
    storage: dict[int, tuple[object, object]] = {}
    if arriving:
        points = sorted({change.order.slot.place_id for change in arriving})
        rows = await connection.fetch(_READ_STORAGE, points, now)
        storage = {row[0]: (row[1], row[2]) for row in rows}
    kept = [
        storage.get(change.order.slot.place_id, (None, None))
        if _enters(change, PICKUP)
        else (None, None)
        for change in changes
    ]
    tag = await connection.execute(
        _WRITE_ORDERS,
        business_id,
        [change.order.id for change in changes],
        [change.stage.status for change in changes],
        [change.stage.substatus for change in changes],
        [change.slot_hold for change in changes],
        [len(change.events) for change in changes],
        [change.updated_at for change in changes],
        [now if _enters(change, SHIPPED) else None for change in changes],
        [last_day for last_day, _ in kept],
        [until for _, until in kept],
    )
    require_rows(tag, len(changes))
    freed = Counter(change.order.slot for change in changes if _frees_slot(change))
    await balances.change_slots(connection, {slot: -count for slot, count in freed.items()})


async def _write_holds(
    connection: Connection, business_id: int, changes: Sequence[Change], now: datetime
) -> None:
    moving = [change for change in changes if change.goods is not None]
    if not moving:
        return
    rows = await connection.fetch(
        _WRITE_HOLDS,
        business_id,
        [change.order.id for change in moving],
        [change.goods for change in moving],
    )
    released: Counter[StockKey] = Counter()
    shipped: list[balances.Shipment] = []
    for order_id, warehouse_id, offer_id, count, hold in rows:
        key = StockKey(business_id, warehouse_id, offer_id)
        if hold == ItemHold.SHIPPED:
            shipped.append(balances.Shipment(key, order_id, count))
        else:
            released[key] -= count
    await balances.change_stock(connection, released)
    await balances.ship_stock(connection, business_id, shipped, now)


async def _write_units(connection: Connection, business_id: int, changes: Sequence[Change]) -> None:
    rows = [
        (
            change.order.id,
            item.position,
            change.rejected.get(item.position, 0),
            change.lost.get(item.position, 0),
        )
        for change in changes
        if change.rejected or change.lost
        for item in change.order.items
    ]
    if not rows:
        return
    tag = await connection.execute(_WRITE_UNITS, business_id, *map(list, zip(*rows, strict=True)))
    require_rows(tag, len(rows))


def _enters(change: Change, stage: Stage) -> bool:
    return change.stage == stage and change.order.stage != stage


def _frees_slot(change: Change) -> bool:
    return change.order.slot_hold is SlotHold.HELD and change.slot_hold is SlotHold.RELEASED


def _order_of(business_id: int, row: Row, items: Sequence[LockedItem]) -> LockedOrder:
    return LockedOrder(
        business_id=business_id,
        id=row["id"],
        campaign_id=row["campaign_id"],
        stage=Stage(OrderStatus(row["status"]), OrderSubstatus(row["substatus"])),
        fake=row["fake"],
        slot=slot_of_order(row),
        slot_hold=SlotHold(row["slot_hold"]),
        region_id=row["region_id"],
        warehouse_id=row["warehouse_id"],
        receive_code=row["receive_code"],
        cancellation=row["cancellation"],
        overdue=row["overdue"],
        ends_at=row["ends_at"],
        event_seq=row["event_seq"],
        items=tuple(items),
    )
