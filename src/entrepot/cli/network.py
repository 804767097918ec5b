"""`entrepot network`: the delivery network as a folder of files."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrepot.cli.command_call import CommandCall, on_database
from entrepot.cli.output import (
    CommandRefused,
    ExitCode,
    JsonOption,
    fail,
    note,
    progress,
    say,
    show,
    spinner,
)
from entrepot.domain.network import NetworkDescription
from entrepot.domain.network_build import build_network
from entrepot.domain.regions import InvalidNetworkError

if TYPE_CHECKING:
    from entrepot.cli.network_loading import Outcome
    from entrepot.db.network import StoredNetwork
    from entrepot.db.transaction import Database
    from entrepot.network_files.notices import Notice

app = typer.Typer(no_args_is_help=True)

ROWS_SHOWN = 20
ROWS_SHOWN_MAX = 100_000

FolderArgument = Annotated[
    Path, typer.Argument(metavar="DIR", help="The folder with the network's files.")
]


@app.callback()
def _network() -> None:
    """The delivery network: regions, warehouses, points, couriers, lanes and calendars.

    It is written as a folder of CSV and YAML files; docs/network.md describes them.
    """


@app.command()
def check(
    folder: FolderArgument,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with 1 when there is anything to look at, too.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check the files of a network, and say what a planner would look at; needs no database.

    Ends with 0 when they can be loaded, with 1 when not.
    """
    from entrepot.cli.network_shown import (  # noqa: PLC0415
        ShownCheck,
        count_words,
        counts_of,
        warn_of,
    )

    described = _read(folder, as_json=as_json)
    notices = _look_over(folder, described)
    counts = counts_of(described)
    if as_json:
        show(ShownCheck(counts, notices), as_json=True)
    else:
        say(f"{folder} can be loaded: {count_words(counts)}.")
        warn_of(notices)
    if strict and notices:
        raise typer.Exit(ExitCode.REFUSED)


@app.command()
@on_database
def diff(
    call: CommandCall,
    folder: FolderArgument,
    rows: Annotated[
        int,
        typer.Option(min=0, max=ROWS_SHOWN_MAX, help="Show at most this many rows of each table."),
    ] = ROWS_SHOWN,
) -> None:
    """Show what loading a folder would change against the network in force.

    Ends with 0 when nothing would change, with 1 when something would, and with 2 or more when
    that cannot be told.
    """
    from entrepot.cli.network_shown import ShownChanges, say_changes  # noqa: PLC0415
    from entrepot.network_files.compare import compare  # noqa: PLC0415

    described = _read(folder, as_json=call.as_json, code=ExitCode.USAGE)
    stored = call.run(_read_in_force)
    tables = compare(stored.described, described, rows_max=rows)
    if call.as_json:
        call.show(ShownChanges(stored.version, not tables, tables))
    elif not tables:
        say(f"{folder} is the network in force, version {stored.version}.")
    else:
        is_first = stored.described == NetworkDescription()
        say(
            "There is no network yet; this one would be the first:"
            if is_first
            else f"Against version {stored.version}, which is in force:"
        )
        say_changes(tables, rows=rows > 0)
    if tables:
        raise typer.Exit(ExitCode.REFUSED)


@app.command()
@on_database
def export(
    call: CommandCall,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where to write; made if it is not there.")
    ],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Take the place of a network's files there.")
    ] = False,
) -> None:
    """Write the network in force as files, which load as the same network.

    Without a network the files have their columns and nothing else: a start for one's own.
    """
    from entrepot.cli.network_shown import ShownExport, count_words, counts_of  # noqa: PLC0415
    from entrepot.network_files.writing import FilesInTheWayError, write_folder  # noqa: PLC0415

    stored = call.run(_read_in_force)
    counts = counts_of(stored.described)
    try:
        with progress("Writing rows", sum(msgspec.structs.astuple(counts))) as advance:
            files = write_folder(stored.described, folder, overwrite=overwrite, advance=advance)
    except FilesInTheWayError as error:
        named = ", ".join(path.name for path in error.files)
        raise CommandRefused(
            f"{folder} holds a network already ({named}): choose another folder, or --overwrite."
        ) from None
    except OSError as error:
        raise CommandRefused(f"{folder} cannot be written: {error.strerror}.") from None
    call.tell(
        f"Version {stored.version} is in {folder}: {count_words(counts)}.",
        json=ShownExport(stored.version, counts, tuple(map(str, files))),
    )


