"""What an order holds in each status: the pieces of its items, and its slot.

A live order's items and slot are its holds. A fake order holds nothing, ever.
"""

from enum import StrEnum

from entrepot.contract.enums import OrderStatus


class ItemHold(StrEnum):
    """What the pieces of an item are: nobody's, held in the warehouse, given back, or sent."""

    NONE = "NONE"
    HELD = "HELD"
    RELEASED = "RELEASED"
    SHIPPED = "SHIPPED"


class SlotHold(StrEnum):
    """What an order's place in its slot is: none, held, given back, or used up."""

    NONE = "NONE"
    HELD = "HELD"
    RELEASED = "RELEASED"
    USED = "USED"


_BEFORE_HANDING_OVER = (OrderStatus.RESERVED, OrderStatus.PROCESSING)
_AFTER_HANDING_OVER = (
    OrderStatus.DELIVERY,
    OrderStatus.PICKUP,
    OrderStatus.DELIVERED,
    OrderStatus.PARTIALLY_RETURNED,
    OrderStatus.RETURNED,
)

# An order may be cancelled on its way: its goods have left the warehouse, its slot may be used.
ITEM_HOLDS: dict[OrderStatus, frozenset[ItemHold]] = {
    **dict.fromkeys(_BEFORE_HANDING_OVER, frozenset({ItemHold.HELD})),
    **dict.fromkeys(_AFTER_HANDING_OVER, frozenset({ItemHold.SHIPPED})),
    OrderStatus.CANCELLED: frozenset({ItemHold.RELEASED, ItemHold.SHIPPED}),
}
SLOT_HOLDS: dict[OrderStatus, frozenset[SlotHold]] = {
    **dict.fromkeys(_BEFORE_HANDING_OVER, frozenset({SlotHold.HELD})),
    **dict.fromkeys(_AFTER_HANDING_OVER, frozenset({SlotHold.HELD, SlotHold.USED})),
    OrderStatus.CANCELLED: frozenset({SlotHold.RELEASED, SlotHold.USED}),
}
# The parcel will not come to its place any more; the place may leave the network.
ENDED = frozenset(
    {
        OrderStatus.CANCELLED,
        OrderStatus.DELIVERED,
        OrderStatus.PARTIALLY_RETURNED,
        OrderStatus.RETURNED,
    }
)
