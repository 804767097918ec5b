"""Recipients of orders: personal data, and the search for orders by them.

Who calls what is here puts it on record in the same transaction (`personal_reads`).
"""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from entrepot.contract.enums import OrderStatus, OrderSubstatus
from entrepot.db.connection import Connection, Row
from entrepot.db.orders_read import PRESENT, SHOWN
from entrepot.domain.order_search import Moments, OrderCursor

_RECIPIENT = "o.first_name, o.last_name, o.middle_name, o.phone, o.full_address"
_READ = f"SELECT {_RECIPIENT} FROM orders o WHERE o.business_id = $1 AND o.id = $2"
_WAREHOUSE_OF = "SELECT warehouse_id FROM orders WHERE business_id = $1 AND id = $2"
_BUSINESS_IDS = "SELECT id FROM business ORDER BY id"
_PLACED = """
    SELECT p.order_ids FROM placement p
    WHERE p.business_id = ANY($1::bigint[]) AND p.external_id_hash = ANY($2::bytea[])
"""

# Phones are compared by their last ten digits, as the index has them: +7 and 8 are one country.
_PHONE = "right(translate(o.phone, '+ -()', ''), 10) COLLATE \"C\""
_PHONE_DIGITS = 10

_FOUND = f"""
    {PRESENT}
    SELECT o.business_id, o.id, o.campaign_id, o.external_order_id, shown.status,
      shown.substatus, o.warehouse_id, o.shipment_day, o.slot_day, o.created_at, {_RECIPIENT}
    {SHOWN}
    WHERE NOT o.fake
"""
_NEWEST_FIRST = "ORDER BY o.created_at DESC, o.id DESC LIMIT"


class Recipient(msgspec.Struct, frozen=True):
    """To whom an order goes, as far as it was given and not erased. Personal data."""

    first_name: str | None
    last_name: str | None
    middle_name: str | None
    phone: str | None
    full_address: str | None

    @property
    def name(self) -> str:
        """The whole name, in the order of a letter's address."""
        parts = (self.last_name, self.first_name, self.middle_name)
        return " ".join(part for part in parts if part)


class RecipientSearch(msgspec.Struct, frozen=True, kw_only=True):
    """What orders are looked for by; None does not filter. Names match whole, in any case."""

    business_ids: tuple[int, ...] | None = None
    order_ids: tuple[int, ...] | None = None
    phone: str | None = None
    last_name: str | None = None
    first_name: str | None = None
    statuses: tuple[OrderStatus, ...] | None = None
    warehouse_ids: tuple[int, ...] | None = None
    created: Moments = Moments()


class FoundOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as a search shows it."""

    business_id: int
    order_id: int
    campaign_id: int
    external_order_id: str
    status: OrderStatus
    substatus: OrderSubstatus
    warehouse_id: int
    shipment_day: date
    delivery_day: date
    created_at: datetime
    recipient: Recipient


def phone_key(phone: str) -> str:
    """Give what a phone is compared by: its last ten digits."""
    digits = "".join(character for character in phone if character.isdecimal())
    return digits[-_PHONE_DIGITS:]


def spellings(name: str) -> list[str]:
    """Give the cases in which a name may have been written down."""
    return sorted({name, name.lower(), name.upper(), name.capitalize(), name.title()})


async def read_recipient(
    connection: Connection, business_id: int, order_id: int
) -> Recipient | None:
    """Read to whom an order goes; None when there is no such order."""
    row = await connection.fetchrow(_READ, business_id, order_id)
    return None if row is None else Recipient(*row)


async def read_warehouse_of(connection: Connection, business_id: int, order_id: int) -> int | None:
    """Tell from which warehouse an order goes; that never changes. None: no such order."""
    found: int | None = await connection.fetchval(_WAREHOUSE_OF, business_id, order_id)
    return found


async def read_business_ids(connection: Connection) -> tuple[int, ...]:
    """Give every business there is."""
    return tuple(row[0] for row in await connection.fetch(_BUSINESS_IDS))


async def find_placed(
    connection: Connection, business_ids: Sequence[int], external_hashes: Sequence[bytes]
) -> tuple[int, ...]:
    """Give the orders that were placed under external ids by some businesses."""
    rows = await connection.fetch(_PLACED, list(business_ids), list(external_hashes))
    return tuple(order_id for row in rows for order_id in row[0])


async def search_recipients(
    connection: Connection, search: RecipientSearch, after: OrderCursor | None, orders_max: int
) -> list[FoundOrder]:
    """Read a page of orders, the newest first, with their recipients."""
    business_ids = search.business_ids
    # Of one business the index of creations gives the order too, and a page ends early.
    only = business_ids[0] if business_ids is not None and len(business_ids) == 1 else None
    conditions: tuple[tuple[str, object], ...] = (
        ("o.business_id = {}", only),
        ("o.business_id = ANY({}::bigint[])", _array(business_ids) if only is None else None),
        ("o.id = ANY({}::bigint[])", _array(search.order_ids)),
        (f"{_PHONE} = {{}}", None if search.phone is None else phone_key(search.phone)),
        ('o.last_name COLLATE "C" = ANY({}::text[])', _spellings(search.last_name)),
        ("o.first_name = ANY({}::text[])", _spellings(search.first_name)),
        ("shown.status = ANY({}::text[])", _array(search.statuses)),
        ("o.warehouse_id = ANY({}::bigint[])", _array(search.warehouse_ids)),
        ("o.created_at >= {}", search.created.begin),
        ("o.created_at < {}", search.created.end),
    )
    # Only what is asked for stands in the statement: so each question is planned for itself.
    asked = [(text, value) for text, value in conditions if value is not None]
    values = [value for _, value in asked]
    where = [text.format(f"${number}") for number, (text, _) in enumerate(asked, start=1)]
    if after is not None:
        where.append(f"(o.created_at, o.id) < (${len(values) + 1}, ${len(values) + 2})")
        values += after
    statement = " AND ".join([_FOUND, *where]) + f" {_NEWEST_FIRST} {orders_max:d}"
    return list(map(_found, await connection.fetch(statement, *values)))


def _array(values: Sequence[object] | None) -> list[object] | None:
    return None if values is None else list(values)


def _spellings(name: str | None) -> list[str] | None:
    return None if name is None else spellings(name)


def _found(row: Row) -> FoundOrder:
    return FoundOrder(
        business_id=row["business_id"],
        order_id=row["id"],
        campaign_id=row["campaign_id"],
        external_order_id=row["external_order_id"],
        status=OrderStatus(row["status"]),
        substatus=OrderSubstatus(row["substatus"]),
        warehouse_id=row["warehouse_id"],
        shipment_day=row["shipment_day"],
        delivery_day=row["slot_day"],
        created_at=row["created_at"],
        recipient=Recipient(
            row["first_name"],
            row["last_name"],
            row["middle_name"],
            row["phone"],
            row["full_address"],
        ),
    )