@app.command()
@on_database
def load(
    call: CommandCall,
    folder: FolderArgument,
    allow_removals: Annotated[
        bool,
        typer.Option(
            "--allow-removals",
            help="Load also when a warehouse with stock, a place with orders or a whole table"
            " would go.",
        ),
    ] = False,
) -> None:
    """Put the network in a folder in force, while the service runs.

    The files are checked as a whole before anything changes. What the folder does not hold
    leaves the network. Orders are never touched.
    """
    from entrepot.cli.network_loading import load_folder  # noqa: PLC0415

    described = _read(folder, as_json=call.as_json)
    notices = _look_over(folder, described)

    async def work(database: "Database") -> "Outcome":
        return await load_folder(database, folder, described, allow_removals=allow_removals)

    _tell(call, call.run(work), folder, notices)


def _tell(
    call: CommandCall, outcome: "Outcome", folder: Path, notices: "tuple[Notice, ...]"
) -> None:
    from entrepot.cli.network_shown import (  # noqa: PLC0415
        ShownLoad,
        ShownRemovals,
        say_changes,
        warn_of,
    )

    if outcome.removals:
        for sentence in outcome.removals:
            fail(sentence)
        note("Nothing was changed. To load it all the same: --allow-removals.")
        if call.as_json:
            call.show(ShownRemovals(outcome.removals))
        raise typer.Exit(ExitCode.REFUSED)
    if call.as_json:
        shown = ShownLoad(
            outcome.version,
            bool(outcome.tables),
            outcome.ready,
            outcome.behind,
            outcome.tables,
            notices,
        )
        call.show(shown)
        return
    warn_of(notices)
    if not outcome.tables:
        say(f"{folder} is the network in force, version {outcome.version}; nothing was changed.")
        return
    say_changes(outcome.tables, rows=False)
    say(f"Version {outcome.version} is in force.{_taken_up(outcome)}")


def _taken_up(outcome: "Outcome") -> str:
    if not outcome.ready + outcome.behind:
        return " No service is running."
    ready = f" {outcome.ready} of {outcome.ready + outcome.behind} serving processes had read it."
    return ready + (" The others read it when they meet it." if outcome.behind else "")


def _read(folder: Path, *, as_json: bool, code: ExitCode = ExitCode.REFUSED) -> NetworkDescription:
    from entrepot.cli.network_shown import refuse_files  # noqa: PLC0415
    from entrepot.network_files.folder import folder_bytes, read_folder  # noqa: PLC0415
    from entrepot.network_files.problems import InvalidFilesError  # noqa: PLC0415

    try:
        with progress("Reading bytes", folder_bytes(folder)) as advance:
            return read_folder(folder, advance)
    except InvalidFilesError as error:
        raise refuse_files(error, as_json=as_json, code=code) from None


def _look_over(folder: Path, described: NetworkDescription) -> "tuple[Notice, ...]":
    from entrepot.network_files.notices import find_notices  # noqa: PLC0415

    with spinner("Looking it over"):
        try:
            network = build_network(0, described)
        except InvalidNetworkError as error:  # what the files' own checks do not know
            raise CommandRefused(f"{folder}: {error}.") from None
        return find_notices(network, datetime.now(UTC).date())


async def _read_in_force(database: "Database") -> "StoredNetwork":
    from entrepot.db.network import read_network  # noqa: PLC0415

    with spinner("Reading the network in force"):
        return await database.read(read_network)
