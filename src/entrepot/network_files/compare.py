"""What a network would change against another one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from entrepot.domain.network import CourierZone, NetworkDescription
from entrepot.network_files.flat import (
    calendar_row,
    interval_rows,
    lane_row,
    point_row,
    region_row,
    warehouse_row,
    zone_row,
)
from entrepot.network_files.row_types import (
    CALENDARS,
    LANES,
    POINTS,
    REGIONS,
    WAREHOUSES,
    ZONES,
    Table,
    columns,
)
from entrepot.network_files.schedules import write_days, write_time
from entrepot.network_files.writing import cell_text

ADDED, REMOVED, CHANGED = "added", "removed", "changed"


class CellChange(msgspec.Struct, frozen=True):
    """A cell with what stands in it before and after, as files write it."""

    column: str
    before: str
    after: str


class RowChange(msgspec.Struct, frozen=True):
    """A row that was added, removed or changed; `key` is its id, a lane's two are `501 → 213`."""

    key: str
    change: str
    name: str
    cells: tuple[CellChange, ...] = ()


class TableChanges(msgspec.Struct, frozen=True):
    """What changes in one table: numbers of rows, and the first of these rows."""

    table: str
    added: int
    removed: int
    changed: int
    rows: tuple[RowChange, ...]

    @property
    def count(self) -> int:
        """All rows that change."""
        return self.added + self.removed + self.changed


class _Compared(NamedTuple):
    """A table of a description: how its values are told apart, named and written."""

    table: Table
    field: str
    flat: Any


_COMPARED = (
    _Compared(REGIONS, "regions", region_row),
    _Compared(CALENDARS, "calendars", calendar_row),
    _Compared(WAREHOUSES, "warehouses", warehouse_row),
    _Compared(POINTS, "points", point_row),
    _Compared(ZONES, "zones", zone_row),
    _Compared(LANES, "lanes", lane_row),
)


def compare(
    before: NetworkDescription, after: NetworkDescription, *, rows_max: int
) -> tuple[TableChanges, ...]:
    """Compare two networks; tables without a change are left out.

    Args:
        before: the network in force.
        after: the one that would take its place.
        rows_max: how many rows of each table to give; all are counted.
    """
    found = (
        _compare(each, getattr(before, each.field), getattr(after, each.field), rows_max)
        for each in _COMPARED
    )
    return tuple(changes for changes in found if changes.count)


def _compare(
    compared: _Compared, before: Iterable[Any], after: Iterable[Any], rows_max: int
) -> TableChanges:
    old, new = _by_key(compared.table, before), _by_key(compared.table, after)
    added = sorted(new.keys() - old.keys())
    removed = sorted(old.keys() - new.keys())
    changed = sorted(key for key in old.keys() & new.keys() if old[key] != new[key])
    rows = [_row(compared, key, CHANGED, old[key], new[key]) for key in changed[:rows_max]]
    rows += [_row(compared, key, REMOVED, old[key], None) for key in removed[:rows_max]]
    rows += [_row(compared, key, ADDED, None, new[key]) for key in added[:rows_max]]
    return TableChanges(
        compared.table.name, len(added), len(removed), len(changed), tuple(rows[:rows_max])
    )


def _by_key(table: Table, values: Iterable[Any]) -> Mapping[tuple[int, ...], Any]:
    return {tuple(getattr(each, name) for name in table.key): _ordered(each) for each in values}


def _ordered(value: Any) -> Any:  # noqa: ANN401 - any of the network's values
    """Let the order of intervals within a day not matter."""
    if isinstance(value, CourierZone):
        week = tuple(tuple(sorted(intervals)) for intervals in value.week)
        return value if week == value.week else msgspec.structs.replace(value, week=week)
    return value


def _row(
    compared: _Compared, key: tuple[int, ...], change: str, old: object, new: object
) -> RowChange:
    named = old if new is None else new
    name = getattr(named, "name", None) or _address(named)
    if change != CHANGED:
        return RowChange(" → ".join(map(str, key)), change, name)
    before, after = _cells(compared, old), _cells(compared, new)
    cells = tuple(
        CellChange(column, before[column], after[column])
        for column in before
        if before[column] != after[column]
    )
    return RowChange(" → ".join(map(str, key)), change, name, cells)


def _address(value: object) -> str:
    address = getattr(value, "address", None)
    return address.full_address if address is not None else ""


def _cells(compared: _Compared, value: Any) -> Mapping[str, str]:  # noqa: ANN401
    values: Sequence[Any] = msgspec.structs.astuple(compared.flat(value))
    named = zip(columns(compared.table.row_type), values, strict=True)
    cells = {column.name: cell_text(column, cell) for column, cell in named}
    if isinstance(value, CourierZone):
        cells["intervals"] = "; ".join(
            f"{write_days(row.days)} {write_time(row.from_time)}-{write_time(row.to_time)}"
            f" × {row.capacity}"
            for row in interval_rows(value)
        )
    return cells
