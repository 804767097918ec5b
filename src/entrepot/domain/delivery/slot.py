"""A delivery slot: a place, a day and an interval that takes a limited number of parcels."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple


class PlaceKind(StrEnum):
    """What a slot belongs to: a logistic point, or a courier zone."""

    POINT = "P"
    ZONE = "Z"

    # Enum's own hashes the name, in Python; every use of a slot's key asks for it.
    __hash__ = str.__hash__


class SlotKey(NamedTuple):
    """Identity of a slot, in the order in which slots are locked.

    `day` is the local date at the place. `from_minute` and `to_minute` are minutes of that day;
    a point takes parcels all day long: 0 and 1440.
    """

    place_kind: PlaceKind
    place_id: int
    day: date
    from_minute: int
    to_minute: int


WHOLE_DAY = (0, 1440)
