"""How a network becomes rows, and rows a network.

A row is one value of the domain as JSON under its kind and key: a field added to the domain, if
it has a default, needs no migration. Fields that have their default are not written, so a
default must stay what it is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from entrepot.domain.delivery.calendar import Calendar
from entrepot.domain.network import (
    CourierZone,
    Lane,
    LogisticPoint,
    NetworkDescription,
    Warehouse,
)
from entrepot.domain.regions import Region

Key = tuple[int, int]
_encode = msgspec.json.Encoder().encode


class Kind(NamedTuple):
    """A kind of rows: its name, the field of a description that holds its values, their type."""

    name: str
    field: str
    of_rows: Callable[[bytes], list[Any]]
    key: Callable[[Any], Key]


def _by_id(value: Any) -> Key:  # noqa: ANN401 - any of the domain's values that have an id
    return value.id, 0


def _by_ends(lane: Lane) -> Key:
    return lane.warehouse_id, lane.region_id


def _kind(
    name: str, field: str, of: type[msgspec.Struct], key: Callable[[Any], Key] = _by_id
) -> Kind:
    rows: Any = list[of]  # type: ignore[valid-type]
    return Kind(name, field, msgspec.json.Decoder(rows).decode, key)


KINDS = (
    _kind("REGION", "regions", Region),
    _kind("CALENDAR", "calendars", Calendar),
    _kind("WAREHOUSE", "warehouses", Warehouse),
    _kind("POINT", "points", LogisticPoint),
    _kind("ZONE", "zones", CourierZone),
    _kind("LANE", "lanes", Lane, _by_ends),
)


class Sharing:
    """Lets equal parts of points be one object: thousands have the same hours and limits.

    That saves most of their memory, and the garbage collector from looking at each.
    """

    def __init__(self) -> None:
        """Share nothing yet."""
        self._parts: dict[object, Any] = {}

    def share(self, values: Iterable[Any]) -> None:
        """Exchange parts of values that were just decoded, and that nobody else has seen."""
        parts = self._parts
        for value in values:
            if isinstance(value, LogisticPoint):
                for name in _SHARED:
                    part = getattr(value, name)
                    msgspec.structs.force_setattr(value, name, parts.setdefault(part, part))


_SHARED = ("hours", "limits", "parcel_limits", "own_days", "time_zone")


class Row(NamedTuple):
    """A row of `network_row`, but for its version."""

    kind: str
    id: int
    to_id: int
    body: str


def count_rows(described: NetworkDescription) -> int:
    """Count the rows of a network."""
    return sum(len(getattr(described, kind.field)) for kind in KINDS)


def rows_of(described: NetworkDescription) -> Iterator[Row]:
    """Lay a network out in rows, kind after kind."""
    for kind in KINDS:
        values: Iterable[Any] = getattr(described, kind.field)
        for value in values:
            yield Row(kind.name, *kind.key(value), _encode(value).decode())


def description_of(values: Mapping[str, Sequence[Any]]) -> NetworkDescription:
    """Put a network together from its values by the names of their kinds."""
    return NetworkDescription(**{kind.field: tuple(values[kind.name]) for kind in KINDS})
