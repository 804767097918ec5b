"""What commands print: tables for people, JSON for programs, a clear sentence for what went wrong.

Results go to stdout; progress, warnings and errors to stderr. Exit codes: 0 done, 1 refused or
something was found, 2 wrong usage or settings, 3 the environment (database unreachable, port
taken).
"""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from enum import IntEnum
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

NOTHING = "There is nothing to show."
"""What a person reads instead of an empty table."""

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


class ExitCode(IntEnum):
    DONE = 0
    REFUSED = 1
    USAGE = 2
    ENVIRONMENT = 3


class CommandRefused(Exception):  # noqa: N818 - an answer to a person, not a defect
    """A command that was understood and cannot be carried out; its sentence says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def show_rows(rows: Sequence[msgspec.Struct], *, as_json: bool, empty: str = NOTHING) -> None:
    """Print records of one kind: a table with a column for each field, or a JSON array.

    Args:
        rows: the records; their fields' wire names are the keys of the JSON objects.
        as_json: print JSON.
        empty: what a person reads instead of an empty table.
    """
    if as_json:
        _print_json(rows)
        return
    if not rows:
        say(empty)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in rows[0].__struct_fields__:
        is_number = isinstance(getattr(rows[0], name), (int, float))
        table.add_column(_title(name), justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(getattr(row, name)) for name in row.__struct_fields__))
    _stdout().print(table)


def show(record: msgspec.Struct, *, as_json: bool) -> None:
    """Print one record: a line for each field, or a JSON object."""
    if as_json:
        _print_json(record)
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name in record.__struct_fields__:
        table.add_row(_title(name), _cell(getattr(record, name)))
    _stdout().print(table)


def say(sentence: str) -> None:
    """Tell a person the result; not for `--json`."""
    _stdout().print(sentence, markup=False, highlight=False, soft_wrap=True)


def note(sentence: str) -> None:
    """Tell what is going on, beside the result."""
    _stderr().print(sentence, markup=False, highlight=False, soft_wrap=True)


def warn(sentence: str) -> None:
    _stderr().print(
        f"[yellow]Warning:[/yellow] {_plain(sentence)}", highlight=False, soft_wrap=True
    )


def fail(sentence: str) -> None:
    _stderr().print(
        f"[bold red]Error:[/bold red] {_plain(sentence)}", highlight=False, soft_wrap=True
    )


@contextlib.contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar for work of `total` steps; yields what is called with each number done.

    Nothing is drawn where nobody looks: stderr is not a terminal.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = _stderr()
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(title, total=total)
        yield lambda done: bar.advance(task, done)


@contextlib.contextmanager
def activity(title: str) -> Iterator[None]:
    """A spinner beside work of unknown length; a plain line where stderr is not a terminal."""
    console = _stderr()
    if not console.is_terminal:
        note(f"{title} …")
        yield
        return
    with console.status(title):
        yield


@contextlib.contextmanager
def spinner(title: str) -> Iterator[None]:
    """As `activity`, for what takes a moment at most times: silent where nobody looks."""
    console = _stderr()
    if not console.is_terminal:
        yield
        return
    with console.status(title):
        yield


def _stdout() -> Console:
    # Made anew each time: tests and pipes replace sys.stdout. A pipe has no width to keep to.
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else 250)


def _stderr() -> Console:
    return Console(file=sys.stderr)


def _print_json(value: object) -> None:
    encoded = msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2)
    sys.stdout.write(encoded.decode() + "\n")


def _title(field: str) -> str:
    return field.replace("_", " ")


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, (list, tuple, frozenset, set)):
        return ", ".join(map(_cell, value))
    return _plain(str(value))


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
