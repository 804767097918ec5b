"""Offers of a business: loaded in bulk, read by id."""

from collections.abc import Sequence

import msgspec

from entrepot import limits
from entrepot.db.clock import NOW_SQL
from entrepot.db.connection import Connection
from entrepot.domain.offers import Offer

_COLUMNS = "offer_id, name, weight_g, length_mm, width_mm, height_mm, archived, kind"
_LOAD = f"""
    INSERT INTO offer AS stored (business_id, created_at, {_COLUMNS})
    SELECT $1, {NOW_SQL}, loaded.* FROM unnest(
      $2::text[], $3::text[], $4::integer[], $5::integer[], $6::integer[], $7::integer[],
      $8::boolean[], $9::text[]
    ) AS loaded ({_COLUMNS})
    ON CONFLICT (business_id, offer_id) DO UPDATE SET
      name = excluded.name, weight_g = excluded.weight_g, length_mm = excluded.length_mm,
      width_mm = excluded.width_mm, height_mm = excluded.height_mm, archived = excluded.archived,
      kind = excluded.kind
    WHERE (stored.name, stored.weight_g, stored.length_mm, stored.width_mm, stored.height_mm,
           stored.archived, stored.kind)
      IS DISTINCT FROM (excluded.name, excluded.weight_g, excluded.length_mm, excluded.width_mm,
           excluded.height_mm, excluded.archived, excluded.kind)
    RETURNING (xmax = 0) AS created
"""
# Processes remember offers by this version (goods_cache); it changes with the offers.
_RAISE_VERSION = """
    UPDATE business SET catalogue_version = catalogue_version + 1 WHERE id = $1
"""
_READ = f"SELECT {_COLUMNS} FROM offer WHERE business_id = $1 AND offer_id = ANY($2::text[])"


class OffersLoaded(msgspec.Struct, frozen=True):
    """What a load did, in offers."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0

    def __add__(self, other: "OffersLoaded") -> "OffersLoaded":
        """Sum up two loads."""
        return OffersLoaded(
            self.created + other.created,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
        )


async def load_offers(
    connection: Connection, business_id: int, offers: Sequence[Offer]
) -> OffersLoaded:
    """Create offers, and change those that exist, in the caller's transaction.

    Each offer may be named once. Rows are taken in the order of their keys, so two loads of
    one business cannot wait for each other in a circle.
    """
    ordered = sorted(offers, key=lambda offer: offer.offer_id)
    created = changed = 0
    for start in range(0, len(ordered), limits.LOADED_ROWS_PER_STATEMENT_MAX):
        chunk = ordered[start : start + limits.LOADED_ROWS_PER_STATEMENT_MAX]
        columns = zip(*map(msgspec.structs.astuple, chunk), strict=True)
        rows = await connection.fetch(_LOAD, business_id, *map(list, columns))
        fresh = sum(row["created"] for row in rows)
        created += fresh
        changed += len(rows) - fresh
    if created or changed:
        await connection.execute(_RAISE_VERSION, business_id)
    return OffersLoaded(created, changed, len(ordered) - created - changed)


async def read_offers(
    connection: Connection, business_id: int, offer_ids: Sequence[str]
) -> dict[str, Offer]:
    """Read offers by id; those that do not exist are missing from the answer."""
    rows = await connection.fetch(_READ, business_id, list(offer_ids))
    return {row["offer_id"]: Offer(*row) for row in rows}
