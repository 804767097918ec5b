"""Keys of slots, made of the columns that tables hold them in."""

from datetime import date

from entrepot.db.connection import Row
from entrepot.domain.delivery.slot import PlaceKind, SlotKey


def slot_key(
    place_kind: str, place_id: int, day: date, from_minute: int, to_minute: int
) -> SlotKey:
    """Make the key of a slot of its columns, in the order of the table's key."""
    return SlotKey(PlaceKind(place_kind), place_id, day, from_minute, to_minute)


def slot_of_order(row: Row) -> SlotKey:
    """Give the key of the slot that a row of `orders` names."""
    return slot_key(
        row["place_kind"],
        row["place_id"],
        row["slot_day"],
        row["slot_from_minute"],
        row["slot_to_minute"],
    )
