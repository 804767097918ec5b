"""Reading one file of a network as rows of its declared type, CSV or YAML.

CSV: commas, semicolons or tabs separate; UTF-8, with a byte order mark or without; the first
line that is no comment names the columns. YAML: a list of mappings; scalars are taken as they
are written, so that `15:00` stays a time and `NO` a country. A line of CSV that begins with `#`
is a comment, and so is a column named `comment`.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from entrepot import limits
from entrepot.network_files.cells import BadCellError
from entrepot.network_files.problems import Problems, shown
from entrepot.network_files.row_types import Column, Table, columns
from entrepot.network_files.yaml_records import Unreadable, yaml_records

Row = TypeVar("Row", bound=msgspec.Struct)

COMMENT = "comment"
_SEPARATORS = (",", ";", "\t")
_NO_LINES: Mapping[str, int] = MappingProxyType({})
_MEMO_ENTRIES_MAX = 20_000  # cells of one column repeat; what they read as is remembered


class Sheet(msgspec.Struct, Generic[Row]):
    """A file as read: its well-formed rows with their lines, and the broken ones with theirs.

    A broken row has None where a cell could not be read. `is_whole` is false when the file could
    not be read to its end: what it lacks says nothing.
    """

    file: str
    rows: list[Row] = []
    lines: list[int] = []
    broken: list[Row] = []
    broken_lines: list[int] = []
    is_whole: bool = True

    def every(self) -> Iterator[tuple[Row, int]]:
        """Give the rows with their lines, the broken ones last."""
        yield from zip(self.rows, self.lines, strict=True)
        yield from zip(self.broken, self.broken_lines, strict=True)


class Source(NamedTuple):
    """A file to read; `path` is None where a folder has none, `name` is what errors say."""

    name: str
    path: Path | None


def read_sheet(
    source: Source, table: Table, problems: Problems, advance: Callable[[int], None]
) -> Sheet[Any]:
    """Read a file whole. `advance` is called with the number of bytes that it has."""
    sheet: Sheet[Any] = Sheet(source.name)
    if source.path is None:
        return sheet
    rows = _Rows(table, sheet, problems)
    try:
        text = _text(source.path)
        if source.path.suffix == ".csv":
            _read_csv(text, rows)
        else:
            _read_yaml(text, rows)
    except OSError as error:
        problems.add(source.name, 0, f"cannot be read: {error.strerror}")
        sheet.is_whole = False
    except Unreadable as error:
        problems.add(source.name, error.line, error.reason)
        sheet.is_whole = False
    else:
        advance(source.path.stat().st_size)
    return sheet


class _Column:
    """A column while it is read: it remembers what its cells read as, since they repeat."""

    def __init__(self, column: Column) -> None:
        self.name = column.name
        self._read = column.kind.read
        self._memo: dict[str, Any] = {}

    def value(self, cell: str) -> Any:  # noqa: ANN401 - whatever stands in the column
        if cell in self._memo:
            return self._memo[cell]
        value = self._read(cell)
        if len(self._memo) < _MEMO_ENTRIES_MAX:
            self._memo[cell] = value
        return value


class _Rows:
    """Makes rows of cells, and keeps what is wrong with them."""

    def __init__(self, table: Table, sheet: Sheet[Any], problems: Problems) -> None:
        self.table, self.sheet, self.problems = table, sheet, problems
        self.columns = {column.name: _Column(column) for column in columns(table.row_type)}
        self._required = [c.name for c in columns(table.row_type) if c.is_required]
        self._nothing = dict.fromkeys(self._required)

    def fault(self, line: int, reason: str, column: str, value: str | None = None) -> None:
        self.problems.add(self.sheet.file, line, reason, column=column, value=value)

    def add(self, cells: Iterable[tuple[_Column, str]], lines: "_Lines", bad: set[str]) -> None:
        """Take a row; the columns in `bad` are known to be wrong already."""
        values: dict[str, Any] = {}
        for column, cell in cells:
            text = cell.strip()
            if not text:
                continue
            try:
                values[column.name] = column.value(text)
            except BadCellError as error:
                bad.add(column.name)
                self.fault(lines.of(column.name), f"{shown(text)} {error}", column.name, text)
        for name in self._required:
            if name not in values and name not in bad:
                bad.add(name)
                self.fault(lines.of(name), "is empty", name)
        if not bad:
            self.sheet.rows.append(self.table.row_type(**values))
            self.sheet.lines.append(lines.first)
        else:
            self.sheet.broken.append(self.table.row_type(**(self._nothing | values)))
            self.sheet.broken_lines.append(lines.first)


class _Lines(NamedTuple):
    """Where a row begins, and its cells where they have lines of their own."""

    first: int
    by_column: Mapping[str, int]

    def of(self, column: str) -> int:
        return self.by_column.get(column, self.first)


def _text(path: Path) -> str:
    with path.open("rb") as opened:
        raw = opened.read(limits.LOADED_FILE_BYTES_MAX + 1)
    if len(raw) > limits.LOADED_FILE_BYTES_MAX:
        raise Unreadable(0, f"is larger than {limits.LOADED_FILE_BYTES_MAX // 1024**2} MB")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Unreadable(line, "is not UTF-8; in Excel, save it as 'CSV UTF-8'") from None


def _read_csv(text: str, rows: _Rows) -> None:
    lines = _csv_lines(text)
    line, names = next(lines, (1, []))
    names = [name.strip().lower() for name in names]
    _check_names(names, rows.table, line)
    bound = [rows.columns.get(name) for name in names]
    for line, cells in lines:
        bad: set[str] = set()
        if len(cells) > len(bound) and any(map(str.strip, cells[len(bound) :])):
            bad.add("")
            reason = f"{len(cells)} cells for {len(bound)} columns: is a comma not in quotes?"
            rows.problems.add(rows.sheet.file, line, reason)
        pairs = zip(bound, cells, strict=False)
        found = [(column, cell) for column, cell in pairs if column is not None]
        rows.add(found, _Lines(line, _NO_LINES), bad)


def _csv_lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Give the cells of each line that is neither empty nor a comment, and where it begins."""
    separator = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins, count = 1, 0
    try:
        for cells in reader:
            line, begins = begins, reader.line_num + 1
            if not any(map(str.strip, cells)) or _is_remark(cells[0]):
                continue
            count += 1
            if count > limits.LOADED_FILE_ROWS_MAX + 1:
                raise Unreadable(line, f"has more than {limits.LOADED_FILE_ROWS_MAX:,} rows")
            yield line, cells
    except csv.Error as error:
        raise Unreadable(begins, f"is no CSV from here on: {error}") from None


