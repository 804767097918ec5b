"""Reading a CSV file as rows of a declared type, with everything that is wrong with it.

The first line names the columns. Commas, semicolons and tabs separate; the file is UTF-8, with
a byte order mark or without. Columns are the type's fields: a field with a default may be left
out or left empty.
"""

import csv
import io
import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from entrepot import limits

RowType = TypeVar("RowType", bound=msgspec.Struct)

_SEPARATORS = (",", ";", "\t")
_SHOWN_CHARS_MAX = 60
# What a type is called by those who write files.
_WORDS = {"int": "a whole number", "float": "a number", "str": "text", "bool": "true or false"}
_TYPE = re.compile(rf"^Expected ({'|'.join(_WORDS)})\b(?: \| null)?")


class Problem(msgspec.Struct, frozen=True):
    """Something wrong in a file, at a line counted from 1; line 0 is the file as a whole."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.reason}"


class Line(msgspec.Struct, Generic[RowType], frozen=True):
    """A row and the line on which it ends."""

    number: int
    row: RowType


class Sheet(msgspec.Struct, Generic[RowType], frozen=True):
    """A file as read: the rows that are well formed, and the problems of the others."""

    file: str
    lines: tuple[Line[RowType], ...]
    problems: tuple[Problem, ...]

    def problem(self, line: Line[RowType], reason: str) -> Problem:
        """Name a problem of a line."""
        return Problem(self.file, line.number, reason)


def read_csv(path: Path, row_type: type[RowType]) -> Sheet[RowType]:
    """Read a file whole."""
    file = str(path)
    try:
        text = _text(path)
    except OSError as error:
        return Sheet(file, (), (Problem(file, 0, f"cannot be read: {error.strerror}"),))
    except _UnreadableError as error:
        return Sheet(file, (), (Problem(file, error.line, error.reason),))
    lines: list[Line[RowType]] = []
    problems: list[Problem] = []
    try:
        for number, cells in _records(text, row_type):
            row, reasons = _row(cells, row_type)
            problems.extend(Problem(file, number, reason) for reason in reasons)
            if row is not None:
                lines.append(Line(number, row))
    except _UnreadableError as error:
        problems.append(Problem(file, error.line, error.reason))
    return Sheet(file, tuple(lines), tuple(problems))


def repeated(
    sheet: Sheet[RowType], key: Callable[[RowType], Hashable], name: str
) -> Iterator[Problem]:
    """Find the lines that name what an earlier line named."""
    first: dict[Hashable, int] = {}
    for line in sheet.lines:
        seen = first.setdefault(key(line.row), line.number)
        if seen != line.number:
            yield sheet.problem(line, f"{name} stands on line {seen} already")


class _UnreadableError(Exception):
    """From here on a file cannot be read."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def _text(path: Path) -> str:
    with path.open("rb") as opened:
        raw = opened.read(limits.LOADED_FILE_BYTES_MAX + 1)
    if len(raw) > limits.LOADED_FILE_BYTES_MAX:
        most = limits.LOADED_FILE_BYTES_MAX // 1024**2
        raise _UnreadableError(0, f"is larger than {most} MB; split it")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _UnreadableError(line, "is not UTF-8; save the file as UTF-8") from None


def _records(text: str, row_type: type[RowType]) -> Iterator[tuple[int, dict[str, str]]]:
    """Give each line's cells by column.

    Raises:
        _UnreadableError: the header or the quoting is wrong.
    """
    head = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        columns = [name.strip() for name in next(reader, [])]
        _check_columns(columns, row_type)
        for count, cells in enumerate(reader):
            if count == limits.LOADED_FILE_ROWS_MAX:
                reason = f"has more than {limits.LOADED_FILE_ROWS_MAX:,} rows; split it"
                raise _UnreadableError(reader.line_num, reason)
            if not any(cell.strip() for cell in cells):
                continue
            # A row that is too short lacks its last cells; one too long names the surplus.
            named = dict(zip(columns, map(str.strip, cells), strict=False))
            if len(cells) > len(columns):
                named[""] = f"{len(cells)} cells for {len(columns)} columns"
            yield reader.line_num, named
    except csv.Error as error:
        raise _UnreadableError(reader.line_num, str(error)) from None


def _check_columns(columns: Sequence[str], row_type: type[RowType]) -> None:
    fields = {field.encode_name: field for field in msgspec.structs.fields(row_type)}
    wrong = [f"unknown column {name!r}" for name in columns if name not in fields]
    wrong += [
        f"no column {name!r}"
        for name, field in fields.items()
        if field.required and name not in columns
    ]
    wrong += [
        f"column {name!r} stands twice" for name in sorted(set(columns)) if columns.count(name) > 1
    ]
    if wrong:
        known = ", ".join(fields)
        raise _UnreadableError(1, f"{'; '.join(wrong)}. The columns are: {known}")


def _row(cells: dict[str, str], row_type: type[RowType]) -> tuple[RowType | None, list[str]]:
    """Make a row of cells, or tell everything that keeps them from being one."""
    reasons = [cells[""]] if "" in cells else []
    values: dict[str, object] = {}
    for field in msgspec.structs.fields(row_type):
        cell = cells.get(field.encode_name, "")
        if not cell and not field.required:
            continue
        try:
            values[field.name] = msgspec.convert(cell, field.type, strict=False)
        except msgspec.ValidationError as error:
            reasons.append(_reason(field.encode_name, cell, str(error)))
    return (None, reasons) if reasons else (row_type(**values), [])


def _reason(column: str, cell: str, error: str) -> str:
    if not cell:
        return f"{column} is empty"
    shown = cell if len(cell) <= _SHOWN_CHARS_MAX else cell[:_SHOWN_CHARS_MAX] + "…"
    expected = error.partition(", got ")[0].replace("`", "")
    expected = _TYPE.sub(lambda found: f"Expected {_WORDS[found[1]]}", expected)
    return f"{column}: {expected[:1].lower() + expected[1:]}, not {shown!r}"
