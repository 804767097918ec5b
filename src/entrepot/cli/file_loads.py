"""What loading a file ends with, whatever is in the file."""

from collections.abc import Sequence

import msgspec
import typer

from entrepot.cli.csv_rows import Problem
from entrepot.cli.output import ExitCode, fail, note, show

PROBLEMS_SHOWN_MAX = 50


class ShownRefusal(msgspec.Struct, frozen=True, rename="camel"):
    """A file that was not loaded, or not in full."""

    problems: tuple[Problem, ...]


def refuse(problems: Sequence[Problem], *, as_json: bool, left: str) -> typer.Exit:
    """Tell what is wrong in a file, line by line, and give the end of the command.

    Args:
        problems: what is wrong.
        as_json: print all of it on stdout as well.
        left: what became of the rest of the file, in a sentence.
    """
    ordered = sorted(problems, key=lambda problem: problem.line)
    for problem in ordered[:PROBLEMS_SHOWN_MAX]:
        fail(str(problem))
    if len(ordered) > PROBLEMS_SHOWN_MAX:
        fail(f"… and {len(ordered) - PROBLEMS_SHOWN_MAX} more.")
    note(left)
    if as_json:
        show(ShownRefusal(tuple(ordered)), as_json=True)
    return typer.Exit(ExitCode.REFUSED)