def _is_remark(start: str) -> bool:
    # Excel says `sep=;` on the first line.
    return start.lstrip().startswith(("#", "sep="))


def _separator(text: str) -> str:
    for line in io.StringIO(text):
        if line.strip() and not _is_remark(line):
            return max(_SEPARATORS, key=line.count)
    return ","


def _check_names(names: list[str], table: Table, line: int) -> None:
    known = {column.name: column for column in columns(table.row_type)}
    wrong = [
        f"unknown column {shown(name)}" for name in names if name and name not in {*known, COMMENT}
    ]
    wrong += [
        f"no column {column.name!r}"
        for column in known.values()
        if column.is_required and column.name not in names
    ]
    twice = sorted(name for name in set(names) if name and names.count(name) > 1)
    wrong += [f"column {name!r} stands twice" for name in twice]
    if wrong:
        raise Unreadable(line, f"{'; '.join(wrong)}. The columns are: {', '.join(known)}")


def _read_yaml(text: str, rows: _Rows) -> None:
    kinds = {column.name: column.kind for column in columns(rows.table.row_type)}
    for record in yaml_records(text, kinds, COMMENT):
        for fault in record.faults:
            rows.fault(fault.line, fault.reason, fault.column)
        found = [(rows.columns[cell.column], cell.text) for cell in record.cells]
        bad = {fault.column for fault in record.faults}
        rows.add(found, _Lines(record.line, record.lines), bad)
