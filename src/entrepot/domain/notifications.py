"""Which notifications an event of an order is worth, and when a notification is tried again."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from entrepot.contract.enums import OrderStatus, OrderSubstatus, ReturnKind
from entrepot.contract.notifications import (
    Notification,
    NotificationKind,
    NotifiedItem,
    OrderCancelled,
    OrderCreated,
    OrderReturnCreated,
    OrderStatusUpdated,
    OrderUpdate,
    OrderUpdated,
)
from entrepot.domain.order_events import EventKind

SUBSCRIBED_KINDS = tuple(kind for kind in NotificationKind if kind is not NotificationKind.PING)

ATTEMPTS_END_AFTER = timedelta(days=14)
"""From the first attempt; a subscription that had no answer for so long is switched off."""

# Until so long after the first attempt, the next one comes so long after the last.
_TIMETABLE = (
    (timedelta(hours=1), timedelta(minutes=1)),
    (timedelta(days=1), timedelta(minutes=15)),
    (ATTEMPTS_END_AFTER, timedelta(hours=1)),
)


class Worth(NamedTuple):
    """One notification that an event is worth; `part` orders those of one event.

    `event_kind` and `status` are those of the event, None for any status.
    """

    event_kind: EventKind
    status: OrderStatus | None
    part: int
    kind: NotificationKind


WORTH = (
    Worth(EventKind.CREATED, None, 1, NotificationKind.ORDER_CREATED),
    Worth(EventKind.STATUS_CHANGED, None, 1, NotificationKind.ORDER_STATUS_UPDATED),
    Worth(EventKind.STATUS_CHANGED, OrderStatus.CANCELLED, 2, NotificationKind.ORDER_CANCELLED),
    Worth(EventKind.INTERVAL_CHANGED, None, 1, NotificationKind.ORDER_UPDATED),
    Worth(EventKind.RECIPIENT_CHANGED, None, 1, NotificationKind.ORDER_UPDATED),
    Worth(EventKind.RETURN_CREATED, None, 1, NotificationKind.ORDER_RETURN_CREATED),
)


class SubscriptionState(StrEnum):
    """Whether notifications go out. Only while ON they are queued."""

    CONNECTING = "CONNECTING"
    """Its receiver is about to be asked with a PING."""
    ON = "ON"
    OFF = "OFF"
    DELETED = "DELETED"
    """Nobody sees it any more; it goes when what is known of it is gone."""


class OffReason(StrEnum):
    """Why a subscription is off."""

    BY_HAND = "BY_HAND"
    PING_FAILED = "PING_FAILED"
    UNAVAILABLE = "UNAVAILABLE"
    """No good answer for fourteen days."""


def next_attempt(first_attempt_at: datetime, attempted_at: datetime) -> datetime | None:
    """Tell when to try again what has just failed; None when there is no further attempt.

    Every minute in the first hour, every 15 minutes for the rest of the first day, then hourly.
    """
    ends_at = first_attempt_at + ATTEMPTS_END_AFTER
    since = attempted_at - first_attempt_at
    for phase, interval in _TIMETABLE:
        if since < phase:
            return min(attempted_at + interval, ends_at)
    return None


class Owed(NamedTuple):
    """A notification that waits to be delivered, with what it is about.

    `attempts` are those made so far; status, substatus and moment are those of the event.
    `items` are an order's or a return's, none where a kind does not tell of goods.
    """

    order_id: int
    seq: int
    part: int
    kind: NotificationKind
    attempts: int
    first_attempt_at: datetime | None
    campaign_id: int
    status: str
    substatus: str
    happened_at: datetime
    event_kind: EventKind
    return_id: int | None
    return_kind: str | None
    items: tuple[NotifiedItem, ...]


def content(owed: Owed) -> Notification:
    """Say what a notification says."""
    match owed.kind:
        case NotificationKind.ORDER_CREATED:
            return OrderCreated(
                order_id=owed.order_id,
                campaign_id=owed.campaign_id,
                items=owed.items,
                created_at=owed.happened_at,
            )
        case NotificationKind.ORDER_STATUS_UPDATED:
            return OrderStatusUpdated(
                order_id=owed.order_id,
                campaign_id=owed.campaign_id,
                status=OrderStatus(owed.status),
                substatus=OrderSubstatus(owed.substatus),
                updated_at=owed.happened_at,
            )
        case NotificationKind.ORDER_CANCELLED:
            return OrderCancelled(
                order_id=owed.order_id,
                campaign_id=owed.campaign_id,
                items=owed.items,
                cancelled_at=owed.happened_at,
            )
        case NotificationKind.ORDER_UPDATED:
            moved = owed.event_kind is EventKind.INTERVAL_CHANGED
            return OrderUpdated(
                order_id=owed.order_id,
                campaign_id=owed.campaign_id,
                update_type=OrderUpdate.DELIVERY_DATE_UPDATED if moved else OrderUpdate.UNKNOWN,
                updated_at=owed.happened_at,
            )
        case NotificationKind.ORDER_RETURN_CREATED:
            assert owed.return_id is not None, "an event of a return names it"
            assert owed.return_kind is not None, "a return has a kind"
            return OrderReturnCreated(
                order_id=owed.order_id,
                return_id=owed.return_id,
                return_type=ReturnKind(owed.return_kind),
                campaign_id=owed.campaign_id,
                items=owed.items,
                created_at=owed.happened_at,
            )
        case kind:
            raise AssertionError(f"nothing is told by {kind}")
