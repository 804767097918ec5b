"""What the database's user counts: transactions, commits, and the wait for a connection."""

from collections import defaultdict
from typing import NamedTuple

from entrepot.figures import Family, Numbers, Spread, spreads


class PoolState(NamedTuple):
    """How many connections there are, and how many of them nobody uses."""

    open: int
    idle: int


class DatabaseFigures:
    """Figures of one pool, which has a name."""

    __slots__ = ("acquire_s", "commit_s", "pool", "transactions", "waiting")

    def __init__(self, pool: str) -> None:
        """Begin with nothing counted."""
        self.pool = pool
        self.acquire_s = Spread()
        self.commit_s = Spread()
        self.transactions: defaultdict[str, int] = defaultdict(int)
        self.waiting = 0

    def told(self, state: PoolState) -> list[Family]:
        """Tell everything counted."""
        outcomes: list[tuple[tuple[str, ...], float]] = [
            ((self.pool, outcome), count) for outcome, count in self.transactions.items()
        ]
        return [
            spreads(
                "entrepot_database_commit_seconds",
                "Time that COMMIT takes: until the change is on disk.",
                "pool",
                {self.pool: self.commit_s},
            ),
            Numbers(
                "entrepot_database_transactions",
                "Transactions by outcome: committed, rolled_back, unknown.",
                "count",
                ("pool", "outcome"),
                outcomes,
            ),
            spreads(
                "entrepot_database_acquire_seconds",
                "Time until a connection of the pool is free.",
                "pool",
                {self.pool: self.acquire_s},
            ),
            self._now("connections", "Connections that are open.", state.open),
            self._now("connections_idle", "Connections nobody uses.", state.idle),
            self._now("waiting", "Who waits for a connection.", self.waiting),
        ]

    def _now(self, name: str, about: str, value: int) -> Numbers:
        samples: list[tuple[tuple[str, ...], float]] = [((self.pool,), value)]
        return Numbers(f"entrepot_database_{name}", about, "gauge", ("pool",), samples)
