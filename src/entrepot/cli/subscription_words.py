"""How `entrepot subscriptions` shows subscriptions and what was sent."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrepot.cli.output import note, spinner
from entrepot.contract.notifications import NotificationKind
from entrepot.domain.notifications import SUBSCRIBED_KINDS, OffReason, SubscriptionState

if TYPE_CHECKING:
    from entrepot.db.connection import Connection
    from entrepot.db.deliveries import Attempt
    from entrepot.db.subscriptions import Subscription
    from entrepot.db.transaction import Database

WAITING_COUNTED_MAX = 10_000
ASKED_S_MAX = 5.0
"""A service asks a server within two seconds: one for it to look, one for the server to answer."""
LOOK_S = 0.1


KindOption = Annotated[
    list[NotificationKind] | None,
    typer.Option(metavar="KIND", help="What to hear of; can be given several times. [all]"),
]


def read_kinds(named: list[NotificationKind] | None) -> tuple[NotificationKind, ...]:
    """Give the kinds to subscribe to: those named, or all.

    Raises:
        typer.BadParameter: one of them is not subscribed to.
    """
    if named and NotificationKind.PING in named:
        raise typer.BadParameter("PING is asked of every server, not subscribed to.")
    return tuple(named or SUBSCRIBED_KINDS)


class ShownSubscription(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A subscription as commands print it; the secret only once, when it was drawn."""

    id: int
    business_id: int
    campaign_id: int | None
    url: str
    kinds: tuple[NotificationKind, ...]
    state: SubscriptionState
    off_reason: OffReason | None
    unavailable_since: datetime | None
    waiting: int
    signed: bool
    secret: str | None = None


class ShownAttempt(msgspec.Struct, frozen=True, rename="camel"):
    """A line of the log as commands print it."""

    attempted_at: datetime
    kind: NotificationKind
    order_id: int | None
    number: int
    outcome: str
    http_status: int | None
    reason: str | None
    detail: str | None
    took_ms: int | None
    next_at: datetime | None


async def shown_subscription(
    connection: "Connection", subscription: "Subscription"
) -> ShownSubscription:
    """Give a subscription with how many notifications wait for it."""
    from entrepot.db.subscriptions import count_waiting  # noqa: PLC0415

    waiting = await count_waiting(
        connection, subscription.business_id, subscription.id, WAITING_COUNTED_MAX
    )
    return ShownSubscription(
        id=subscription.id,
        business_id=subscription.business_id,
        campaign_id=subscription.campaign_id,
        url=subscription.url,
        kinds=subscription.kinds,
        state=subscription.state,
        off_reason=subscription.off_reason,
        unavailable_since=subscription.unavailable_since,
        waiting=waiting,
        signed=subscription.secret is not None,
    )


def shown_attempt(attempt: "Attempt") -> ShownAttempt:
    """Give a line of the log as it is printed."""
    return ShownAttempt(
        attempted_at=attempt.attempted_at,
        kind=attempt.kind,
        order_id=attempt.order_id,
        number=attempt.number,
        outcome=attempt.outcome,
        http_status=attempt.http_status,
        reason=attempt.reason,
        detail=attempt.detail,
        took_ms=attempt.took_ms,
        next_at=attempt.next_at,
    )


async def until_asked(
    database: "Database", read: "Callable[[Connection], Awaitable[ShownSubscription]]"
) -> ShownSubscription:
    """Read a subscription until its server was asked, or for as long as a person would wait."""
    loop = asyncio.get_running_loop()
    until = loop.time() + ASKED_S_MAX
    with spinner("Asking the server …"):
        shown = await database.read(read)
        while shown.state is SubscriptionState.CONNECTING and loop.time() < until:
            await asyncio.sleep(LOOK_S)
            shown = await database.read(read)
    return shown


def tell_state(shown: ShownSubscription) -> None:
    """Tell a person what a state means for them."""
    if shown.state is SubscriptionState.CONNECTING:
        note("The server has not been asked yet: that is done by a service that runs.")
    elif shown.off_reason is OffReason.PING_FAILED:
        note(
            f"The server did not answer the PING as it should: see `entrepot subscriptions log"
            f" {shown.id}`, then `entrepot subscriptions enable {shown.id}`."
        )
