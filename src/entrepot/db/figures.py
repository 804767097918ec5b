"""What the database's user counts: transactions, commits, and the wait for a connection."""

from collections import defaultdict
from typing import NamedTuple

from entrepot.figures import Family, Spread, counts, gauge, spread


class PoolState(NamedTuple):
    """How many connections there are, and how many of them nobody uses."""

    open: int
    idle: int


class DatabaseFigures:
    """Figures of one pool."""

    __slots__ = ("acquire_s", "commit_s", "transactions", "waiting")

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self.acquire_s = Spread()
        self.commit_s = Spread()
        self.transactions: defaultdict[str, int] = defaultdict(int)
        self.waiting = 0

    def told(self, pool: PoolState) -> list[Family]:
        """Tell everything counted."""
        return [
            spread(
                "entrepot_database_commit_seconds",
                "Time that COMMIT takes: until the change is on disk.",
                self.commit_s,
            ),
            counts(
                "entrepot_database_transactions",
                "Transactions by outcome: committed, rolled_back, unknown.",
                "outcome",
                self.transactions,
            ),
            spread(
                "entrepot_database_acquire_seconds",
                "Time until a connection of the pool is free.",
                self.acquire_s,
            ),
            gauge("entrepot_database_connections", "Connections that are open.", pool.open),
            gauge("entrepot_database_connections_idle", "Connections nobody uses.", pool.idle),
            gauge("entrepot_database_waiting", "Who waits for a connection.", self.waiting),
        ]
