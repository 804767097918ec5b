"""Stock of an offer in a warehouse, as placing and correcting see it."""

from typing import NamedTuple


class StockKey(NamedTuple):
    """Identity of a stock row, in the order in which stock is locked."""

    business_id: int
    warehouse_id: int
    offer_id: str


class StockRow(NamedTuple):
    """Sound pieces in the warehouse, and how many of them live orders hold."""

    fit: int
    held: int

    @property
    def available(self) -> int:
        """Pieces that may be ordered now."""
        return self.fit - self.held
