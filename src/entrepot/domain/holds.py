"""What an order holds: the pieces of its items, and its place in a slot.

A live order's items and slot are its holds. A fake order holds nothing, ever. Which holds go
with which stage is derived from the table of moves (`order_moves.HOLDS`).
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
    """What an order's place in its slot is: none, held, given back, or used up.

    A place that is used counts like one that is held: the day's capacity is gone either way.
    """

    NONE = "NONE"
    HELD = "HELD"
    RELEASED = "RELEASED"
    USED = "USED"


# Places in slots that nobody else may have.
TAKEN = frozenset({SlotHold.HELD, SlotHold.USED})

# The parcel will not come to its place any more; the place may leave the network.
ENDED = frozenset(
    {
        OrderStatus.CANCELLED,
        OrderStatus.DELIVERED,
        OrderStatus.PARTIALLY_RETURNED,
        OrderStatus.RETURNED,
    }
)
