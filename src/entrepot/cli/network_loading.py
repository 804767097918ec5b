"""Loading a network that was read from files, with everything that is asked before."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from entrepot.cli.output import CommandRefused, progress, spinner
from entrepot.db.network import StoredNetwork, read_network
from entrepot.db.network_load import LoadProgress, LoadRefusedError, Progress, load_network
from entrepot.db.places_in_use import places_in_use, warehouses_in_use
from entrepot.db.transaction import Database
from entrepot.domain.delivery.slot import PlaceKind
from entrepot.domain.network import NetworkDescription
from entrepot.network_files.compare import TableChanges, compare
from entrepot.network_files.folder import missing_tables

PLACES_NAMED_MAX = 20


class Outcome(msgspec.Struct, frozen=True):
    """What became of a load: `removals` says why it was refused, else `version` is in force.

    Without `tables` nothing was to be changed.
    """

    version: int
    tables: tuple[TableChanges, ...] = ()
    ready: int = 0
    behind: int = 0
    removals: tuple[str, ...] = ()


async def load_folder(
    database: Database, folder: Path, described: NetworkDescription, *, allow_removals: bool
) -> Outcome:
    """Load a network unless it is in force already, or takes away what is in use.

    Raises:
        CommandRefused: another load is under way.
    """
    with spinner("Reading the network in force"):
        stored = await database.read(read_network)
    tables = compare(stored.described, described, rows_max=0)
    if not tables:
        return Outcome(stored.version)
    if not allow_removals:
        removals = await _removals(database, folder, stored, described, tables)
        if removals:
            return Outcome(stored.version, removals=removals)
    try:
        with _progress() as tell:
            loaded = await load_network(database, described, tell)
    except LoadRefusedError as error:
        raise CommandRefused(str(error)) from None
    return Outcome(loaded.version, tables, loaded.ready, loaded.behind)


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar for the rows, then one for the processes that take them up."""
    with ExitStack() as bars:
        shown: dict[str, Callable[[int], None]] = {}
        told = LoadProgress(0, 0)

        def tell(now: LoadProgress) -> None:
            nonlocal told
            if now.processes_total:
                title, done, total = "Processes that read it", now.processes, now.processes_total
                before = told.processes
            else:
                title, done, total, before = "Writing rows", now.rows, now.rows_total, told.rows
            if title not in shown:
                bars.close()
                shown[title] = bars.enter_context(progress(title, total))
            shown[title](done - before)
            told = now

        yield tell


async def _removals(
    database: Database,
    folder: Path,
    stored: StoredNetwork,
    described: NetworkDescription,
    tables: tuple[TableChanges, ...],
) -> tuple[str, ...]:
    """Say what a load would take away that somebody may still need."""
    gone = set(missing_tables(folder))
    found = [
        f"{folder} has no file {changes.table}: all {changes.removed:,} {changes.table} would go."
        for changes in tables
        if changes.table in gone and changes.removed
    ]
    before, after = stored.described, described
    warehouses = _ids(before.warehouses) - _ids(after.warehouses)
    points = _ids(before.points) - _ids(after.points)
    zones = _ids(before.zones) - _ids(after.zones)
    if warehouses:
        used = await database.read(lambda one: warehouses_in_use(one, warehouses))
        found += [
            f"Warehouse {each.id} would go, with {each.pieces:,} pieces in it"
            f"{f', of which orders hold {each.held:,}' if each.held else ''}."
            for each in used
        ]
    for kind, ids, name in (
        (PlaceKind.POINT, points, "Pickup point"),
        (PlaceKind.ZONE, zones, "Courier zone"),
    ):
        if ids:
            found += await _places(database, kind, ids, name)
    return tuple(found)


async def _places(database: Database, kind: PlaceKind, ids: set[int], name: str) -> list[str]:
    used = await database.read(lambda one: places_in_use(one, kind, ids))
    found = [
        f"{name} {each.id} would go, to which {each.orders:,} orders are under way."
        for each in used[:PLACES_NAMED_MAX]
    ]
    if len(used) > PLACES_NAMED_MAX:
        found.append(f"{name}s: {len(used) - PLACES_NAMED_MAX:,} more with orders under way.")
    return found


def _ids(places: tuple[msgspec.Struct, ...]) -> set[int]:
    return {place.id for place in places}  # type: ignore[attr-defined]
