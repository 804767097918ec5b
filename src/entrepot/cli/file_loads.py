"""Reading a file that is to be loaded, and the end when something is wrong in it."""

from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

import msgspec
import typer

from entrepot.cli.command_call import CommandCall
from entrepot.cli.csv_rows import Problem, RowType, Sheet, read_csv, repeated
from entrepot.cli.output import ExitCode, fail, note

PROBLEMS_SHOWN_MAX = 50
UNCHANGED = "Nothing was changed."


class ShownRefusal(msgspec.Struct, frozen=True, rename="camel"):
    """A file that was not loaded, or not in full."""

    problems: tuple[Problem, ...]


def read_rows(
    call: CommandCall,
    file: Path,
    row_type: type[RowType],
    key: Callable[[RowType], Hashable],
    *,
    named: str,
) -> Sheet[RowType]:
    """Read a CSV file in which no two rows may be about the same thing.

    Args:
        call: the command's.
        file: the file.
        row_type: what its rows become.
        key: what a row is about.
        named: that in words, as in "`named` stands on line 3 already".

    Raises:
        typer.Exit: something is wrong in it, and was told.
    """
    sheet = read_csv(file, row_type)
    if problems := [*sheet.problems, *repeated(sheet, key, named)]:
        raise refuse(call, problems)
    return sheet


def refuse(call: CommandCall, problems: Sequence[Problem], left: str = UNCHANGED) -> typer.Exit:
    """Tell what is wrong in a file, line by line, and give the end of the command.

    Args:
        call: the command's; with `--json` all that is wrong is printed on stdout as well.
        problems: what is wrong.
        left: what became of the rest of the file, in a sentence.
    """
    ordered = sorted(problems, key=lambda problem: problem.line)
    for problem in ordered[:PROBLEMS_SHOWN_MAX]:
        fail(str(problem))
    if len(ordered) > PROBLEMS_SHOWN_MAX:
        fail(f"… and {len(ordered) - PROBLEMS_SHOWN_MAX} more.")
    note(left)
    if call.as_json:
        call.show(ShownRefusal(tuple(ordered)))
    return typer.Exit(ExitCode.REFUSED)
