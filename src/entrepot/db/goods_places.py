"""What the warehouse knows of goods: the bar codes of offers, and the shelves on which they lie."""

from collections.abc import Sequence
from typing import NamedTuple

from entrepot.db.connection import Connection

_KNOWN_OFFERS = "SELECT offer_id FROM offer WHERE business_id = $1 AND offer_id = ANY($2::text[])"
_SET_BARCODES = """
    INSERT INTO offer_barcode (business_id, barcode, offer_id)
    SELECT $1, k.barcode, k.offer_id
    FROM unnest($2::text[], $3::text[]) AS k (barcode, offer_id)
    ORDER BY k.barcode
    ON CONFLICT (business_id, barcode) DO UPDATE SET offer_id = EXCLUDED.offer_id
"""
_SET_SHELVES = """
    INSERT INTO shelf (business_id, warehouse_id, offer_id, shelf)
    SELECT $1, $2, k.offer_id, k.shelf
    FROM unnest($3::text[], $4::text[]) AS k (offer_id, shelf)
    ORDER BY k.offer_id
    ON CONFLICT (business_id, warehouse_id, offer_id) DO UPDATE SET shelf = EXCLUDED.shelf
"""


class Barcode(NamedTuple):
    """A bar code and the offer it stands on."""

    barcode: str
    offer_id: str


class Shelved(NamedTuple):
    """An offer and its shelf."""

    offer_id: str
    shelf: str


async def find_unknown_offers(
    connection: Connection, business_id: int, offer_ids: Sequence[str]
) -> list[str]:
    """Tell which of some offers the business does not have."""
    rows = await connection.fetch(_KNOWN_OFFERS, business_id, list(offer_ids))
    return sorted(set(offer_ids) - {row[0] for row in rows})


async def set_barcodes(
    connection: Connection, business_id: int, barcodes: Sequence[Barcode]
) -> None:
    """Say which offers bar codes are of; a code that was another's is so no longer."""
    if barcodes:
        await connection.execute(
            _SET_BARCODES, business_id, *map(list, zip(*barcodes, strict=True))
        )


async def set_shelves(
    connection: Connection, business_id: int, warehouse_id: int, shelves: Sequence[Shelved]
) -> None:
    """Say on which shelves of a warehouse offers lie."""
    if shelves:
        columns = map(list, zip(*shelves, strict=True))
        await connection.execute(_SET_SHELVES, business_id, warehouse_id, *columns)
