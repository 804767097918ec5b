"""What a batch reads, and the rows it writes: its orders, and what they take.

No statement here is sent once per command: their number does not depend on the batch.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from asyncpg.exceptions import UniqueViolationError

from entrepot.db.balances import (
    SLOT_KINDS,
    STOCK_KINDS,
    change_slots_sql,
    change_stock_sql,
    slot_change,
    stock_change,
)
from entrepot.db.clock import NOW_SQL
from entrepot.db.columns import arrays, column, optional_column
from entrepot.db.connection import Connection
from entrepot.db.fan_out import fan_out
from entrepot.db.transaction import LostRaceError
from entrepot.domain.delivery.goods import Goods
from entrepot.domain.delivery.slot import SlotKey
from entrepot.domain.destination import ToAddress
from entrepot.domain.placement import PlacedParcel
from entrepot.domain.stock import StockKey

ExternalKey = tuple[int, bytes]
OfferKey = tuple[int, str]


def _in_force(businesses: int) -> str:
    """Write the columns of `Versions`; the parameter of that number has the businesses."""
    return f"""(SELECT version FROM network_version) AS version, (
          SELECT array_agg(ARRAY[b.id, b.catalogue_version])
          FROM business b WHERE b.id = ANY(${businesses}::bigint[])
        ) AS catalogues"""


# LATERAL with LIMIT: a join is planned by hash while the table is small, and that plan stays
# in use until statistics are gathered, reading the whole table for every batch.
_READ_PRESENT = f"""
    SELECT m.moment, m.version, m.catalogues, p.business_id, p.external_id_hash, p.order_ids
    FROM (SELECT {NOW_SQL} AS moment, {_in_force(3)}) m
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
    ("placed_by", "text"),
)
_ITEM_COLUMNS = (
    ("business_id", "bigint"),
    ("order_id", "bigint"),
    ("position", "smallint"),
    ("warehouse_id", "bigint"),
    ("offer_id", "text"),
    ("count", "integer"),
    ("price_kopecks", "bigint"),
    ("hold", "text"),
)
_PLACEMENT_COLUMNS = (
    ("business_id", "bigint"),
    ("external_id_hash", "text"),
    ("order_ids", "text"),
)


