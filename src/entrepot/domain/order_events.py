"""The history of an order: what happened, who did it, when, and where it came from."""

from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from entrepot.domain.order_moves import ActorKind, Stage


class EventKind(StrEnum):
    """What an event tells. Every event also carries the stage of the order after it."""

    CREATED = "CREATED"
    STATUS_CHANGED = "STATUS_CHANGED"
    RECIPIENT_CHANGED = "RECIPIENT_CHANGED"
    INTERVAL_CHANGED = "INTERVAL_CHANGED"
    OPERATION_STARTED = "OPERATION_STARTED"
    OPERATION_FAILED = "OPERATION_FAILED"
    RETURN_CREATED = "RETURN_CREATED"
    PUT_ASIDE = "PUT_ASIDE"
    RESUMED = "RESUMED"
    PICKED = "PICKED"
    PACKED = "PACKED"


class Source(StrEnum):
    """Where a change came from."""

    API = "API"
    OPERATOR_API = "OPERATOR_API"
    CARRIER = "CARRIER"
    TIMER = "TIMER"
    SANDBOX = "SANDBOX"


class Actor(NamedTuple):
    """Who changes an order: which kind, by what name (a key's id or name), from where."""

    kind: ActorKind
    name: str | None
    source: Source


TIMER = Actor(ActorKind.TIMER, None, Source.TIMER)


class UnitsRefused(msgspec.Struct, frozen=True, gc=False):
    """Pieces of an offer that the buyer did not take."""

    offer_id: str
    count: int


class EventDetail(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """What else there is to say of an event; never personal data, it outlives its erasure.

    `operations` are ids, `return_id` is that of goods that come back; day and minutes are those
    of the slot that an order has now.
    """

    operations: tuple[str, ...] = ()
    reason: str | None = None
    refused: tuple[UnitsRefused, ...] = ()
    return_id: int | None = None
    day: date | None = None
    from_minute: int | None = None
    to_minute: int | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an order's history; `seq` counts from 1."""

    seq: int
    kind: EventKind
    stage: Stage
    actor: Actor
    happened_at: datetime
    detail: EventDetail | None = None
