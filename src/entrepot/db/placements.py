"""What a batch reads after its locks, and the rows it writes: one statement a table.

No statement here is sent once per command: their number does not depend on the batch.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from entrepot.db.balances import require_rows
from entrepot.db.clock import NOW_SQL
from entrepot.db.columns import column
from entrepot.db.connection import Connection
from entrepot.domain.delivery.goods import Goods
from entrepot.domain.destination import ToAddress
from entrepot.domain.placement import PlaceCommand, PlacedParcel

ExternalKey = tuple[int, bytes]
OfferKey = tuple[int, str]

# LATERAL with LIMIT: a join is planned by hash while the table is small, and that plan stays
# in use until statistics are gathered, reading the whole table for every batch.
_READ_PRESENT = f"""
    SELECT m.moment, m.version, m.catalogues, p.business_id, p.external_id_hash, p.order_ids
    FROM (
      SELECT {NOW_SQL} AS moment, (SELECT version FROM network_version) AS version,
        (
          SELECT array_agg(ARRAY[b.id, b.catalogue_version])
          FROM business b WHERE b.id = ANY($3::bigint[])
        ) AS catalogues
    ) m
    LEFT JOIN (
      SELECT p.business_id, p.external_id_hash, p.order_ids
      FROM unnest($1::text::bigint[], $2::text::text[]) AS k (business_id, external_id_hash)
      CROSS JOIN LATERAL (
        SELECT p.business_id, p.external_id_hash, p.order_ids
        FROM placement p
        WHERE p.business_id = k.business_id AND p.business_id = ANY($3::bigint[])
          AND p.external_id_hash = decode(k.external_id_hash, 'hex')
        LIMIT 1
      ) p
    ) p ON true
"""

_READ_OFFERS = """
    SELECT o.business_id, o.offer_id, o.weight_g, o.length_mm, o.width_mm, o.height_mm,
      o.kind
    FROM unnest($1::text::bigint[], $2::text::text[]) AS k (business_id, offer_id)
    JOIN offer o ON o.business_id = k.business_id AND o.offer_id = k.offer_id
      AND o.business_id = ANY($3::bigint[])
"""

_INSERT_PLACEMENTS = """
    INSERT INTO placement (business_id, external_id_hash, order_ids, placed_at)
    SELECT k.business_id, decode(k.external_id_hash, 'hex'), k.order_ids::bigint[], $4
    FROM unnest($1::text::bigint[], $2::text::text[], $3::text::text[])
      AS k (business_id, external_id_hash, order_ids)
    ORDER BY k.business_id, k.external_id_hash
    ON CONFLICT (business_id, external_id_hash) DO NOTHING
"""

_ORDER_COLUMNS = (
    ("business_id", "bigint"),
    ("id", "bigint"),
    ("campaign_id", "bigint"),
    ("external_order_id", "text"),
    ("status", "text"),
    ("substatus", "text"),
    ("fake", "boolean"),
    ("warehouse_id", "bigint"),
    ("place_kind", "text"),
    ("place_id", "bigint"),
    ("slot_day", "date"),
    ("slot_from_minute", "smallint"),
    ("slot_to_minute", "smallint"),
    ("slot_hold", "text"),
    ("region_id", "bigint"),
    ("shipment_day", "date"),
    ("items_total_kopecks", "bigint"),
    ("delivery_price_kopecks", "bigint"),
    ("package_type", "text"),
    ("receive_code", "text"),
    ("reserved_until", "timestamptz"),
    ("first_name", "text"),
    ("last_name", "text"),
    ("middle_name", "text"),
    ("phone", "text"),
    ("full_address", "text"),
    ("entrance", "text"),
    ("floor", "integer"),
    ("apartment", "text"),
    ("notes", "text"),
)
_ORDER_NAMES = ", ".join(name for name, _ in _ORDER_COLUMNS)
_ORDER_ARRAYS = ", ".join(
    f"${number}::text::{kind}[]" for number, (_, kind) in enumerate(_ORDER_COLUMNS, start=2)
)

_INSERT_ORDERS = f"""
    WITH placed AS (
      INSERT INTO orders ({_ORDER_NAMES}, event_seq, created_at, updated_at)
      SELECT {_ORDER_NAMES}, 1, $1, $1
      FROM unnest({_ORDER_ARRAYS}) AS k ({_ORDER_NAMES})
      ON CONFLICT (business_id, id) DO NOTHING
      RETURNING business_id, id, event_seq, status, substatus, created_at
    )
    INSERT INTO order_event
      (business_id, order_id, seq, kind, status, substatus, actor, happened_at)
    SELECT p.business_id, p.id, p.event_seq, 'CREATED', p.status, p.substatus, 'SHOP', p.created_at
    FROM placed p
    ON CONFLICT (business_id, order_id, seq) DO NOTHING
