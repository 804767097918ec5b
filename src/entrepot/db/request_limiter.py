"""The request limits as one process keeps them: budgets and places, borrowed and given back."""

import contextlib

import msgspec

from entrepot.db.budget_leases import BudgetLeases
from entrepot.db.clock import Clock
from entrepot.db.parallel_places import ParallelPlaces
from entrepot.db.transaction import Database, DatabaseUnavailable


class RequestLimiter(msgspec.Struct, frozen=True):
    """What a process holds of budgets (requests in a window) and places (requests at once)."""

    budgets: BudgetLeases
    places: ParallelPlaces

    async def return_all(self) -> None:
        """Give everything back; what cannot be given back runs out by itself."""
        with contextlib.suppress(DatabaseUnavailable):
            await self.places.return_all()
            await self.budgets.return_all()


def request_limiter(database: Database, clock: Clock) -> RequestLimiter:
    """Make the limiter of one process, which holds nothing yet."""
    return RequestLimiter(BudgetLeases(database, clock), ParallelPlaces(database))
