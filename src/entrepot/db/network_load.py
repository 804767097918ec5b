"""Loading a network while the service runs: written beside the one in force, then put in force.

Nothing that placing uses is locked at any time. An edition goes through these states:

    LOADING    a loader writes its rows, in many short transactions
    PREPARED   it is complete; processes read it and build it while they serve the one in force
    IN_FORCE   batches decide by it
    RETIRED    another one is in force; processes may still be reading it
    DELETING   its rows are being removed, and nobody may trust what is left of it

A loader that dies leaves an edition that is not in force and is removed as soon as the loader
has been silent for `limits.NETWORK_LOADER_SILENT_S`.
"""

from collections.abc import Callable
from typing import NamedTuple

from entrepot.db.transaction import Database
from entrepot.domain.network import NetworkDescription


class LoadProgress(NamedTuple):
    """How far a load has come: rows written of all, then processes ready of all that serve."""

    rows: int
    rows_total: int
    processes: int = 0
    processes_total: int = 0


class LoadResult(NamedTuple):
    """The version that is in force now, and how many processes had read it by then.

    Those that are `behind` read it at the next batch or question that they meet.
    """

    version: int
    ready: int
    behind: int


class LoadRefusedError(Exception):
    """Another load is under way, or took this one for dead; the message says which."""


async def load_network(
    database: Database,
    described: NetworkDescription,
    progress: Callable[[LoadProgress], None] = lambda _: None,
) -> LoadResult:
    """Load a network and put it in force, while the service runs.

    Args:
        database: where.
        described: what must have been built once (`build_network`); the tables check little.
        progress: told how far it has come.

    Raises:
        InvalidNetworkError: the description contradicts itself; nothing was written.
        LoadRefusedError: another load is under way.
        DatabaseUnavailable: the database cannot be asked.
    """
    raise NotImplementedError
