"""Parcels: how they are numbered, and the code that stands on their labels.

A code names the business too: whoever scans a parcel at the gate does not know whose it is.
"""

import re
from typing import NamedTuple

import msgspec

PARCELS_PER_ORDER_MAX = 20  # a cart's worth: more pieces than that go by a pallet of their own

_CODE = re.compile(r"P([1-9][0-9]{0,18})-([1-9][0-9]{0,18})-([1-9][0-9]?)", re.ASCII)
_ACT_CODE = "A{business_id}-{handover_id}"
_ID_MAX = 2**63 - 1


class ParcelKey(NamedTuple):
    """Identity of a parcel; numbers of an order's parcels count from 1."""

    business_id: int
    order_id: int
    number: int


class Packed(msgspec.Struct, frozen=True, gc=False):
    """A parcel as it was packed: weight in grams, sides in millimetres."""

    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int


def parcel_code(parcel: ParcelKey) -> str:
    """Give what the bar code of a parcel says."""
    return f"P{parcel.business_id}-{parcel.order_id}-{parcel.number}"


def read_parcel_code(scanned: str) -> ParcelKey | None:
    """Read what a scanner read; None for what is no parcel's code."""
    match = _CODE.fullmatch(scanned.strip())
    if match is None:
        return None
    business_id, order_id, number = map(int, match.groups())
    if max(business_id, order_id) > _ID_MAX:
        return None
    return ParcelKey(business_id, order_id, number)


def act_code(business_id: int, handover_id: int) -> str:
    """Give what the bar code of a hand-over act says."""
    return _ACT_CODE.format(business_id=business_id, handover_id=handover_id)
