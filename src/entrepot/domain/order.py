"""An order as reads see it: a pure value with its items and the standing it has right now.

A draft that nobody confirmed ends by itself at `reserved_until`, a parcel that nobody fetched
when its point has kept it long enough. Until that is swept the row still says RESERVED or
PICKUP, yet whoever reads it must be told that the order is cancelled. What is overdue is known
to one place, the SQL functions `draft_overdue` and `storage_overdue`; where it leads, to the
table of moves.
"""

import hashlib
from datetime import date, datetime
from typing import NamedTuple

import msgspec

from entrepot.contract.enums import ItemUnitStatus, OrderDelivery, OrderStatus, OrderSubstatus
from entrepot.domain.delivery.slot import PlaceKind, SlotKey
from entrepot.domain.order_moves import OUTSIDE, Stage

# Nothing comes after these, but for a return.
FINISHED = (OrderStatus.DELIVERED, OrderStatus.CANCELLED)


class Standing(NamedTuple):
    """Where an order stands, and when anything of it last changed (UTC)."""

    status: OrderStatus
    substatus: OrderSubstatus
    updated_at: datetime

    @property
    def stage(self) -> Stage:
        """The status with its substatus."""
        return Stage(self.status, self.substatus)


class OrderItem(msgspec.Struct, frozen=True, gc=False):
    """A line of an order; `position` counts from 1. The price is that of one piece.

    So many of its pieces the buyer turned down, or were lost on their way.
    """

    position: int
    offer_id: str
    offer_name: str
    count: int
    price_kopecks: int
    rejected: int = 0
    lost: int = 0

    @property
    def total_kopecks(self) -> int:
        """What the buyer pays for all pieces."""
        return self.count * self.price_kopecks


class CourierAddress(msgspec.Struct, frozen=True, gc=False):
    """Where a courier rings, as far as it was given and not erased. Personal data."""

    entrance: str | None = None
    floor: int | None = None
    apartment: str | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order and its items, as they are at one moment.

    `standing` is what is shown: for an overdue draft, its end. `slot` says where the order goes
    and when it arrives; `receive_code` is what the buyer tells at a logistic point, which keeps
    the parcel until the end of `storage_limit_day`. `shipped_at` is when its goods left.
    """

    business_id: int
    id: int
    campaign_id: int
    external_order_id: str
    standing: Standing
    fake: bool
    warehouse_id: int
    slot: SlotKey
    region_id: int
    shipment_day: date
    items_total_kopecks: int
    delivery_price_kopecks: int
    receive_code: str | None
    reserved_until: datetime | None
    created_at: datetime
    shipped_at: datetime | None = None
    storage_limit_day: date | None = None
    address: CourierAddress
    notes: str | None
    items: tuple[OrderItem, ...]

    @property
    def delivery(self) -> OrderDelivery:
        """Courier or pickup."""
        by_courier = self.slot.place_kind is PlaceKind.ZONE
        return OrderDelivery.DELIVERY if by_courier else OrderDelivery.PICKUP

    @property
    def ends_at(self) -> datetime | None:
        """When an open draft will end by itself; None for whatever is no open draft."""
        return self.reserved_until if self.standing.status is OrderStatus.RESERVED else None


class Units(NamedTuple):
    """So many pieces of a line, and what became of them."""

    status: ItemUnitStatus
    pieces: int


def units_of(order: Order, item: OrderItem) -> tuple[Units, ...]:
    """Tell what became of the pieces of a line; what there is none of is left out."""
    rest = item.count - item.rejected - item.lost
    units = (
        Units(_usual_units(order), rest),
        Units(ItemUnitStatus.REJECTED, item.rejected),
        Units(ItemUnitStatus.LOST, item.lost),
    )
    return tuple(one for one in units if one.pieces)


def _usual_units(order: Order) -> ItemUnitStatus:
    match order.standing.status:
        case OrderStatus.CANCELLED:
            return ItemUnitStatus.CANCELLED
        case OrderStatus.DELIVERED | OrderStatus.PARTIALLY_RETURNED | OrderStatus.RETURNED:
            return ItemUnitStatus.DELIVERED_TO_BUYER
    return ItemUnitStatus.SHIPPED if order.standing.stage in OUTSIDE else ItemUnitStatus.CREATED


def visible_storage_limit(order: Order) -> date | None:
    """Give until when the point keeps the parcel, once it is there and not fetched."""
    return order.storage_limit_day if order.standing.status is OrderStatus.PICKUP else None


def external_id_hash(external_order_id: str) -> bytes:
    """Give what an external order id is found by; the contract sets no maximum length for it."""
    return hashlib.sha256(external_order_id.encode()).digest()
