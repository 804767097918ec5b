"""What the commands on networks print."""

from collections.abc import Sequence

import msgspec
import typer

from entrepot.cli.output import ExitCode, fail, note, say, show, warn
from entrepot.domain.network import NetworkDescription
from entrepot.network_files.compare import ADDED, REMOVED, RowChange, TableChanges
from entrepot.network_files.notices import Notice
from entrepot.network_files.problems import InvalidFilesError, Problem

PROBLEMS_SHOWN_MAX = 50


class ShownCounts(msgspec.Struct, frozen=True):
    """How many of each a network has."""

    regions: int
    calendars: int
    warehouses: int
    points: int
    zones: int
    lanes: int


class ShownProblems(msgspec.Struct, frozen=True):
    """Files that cannot be taken: all problems counted, the first of them whole."""

    count: int
    problems: tuple[Problem, ...]


class ShownCheck(msgspec.Struct, frozen=True):
    """What `check` found in sound files."""

    counts: ShownCounts
    notices: tuple[Notice, ...]


class ShownChanges(msgspec.Struct, frozen=True):
    """What `diff` found against the version in force."""

    version: int
    same: bool
    tables: tuple[TableChanges, ...]


class ShownLoad(msgspec.Struct, frozen=True):
    """What `load` did: the version in force now, and the processes that have taken it up."""

    version: int
    changed: bool
    ready: int
    behind: int
    tables: tuple[TableChanges, ...]
    notices: tuple[Notice, ...]


class ShownRemovals(msgspec.Struct, frozen=True):
    """Why a load was refused that would take away what is in use."""

    removals: tuple[str, ...]


class ShownExport(msgspec.Struct, frozen=True):
    """What `export` wrote."""

    version: int
    counts: ShownCounts
    files: tuple[str, ...]


def counts_of(described: NetworkDescription) -> ShownCounts:
    """Count what is in a network."""
    return ShownCounts(*(len(values) for values in msgspec.structs.astuple(described)))


def count_words(counts: ShownCounts) -> str:
    """Tell the counts in a line."""
    parts = [f"{count:,} {name}" for name, count in msgspec.structs.asdict(counts).items()]
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def refuse_files(
    error: InvalidFilesError, *, as_json: bool, code: ExitCode = ExitCode.REFUSED
) -> typer.Exit:
    """Name what is wrong with files, and give the end of the command."""
    for problem in error.problems[:PROBLEMS_SHOWN_MAX]:
        fail(str(problem))
    more = error.count - min(len(error.problems), PROBLEMS_SHOWN_MAX)
    if more:
        fail(f"… and {more:,} more.")
    note(f"{_times(error.count, 'problem')}. Nothing was changed.")
    if as_json:
        show(ShownProblems(error.count, error.problems), as_json=True)
    return typer.Exit(code)


def warn_of(notices: Sequence[Notice]) -> None:
    """Tell what a planner should look at."""
    for notice in notices:
        warn(str(notice))


def say_changes(tables: Sequence[TableChanges], *, rows: bool) -> None:
    """Tell what changes, a line for each table, and below it the rows if they are wanted."""
    for changes in tables:
        counted = [
            f"{count:,} {word}"
            for count, word in (
                (changes.changed, "changed"),
                (changes.removed, REMOVED),
                (changes.added, ADDED),
            )
            if count
        ]
        say(f"{changes.table}: {', '.join(counted)}")
        if not rows:
            continue
        for row in changes.rows:
            _say_row(row)
        if changes.count > len(changes.rows):
            say(f"  … and {changes.count - len(changes.rows):,} more rows")


def _say_row(row: RowChange) -> None:
    say(f"  {row.change} {row.key}{f'  {row.name}' if row.name else ''}")
    for cell in row.cells:
        say(f"      {cell.column}: {cell.before or '(empty)'} → {cell.after or '(empty)'}")


def _times(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
