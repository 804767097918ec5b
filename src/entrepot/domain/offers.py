"""Offers: what a business sells, and what the warehouse must know to move it."""

import msgspec

from entrepot.domain.delivery.goods import GENERAL_GOODS

OFFER_ID_CHARS_MAX = 255
WEIGHT_G_MAX = 100_000_000  # a hundred tonnes: beyond what a warehouse moves as one piece
GOODS_KIND_CHARS_MAX = 64
SIDE_MM_MAX = 100_000  # a hundred metres


class Offer(msgspec.Struct, frozen=True, gc=False):
    """An offer (SKU) of a business: weight and sides of one piece, and its kind of goods."""

    offer_id: str
    name: str
    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int
    archived: bool = False
    kind: str = GENERAL_GOODS
