"""A folder that holds a network: read whole, or not at all."""

from collections.abc import Callable, Mapping
from pathlib import Path

from entrepot.domain.network import NetworkDescription
from entrepot.network_files.build import (
    calendar_of,
    lane_of,
    point_of,
    region_of,
    warehouse_of,
    zone_of,
)
from entrepot.network_files.links import Sheets, check_sheets
from entrepot.network_files.problems import InvalidFilesError, Problems
from entrepot.network_files.row_types import TABLES, IntervalRow, Table
from entrepot.network_files.sheets import Source, read_sheet

ENDINGS = (".csv", ".yaml", ".yml")


def read_folder(
    folder: Path, advance: Callable[[int], None] = lambda _: None
) -> NetworkDescription:
    """Read the network that lies in a folder.

    A file that is not there is an empty one. `advance` is told of the bytes that were read.

    Raises:
        InvalidFilesError: with everything that is wrong in any of the files.
    """
    problems = Problems()
    sources = find_sources(folder, problems)
    order = tuple(source.name for source in sources.values())
    found = [read_sheet(source, table, problems, advance) for table, source in sources.items()]
    sheets = Sheets._make(found)
    check_sheets(sheets, problems)
    if len(problems):
        raise InvalidFilesError(problems, order)
    return _described(sheets)


def missing_tables(folder: Path) -> tuple[str, ...]:
    """Name the tables of which a folder has no file."""
    sources = find_sources(folder, Problems())
    return tuple(table.name for table, source in sources.items() if source.path is None)


def find_sources(folder: Path, problems: Problems) -> Mapping[Table, Source]:
    """Find the file of each table."""
    found: dict[Table, Source] = {table: Source(table.name, None) for table in TABLES}
    by_name = {table.name: table for table in TABLES}
    if not folder.is_dir():
        problems.add(str(folder), 0, "is no folder")
        return found
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "~")) or path.suffix.lower() not in ENDINGS:
            continue
        table = by_name.get(path.stem)
        if table is None or path.suffix not in ENDINGS:
            known = ", ".join(by_name)
            reason = f"belongs to no network; its files are {known}, each .csv or .yaml"
            problems.add(str(path), 0, reason)
        elif found[table].path is not None:
            problems.add(str(path), 0, f"stands beside {found[table].name}: which one counts?")
        else:
            found[table] = Source(str(path), path)
    if not len(problems) and all(source.path is None for source in found.values()):
        names = ", ".join(by_name)
        problems.add(str(folder), 0, f"holds no network: none of {names} (.csv or .yaml)")
    return found


def folder_bytes(folder: Path) -> int:
    """Give the size of a network's files, the total of what `read_folder` tells."""
    sources = find_sources(folder, Problems()).values()
    return sum(source.path.stat().st_size for source in sources if source.path is not None)


def _described(sheets: Sheets) -> NetworkDescription:
    intervals: dict[int, list[IntervalRow]] = {}
    for row in sheets.intervals.rows:
        intervals.setdefault(row.zone_id, []).append(row)
    return NetworkDescription(
        regions=tuple(map(region_of, sheets.regions.rows)),
        calendars=tuple(map(calendar_of, sheets.calendars.rows)),
        warehouses=tuple(map(warehouse_of, sheets.warehouses.rows)),
        points=tuple(map(point_of, sheets.points.rows)),
        zones=tuple(zone_of(row, intervals.get(row.id, ())) for row in sheets.zones.rows),
        lanes=tuple(map(lane_of, sheets.lanes.rows)),
    )