def _names(columns: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(name for name, _ in columns)


def _unnest(columns: tuple[tuple[str, str], ...], first: int) -> str:
    kinds = [kind for _, kind in columns]
    return f"unnest({arrays(kinds, first)}) AS k ({_names(columns)})"


_PLACED_EVENTS = """(
        SELECT p.business_id, p.id AS order_id, p.campaign_id, p.event_seq AS seq,
          'CREATED' AS kind, p.status, p.created_at AS happened_at
        FROM placed p
      )"""

# One statement for all tables, since each is a round trip. The ids of orders are this process's
# own, so looking for conflicts there (a second descent of each index) would find none.
_WRITE_ORDERS = f"""
    WITH placed AS (
      INSERT INTO orders ({_names(_ORDER_COLUMNS)}, event_seq, created_at, updated_at)
      SELECT {_names(_ORDER_COLUMNS)}, 1, $1, $1
      FROM {_unnest(_ORDER_COLUMNS, 2)}
      RETURNING business_id, id, campaign_id, event_seq, status, substatus, created_at,
        placed_by
    ), told AS (
      INSERT INTO order_event
        (business_id, order_id, seq, kind, status, substatus, actor, actor_name, happened_at)
      SELECT p.business_id, p.id, p.event_seq, 'CREATED', p.status, p.substatus, 'SHOP',
        p.placed_by, p.created_at
      FROM placed p
      RETURNING business_id
    ), notified AS (
      {fan_out(_PLACED_EVENTS)}
    ), lines AS (
      INSERT INTO order_item ({_names(_ITEM_COLUMNS)})
      SELECT {_names(_ITEM_COLUMNS)}
      FROM {_unnest(_ITEM_COLUMNS, 2 + len(_ORDER_COLUMNS))}
      RETURNING business_id
    )
    SELECT (SELECT count(*) FROM told), (SELECT count(*) FROM lines)
"""

_FIRST_OF_STOCK = 2 + len(_PLACEMENT_COLUMNS)
_FIRST_OF_SLOTS = _FIRST_OF_STOCK + len(STOCK_KINDS) + 1

# Again one statement, while rows are locked. External ids can be another transaction's too, which
# is so rare that it may cost a repetition: `ON CONFLICT` descends the index twice for each.
_TAKE = f"""
    WITH taken AS (
      INSERT INTO placement (business_id, external_id_hash, order_ids, placed_at)
      SELECT k.business_id, decode(k.external_id_hash, 'hex'), k.order_ids::bigint[], $1
      FROM {_unnest(_PLACEMENT_COLUMNS, 2)}
      ORDER BY k.business_id, k.external_id_hash
      RETURNING business_id
    ), of_stock AS (
      {change_stock_sql(_FIRST_OF_STOCK)} RETURNING s.business_id
    ), of_slots AS (
      {change_slots_sql(_FIRST_OF_SLOTS)} RETURNING s.place_id
    )
    SELECT (SELECT count(*) FROM taken), (SELECT count(*) FROM of_stock),
      (SELECT count(*) FROM of_slots), {_in_force(_FIRST_OF_SLOTS + len(SLOT_KINDS))}
"""


class Versions(NamedTuple):
    """The versions of what is remembered: the network's, and of each business's offers."""

    network: int
    catalogues: dict[int, int]


class Present(NamedTuple):
    """What holds at the moment of decision."""

    now: datetime
    versions: Versions
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
    return Present(moment, Versions(network_version, dict(catalogues or ())), used)


async def read_goods(connection: Connection, keys: Collection[OfferKey]) -> dict[OfferKey, Goods]:
    """Read weight and sides of offers by business and offer id; unknown ones are missing."""
    rows = await connection.fetch(
        _READ_OFFERS,
        column(business_id for business_id, _ in keys),
        column(offer_id for _, offer_id in keys),
        sorted({business_id for business_id, _ in keys}),
    )
    return {(row[0], row[1]): Goods(*row[2:]) for row in rows}


async def write_orders(
    connection: Connection, parcels: Sequence[PlacedParcel], now: datetime
) -> None:
    """Write orders with their first events and lines; they hold nothing before `take`.

    Needs no locks, and nobody waits for it: the ids are the process's own.
    """
    items = [item for parcel in parcels for item in _item_rows(parcel)]
    row = await connection.fetchrow(
        _WRITE_ORDERS,
        now,
        *map(optional_column, zip(*map(_order_row, parcels), strict=True)),
        *map(column, zip(*items, strict=True)),
    )
    _require(row, (len(parcels), len(items)))


async def take(
    connection: Connection,
    parcels: Sequence[PlacedParcel],
    stock_taken: Mapping[StockKey, int],
    slots_taken: Mapping[SlotKey, int],
    now: datetime,
) -> Versions:
    """Take external ids, stock and slots for parcels; gives what is in force for their businesses.

    The rows of stock and slots must be locked.

    Raises:
        LostRaceError: another transaction took one of the external ids first.
    """
    commands = list({id(parcel.command): parcel.command for parcel in parcels}.values())
    try:
        row = await connection.fetchrow(
            _TAKE,
            now,
            column(command.business_id for command in commands),
            column(command.external_id_hash.hex() for command in commands),
            # Arrays of arrays must be rectangular in PostgreSQL; texts of arrays need not be.
            column(column(command.order_ids) for command in commands),
            *stock_change(stock_taken),
            *slot_change(slots_taken),
            sorted({command.business_id for command in commands}),
        )
    except UniqueViolationError as error:
        raise LostRaceError(str(error)) from error
    *written, network_version, catalogues = row
    _require(written, (len(commands), len(stock_taken), len(slots_taken)))
    return Versions(network_version, dict(catalogues or ()))


def _require(written: Iterable[int], expected: tuple[int, ...]) -> None:
    if tuple(written) != expected:
        message = f"{tuple(written)} rows were written, not {expected}"
        raise LostRaceError(message)


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
        command.placed_by,
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
