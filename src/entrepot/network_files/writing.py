"""Writing a network as a folder that reads back equal."""

import csv
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec
import yaml

from entrepot.domain.network import NetworkDescription
from entrepot.network_files.flat import flat_rows
from entrepot.network_files.folder import ENDINGS
from entrepot.network_files.row_types import TABLES, Column, Table, columns


class FilesInTheWayError(Exception):
    """A folder that holds a network already; `files` are in the way."""

    def __init__(self, files: tuple[Path, ...]) -> None:
        """Name the files."""
        super().__init__(", ".join(map(str, files)))
        self.files = files


def write_folder(
    described: NetworkDescription,
    folder: Path,
    *,
    overwrite: bool = False,
    advance: Callable[[int], None] = lambda _: None,
) -> tuple[Path, ...]:
    """Write a network, and give the files.

    Each file appears whole. Columns that no row needs are left out. `advance` is told of the
    rows that were written.

    Raises:
        FilesInTheWayError: there is a network in the folder, and it shall not be overwritten.
        OSError: a file cannot be written.
    """
    present = tuple(
        path
        for table in TABLES
        for ending in ENDINGS
        if (path := folder / f"{table.name}{ending}").exists()
    )
    if present and not overwrite:
        raise FilesInTheWayError(present)
    folder.mkdir(parents=True, exist_ok=True)
    rows = flat_rows(described)
    written = tuple(_write(table, list(rows[table]), folder, advance) for table in TABLES)
    for path in present:
        if path not in written:
            path.unlink()
    return written


def cell_text(column: Column, value: object) -> str:
    """Write a value as it stands in a cell; nothing for what an empty cell means."""
    if value is None or (value == column.default and not value):
        return ""
    return column.kind.write(value)


def _write(
    table: Table, rows: Sequence[msgspec.Struct], folder: Path, advance: Callable[[int], None]
) -> Path:
    path = folder / f"{table.name}{'.yaml' if table.is_yaml else '.csv'}"
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            (_write_yaml if table.is_yaml else _write_csv)(table, rows, file)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    advance(len(rows))
    return path


def _write_csv(table: Table, rows: Iterable[msgspec.Struct], file: IO[str]) -> None:
    all_columns = columns(table.row_type)
    lines = [
        [cell_text(column, value) for column, value in zip(all_columns, _values(row), strict=True)]
        for row in rows
    ]
    kept = [
        place
        for place, column in enumerate(all_columns)
        if column.is_required or any(line[place] for line in lines)
    ]
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([all_columns[place].name for place in kept])
    writer.writerows([line[place] for place in kept] for line in lines)


def _write_yaml(table: Table, rows: Iterable[msgspec.Struct], file: IO[str]) -> None:
    entries = [
        {
            column.name: _yaml_value(column, value)
            for column, value in zip(columns(table.row_type), _values(row), strict=True)
            if cell_text(column, value)
        }
        for row in rows
    ]
    yaml.dump(entries, file, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)


class _Dumper(yaml.CSafeDumper):
    """Writes lists within a line."""


class _Line(list[str]):
    """A list that stays on its line."""


def _represent_line(dumper: yaml.CSafeDumper, line: _Line) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", line, flow_style=True)


_Dumper.add_representer(_Line, _represent_line)


def _yaml_value(column: Column, value: Any) -> object:  # noqa: ANN401 - of any column
    kind = column.kind
    if kind.parts is not None:
        return _Line(kind.parts(value))
    return value if kind.is_number and isinstance(value, (int, float)) else kind.write(value)


def _values(row: msgspec.Struct) -> tuple[Any, ...]:
    return msgspec.structs.astuple(row)