"""

_INSERT_ITEMS = """
    INSERT INTO order_item
      (business_id, order_id, position, warehouse_id, offer_id, count, price_kopecks, hold)
    SELECT * FROM unnest($1::text::bigint[], $2::text::bigint[], $3::text::smallint[],
      $4::text::bigint[], $5::text::text[], $6::text::integer[], $7::text::bigint[],
      $8::text::text[])
    ON CONFLICT (business_id, order_id, position) DO NOTHING
"""


class Present(NamedTuple):
    """What holds at the moment of decision."""

    now: datetime
    network_version: int
    catalogue_versions: dict[int, int]
    used: dict[ExternalKey, tuple[int, ...]]


async def read_present(connection: Connection, keys: Collection[ExternalKey]) -> Present:
    """Read the clock, the versions in force, and which external ids are taken."""
    rows = await connection.fetch(
        _READ_PRESENT,
        column(business_id for business_id, _ in keys),
        column(key_hash.hex() for _, key_hash in keys),
        sorted({business_id for business_id, _ in keys}),
    )
    used = {(row[3], row[4]): tuple(row[5]) for row in rows if row[3] is not None}
    moment, network_version, catalogues, *_ = rows[0]
    return Present(moment, network_version, dict(catalogues or ()), used)


async def read_goods(connection: Connection, keys: Collection[OfferKey]) -> dict[OfferKey, Goods]:
    """Read weight and sides of offers by business and offer id; unknown ones are missing."""
    rows = await connection.fetch(
        _READ_OFFERS,
        column(business_id for business_id, _ in keys),
        column(offer_id for _, offer_id in keys),
        sorted({business_id for business_id, _ in keys}),
    )
    return {(row[0], row[1]): Goods(*row[2:]) for row in rows}


async def insert_placements(
    connection: Connection, commands: Sequence[PlaceCommand], now: datetime
) -> None:
    """Take the external ids of commands.

    Raises:
        LostRaceError: another transaction took one of them first.
    """
    tag = await connection.execute(
        _INSERT_PLACEMENTS,
        column(command.business_id for command in commands),
        column(command.external_id_hash.hex() for command in commands),
        # Arrays of arrays must be rectangular in PostgreSQL; texts of arrays need not be.
        column(column(command.order_ids) for command in commands),
        now,
    )
    require_rows(tag, len(commands))


async def insert_orders(
    connection: Connection, parcels: Sequence[PlacedParcel], now: datetime
) -> None:
    """Write orders with their first events, and their items."""
    columns = zip(*map(_order_row, parcels), strict=True)
    tag = await connection.execute(_INSERT_ORDERS, now, *map(column, columns))
    require_rows(tag, len(parcels))
    rows = [row for parcel in parcels for row in _item_rows(parcel)]
    tag = await connection.execute(_INSERT_ITEMS, *map(column, zip(*rows, strict=True)))
    require_rows(tag, len(rows))


def _order_row(parcel: PlacedParcel) -> tuple[object, ...]:
    command = parcel.command
    wanted = command.parcels[parcel.index]
    to = command.destination
    to_address = to if isinstance(to, ToAddress) else None
    return (
        command.business_id,
        command.order_ids[parcel.index],
        command.campaign_id,
        command.external_order_id,
        parcel.status,
        parcel.substatus,
        command.fake,
        wanted.warehouse_id,
        *parcel.slot,
        "NONE" if command.fake else "HELD",
        parcel.region_id,
        parcel.shipment_day,
        sum(item.price_kopecks * item.count for item in wanted.items),
        parcel.delivery_price_kopecks,
        command.package_type,
        None if to_address else command.receive_codes[parcel.index],
        parcel.reserved_until,
        command.customer.first_name,
        command.customer.last_name,
        command.customer.middle_name,
        command.customer.phone,
        *_address_columns(to_address),
    )


def _address_columns(to: ToAddress | None) -> tuple[object, ...]:
    if to is None:
        return (None,) * 5
    return to.full_address, to.entrance, to.floor, to.apartment, to.notes


def _item_rows(parcel: PlacedParcel) -> list[tuple[object, ...]]:
    command = parcel.command
    wanted = command.parcels[parcel.index]
    hold = "NONE" if command.fake else "HELD"
    head = (command.business_id, command.order_ids[parcel.index])
    return [
        (*head, position, wanted.warehouse_id, item.offer_id, item.count, item.price_kopecks, hold)
        for position, item in enumerate(wanted.items, start=1)
    ]
