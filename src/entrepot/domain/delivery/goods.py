"""Goods against limits: each item by itself, turned as it fits best, and the whole parcel."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import msgspec


class Sized(Protocol):
    """Anything with a weight in grams and three sides in millimetres, such as an offer."""

    @property
    def weight_g(self) -> int: ...
    @property
    def length_mm(self) -> int: ...
    @property
    def width_mm(self) -> int: ...
    @property
    def height_mm(self) -> int: ...


GENERAL_GOODS = "GENERAL"
"""The kind of goods that need nothing special."""


class Goods(msgspec.Struct, frozen=True, gc=False):
    """Weight and sides of one item, and its kind: some warehouses do not take every kind."""

    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int
    kind: str = GENERAL_GOODS


class ItemLimits(msgspec.Struct, frozen=True, gc=False):
    """What one item may weigh and measure at most (the wire's `dimensionsRestrictions`)."""

    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int
    sides_sum_mm: int

    def fit(self, item: Sized) -> bool:
        """Tell whether an item may come; both are compared longest side with longest side."""
        length, width, height = item.length_mm, item.width_mm, item.height_mm
        if item.weight_g > self.weight_g or length + width + height > self.sides_sum_mm:
            return False
        if length <= self.length_mm and width <= self.width_mm and height <= self.height_mm:
            return True  # as it lies, so turned as it fits best all the more
        low, middle, high = sorted((length, width, height))
        limits = sorted((self.length_mm, self.width_mm, self.height_mm))
        return low <= limits[0] and middle <= limits[1] and high <= limits[2]

    def fit_all(self, items: Iterable[Sized]) -> bool:
        """Tell whether every item may come."""
        return all(self.fit(item) for item in items)


class Load(NamedTuple):
    """What a parcel weighs, takes up and is worth; the value is None where no prices are known."""

    weight_g: int
    volume_mm3: int
    value_kopecks: int | None = None


class ParcelLimits(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a whole parcel may weigh, take up and be worth at most; None: no limit.

    `value_kopecks` limits the sum of prices of the goods in it.
    """

    weight_g: int | None = None
    volume_mm3: int | None = None
    value_kopecks: int | None = None

    def admit(self, load: Load) -> bool:
        """Tell whether a parcel may come; a value that is not known is within its limit."""
        return (
            (self.weight_g is None or load.weight_g <= self.weight_g)
            and (self.volume_mm3 is None or load.volume_mm3 <= self.volume_mm3)
            and (
                self.value_kopecks is None
                or load.value_kopecks is None
                or load.value_kopecks <= self.value_kopecks
            )
        )

    def within(self, other: "ParcelLimits") -> "ParcelLimits":
        """Give the limits that keep both these and the others."""
        if other == NO_PARCEL_LIMITS:
            return self
        if self == NO_PARCEL_LIMITS:
            return other
        return ParcelLimits(
            _lower(self.weight_g, other.weight_g),
            _lower(self.volume_mm3, other.volume_mm3),
            _lower(self.value_kopecks, other.value_kopecks),
        )


NO_PARCEL_LIMITS = ParcelLimits()


def takes_kind(goods_kinds: frozenset[str], kind: str) -> bool:
    """Tell whether a warehouse for these kinds takes goods of a kind; none named: it takes all."""
    return not goods_kinds or kind in goods_kinds


def _lower(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return one if other is None else other
    return min(one, other)
