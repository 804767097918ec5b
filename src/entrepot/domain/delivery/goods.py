"""Goods against the limits of a place: each item by itself, turned as it fits best."""

from collections.abc import Iterable
from typing import Protocol

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
        if item.weight_g > self.weight_g:
            return False
        sides = sorted((item.length_mm, item.width_mm, item.height_mm))
        if sum(sides) > self.sides_sum_mm:
            return False
        limits = sorted((self.length_mm, self.width_mm, self.height_mm))
        return all(side <= limit for side, limit in zip(sides, limits, strict=True))

    def fit_all(self, items: Iterable[Sized]) -> bool:
        """Tell whether every item may come."""
        return all(self.fit(item) for item in items)


class ParcelLimits(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a whole parcel may weigh, take up and be worth at most; None: no limit.

    `value_kopecks` limits the sum of prices of the goods in it.
    """

    weight_g: int | None = None
    volume_mm3: int | None = None
    value_kopecks: int | None = None
