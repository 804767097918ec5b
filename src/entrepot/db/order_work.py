"""Where the work on orders stands, their parcels included; for decisions about locked orders."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from entrepot.db.balances import require_rows
from entrepot.db.connection import Connection
from entrepot.domain.parcels import Packed
from entrepot.domain.picking import WorkStep

_READ_WORK = """
    SELECT w.order_id, w.step, w.pick_list_id, w.carrier,
      NOT EXISTS (
        SELECT FROM order_item i
        LEFT JOIN picked_item p ON p.business_id = i.business_id AND p.order_id = i.order_id
          AND p.position = i.position AND p.business_id = $1
        WHERE i.business_id = w.business_id AND i.business_id = $1 AND i.order_id = w.order_id
          AND coalesce(p.picked, 0) <> i.count
      ) AS picked
    FROM order_work w
    WHERE w.business_id = $1 AND w.order_id = ANY($2::bigint[])
"""
_READ_PARCELS = """
    SELECT order_id, number, weight_g, length_mm, width_mm, height_mm, handover_id, handed_at
    FROM parcel
    WHERE business_id = $1 AND order_id = ANY($2::bigint[])
    ORDER BY order_id, number
"""
_DELETE_PARCELS = """
    DELETE FROM parcel
    WHERE business_id = $1 AND order_id = ANY($2::bigint[]) AND handover_id IS NULL
"""
_INSERT_PARCELS = """
    INSERT INTO parcel
      (business_id, order_id, packed_by, packed_at, number, weight_g, length_mm, width_mm,
       height_mm)
    SELECT $1, $2, $3, $4, k.*
    FROM unnest($5::smallint[], $6::integer[], $7::integer[], $8::integer[], $9::integer[]) AS k
    RETURNING number
"""
_SET_STEP = """
    UPDATE order_work SET step = $3, updated_at = $4
    WHERE business_id = $1 AND order_id = ANY($2::bigint[])
"""
_SET_CARRIER = """
    UPDATE order_work SET step = 'HANDED_OVER', carrier = $3, updated_at = $4
    WHERE business_id = $1 AND order_id = $2
"""


class ParcelState(msgspec.Struct, frozen=True):
    """A parcel of an order, and the hand-over that it stands on, if any."""

    number: int
    packed: Packed
    handover_id: int | None
    handed_at: datetime | None


class OrderWork(msgspec.Struct, frozen=True):
    """Where the work on an order stands; an order that nobody has begun with has none.

    `picked` says that every piece lies in the tote; `carrier` who the parcels were handed to.
    """

    step: WorkStep
    pick_list_id: int
    carrier: str | None
    picked: bool
    parcels: tuple[ParcelState, ...]


async def read_work(
    connection: Connection, business_id: int, order_ids: Collection[int]
) -> dict[int, OrderWork]:
    """Read the work on orders of one business."""
    ids = list(order_ids)
    rows = await connection.fetch(_READ_WORK, business_id, ids)
    parcels: dict[int, list[ParcelState]] = {row[0]: [] for row in rows}
    if rows:
        for row in await connection.fetch(_READ_PARCELS, business_id, ids):
            parcels[row[0]].append(ParcelState(row[1], Packed(*row[2:6]), row[6], row[7]))
    return {
        row[0]: OrderWork(WorkStep(row[1]), row[2], row[3], row[4], tuple(parcels[row[0]]))
        for row in rows
    }


async def replace_parcels(
    connection: Connection,
    business_id: int,
    order_id: int,
    parcels: Sequence[Packed],
    packed_by: str,
    now: datetime,
) -> None:
    """Write the parcels of a locked order in the place of those it had, if any."""
    await connection.execute(_DELETE_PARCELS, business_id, [order_id])
    columns = zip(*map(msgspec.structs.astuple, parcels), strict=True)
    await connection.fetch(
        _INSERT_PARCELS,
        business_id,
        order_id,
        packed_by,
        now,
        list(range(1, len(parcels) + 1)),
        *map(list, columns),
    )


async def delete_parcels(connection: Connection, business_id: int, order_id: int) -> None:
    """Take away the parcels of a locked order that was unpacked."""
    await connection.execute(_DELETE_PARCELS, business_id, [order_id])


async def set_step(
    connection: Connection,
    business_id: int,
    order_ids: Collection[int],
    step: WorkStep,
    now: datetime,
) -> None:
    """Say where the work on locked orders stands.

    Raises:
        LostRaceError: nobody has begun with one of them.
    """
    ids = list(order_ids)
    tag = await connection.execute(_SET_STEP, business_id, ids, step, now)
    require_rows(tag, len(ids))


async def set_handed_over(
    connection: Connection, business_id: int, order_id: int, carrier: str, now: datetime
) -> None:
    """Say that a carrier has all parcels of a locked order."""
    tag = await connection.execute(_SET_CARRIER, business_id, order_id, carrier, now)
    require_rows(tag, 1)
