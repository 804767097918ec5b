"""Notifications: what Entrepot tells a shop's server, and what the server answers.

The names are the contract's (`notifications.openapi.json`). Of its kinds those are here that an
operator who delivers for shops has something to tell of.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from entrepot.contract.enums import OrderStatus, OrderSubstatus, ReturnKind

LABEL_CHARS_MAX = 100
"""Of a receiver's name and version."""


class NotificationKind(StrEnum):
    """What a notification is about. `PING` is asked of every receiver, never subscribed to."""

    PING = "PING"
    ORDER_CREATED = "ORDER_CREATED"
    ORDER_CANCELLED = "ORDER_CANCELLED"
    ORDER_STATUS_UPDATED = "ORDER_STATUS_UPDATED"
    ORDER_RETURN_CREATED = "ORDER_RETURN_CREATED"
    ORDER_UPDATED = "ORDER_UPDATED"


class OrderUpdate(StrEnum):
    """What of an order was changed."""

    SHIPMENT_DATE_UPDATED = "SHIPMENT_DATE_UPDATED"
    DELIVERY_DATE_UPDATED = "DELIVERY_DATE_UPDATED"
    UNKNOWN = "UNKNOWN"


class NotifiedItem(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """So many pieces of an offer."""

    offer_id: str
    count: int


class _Told(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    tag_field="notificationType",
    gc=False,
):
    """What all kinds have in common: the field that says which one it is."""


class Ping(_Told, frozen=True, kw_only=True, tag="PING"):
    """Is anybody there? `time` is when it was asked."""

    time: datetime


class OrderCreated(_Told, frozen=True, kw_only=True, tag="ORDER_CREATED"):
    """An order was placed."""

    order_id: int
    campaign_id: int
    items: tuple[NotifiedItem, ...]
    created_at: datetime


class OrderStatusUpdated(_Told, frozen=True, kw_only=True, tag="ORDER_STATUS_UPDATED"):
    """An order came to another status or substatus."""

    order_id: int
    campaign_id: int
    status: OrderStatus
    substatus: OrderSubstatus
    updated_at: datetime


class OrderCancelled(_Told, frozen=True, kw_only=True, tag="ORDER_CANCELLED"):
    """An order was cancelled; comes after the change of its status."""

    order_id: int
    campaign_id: int
    items: tuple[NotifiedItem, ...]
    cancelled_at: datetime


class OrderUpdated(_Told, frozen=True, kw_only=True, tag="ORDER_UPDATED"):
    """Something else of an order was changed."""

    order_id: int
    campaign_id: int
    update_type: OrderUpdate
    updated_at: datetime


class OrderReturnCreated(_Told, frozen=True, kw_only=True, tag="ORDER_RETURN_CREATED"):
    """Goods of an order are on their way back."""

    order_id: int
    return_id: int
    return_type: ReturnKind
    campaign_id: int
    items: tuple[NotifiedItem, ...]
    created_at: datetime


Notification = (
    Ping | OrderCreated | OrderStatusUpdated | OrderCancelled | OrderUpdated | OrderReturnCreated
)

Label = Annotated[str, Meta(min_length=1, max_length=LABEL_CHARS_MAX)]


class Acceptance(msgspec.Struct, frozen=True):
    """What a receiver answers with 200: who it is, and when it began to work on it."""

    version: Label
    name: Label
    time: datetime


class NotificationError(msgspec.Struct, frozen=True):
    """What a receiver says is wrong. The contract insists on neither field."""

    type: str | None = None
    message: str | None = None


class Rejection(msgspec.Struct, frozen=True):
    """What a receiver answers with 400 or 500."""

    error: NotificationError | None = None
