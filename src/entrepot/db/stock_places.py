"""Which warehouses and offers there are, for those who bring stock."""

from collections.abc import Collection

import msgspec

from entrepot.db.connection import Connection
from entrepot.domain.stock import StockKey

_READ = """
    SELECT
      ARRAY(
        SELECT r.id FROM network_row r
        WHERE r.kind = 'WAREHOUSE' AND r.version = (SELECT version FROM network_version)
      ) AS warehouse_ids,
      ARRAY(
        SELECT offer_id FROM offer WHERE business_id = $1 AND offer_id = ANY($2::text[])
      ) AS offer_ids
"""


class StockPlaces(msgspec.Struct, frozen=True):
    """What exists of that which stock rows name."""

    business_id: int
    warehouse_ids: frozenset[int]
    offer_ids: frozenset[str]

    def missing(self, key: StockKey) -> str | None:
        """Name what a stock row needs and there is not; None when all is there."""
        assert key.business_id == self.business_id
        if key.warehouse_id not in self.warehouse_ids:
            return f"warehouse {key.warehouse_id}"
        if key.offer_id not in self.offer_ids:
            return f"offer {key.offer_id} of business {key.business_id}"
        return None


async def read_places(
    connection: Connection, business_id: int, offer_ids: Collection[str]
) -> StockPlaces:
    """Read which of these offers the business has, and which warehouses the network has."""
    row = await connection.fetchrow(_READ, business_id, list(offer_ids))
    return StockPlaces(
        business_id,
        frozenset(row["warehouse_ids"]),
        frozenset(row["offer_ids"]),
    )
