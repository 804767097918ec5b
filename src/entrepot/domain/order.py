"""An order as reads see it: a pure value with its items and the standing it has right now.

A draft that nobody confirmed ends by itself at `reserved_until`. Until it is swept its row still
says RESERVED, yet whoever reads it must be told that it is cancelled. Which drafts are overdue
is known to one place, the SQL function `draft_overdue`; what an overdue draft looks like, to
this one.
"""

import hashlib
from datetime import date, datetime
from typing import NamedTuple

import msgspec

from entrepot.contract.enums import OrderDelivery, OrderStatus, OrderSubstatus
from entrepot.domain.delivery.slot import PlaceKind, SlotKey

# How a draft ends that was not confirmed in time.
EXPIRED_STATUS = OrderStatus.CANCELLED
EXPIRED_SUBSTATUS = OrderSubstatus.RESERVATION_EXPIRED

# Nothing comes after these, but for a return.
FINISHED = (OrderStatus.DELIVERED, OrderStatus.CANCELLED)


class Standing(NamedTuple):
    """Where an order stands, and when anything of it last changed (UTC)."""

    status: OrderStatus
    substatus: OrderSubstatus
    updated_at: datetime


class OrderItem(msgspec.Struct, frozen=True, gc=False):
    """A line of an order; `position` counts from 1. The price is that of one piece."""

    position: int
    offer_id: str
    offer_name: str
    count: int
    price_kopecks: int

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
    and when it arrives; `receive_code` is what the buyer tells at a logistic point.
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


def external_id_hash(external_order_id: str) -> bytes:
    """Give what an external order id is found by; the contract sets no maximum length for it."""
    return hashlib.sha256(external_order_id.encode()).digest()
