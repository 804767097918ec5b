"""What operations about subscriptions to notifications show, and what they refuse alike."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from entrepot.contract import operator_errors
from entrepot.contract.dates import iso_moment
from entrepot.contract.errors import Refusal
from entrepot.contract.notifications import NotificationKind
from entrepot.db import subscriptions
from entrepot.db.connection import Connection
from entrepot.db.subscriptions import Subscription
from entrepot.domain.notifications import OffReason, SubscriptionState
from entrepot.operations.wire import Answer, IsoMoment

WAITING_COUNTED_MAX = 10_000


class SubscriptionView(Answer):
    """A subscription. `waiting` counts what is queued, no further than 10,000."""

    subscriptionId: int
    url: str
    kinds: tuple[NotificationKind, ...]
    state: SubscriptionState
    signed: bool
    waiting: Annotated[int, Meta(le=WAITING_COUNTED_MAX)]
    createdAt: IsoMoment
    campaignId: int | None = None
    offReason: OffReason | None = None
    unavailableSince: IsoMoment | None = None
    secret: str | None = None


async def show_subscription(
    connection: Connection, subscription: Subscription, *, secret: str | None = None
) -> SubscriptionView:
    """Show a subscription; its secret only to whoever has just made it."""
    waiting = await subscriptions.count_waiting(
        connection, subscription.business_id, subscription.id, WAITING_COUNTED_MAX
    )
    return SubscriptionView(
        subscriptionId=subscription.id,
        url=subscription.url,
        kinds=subscription.kinds,
        state=subscription.state,
        signed=subscription.secret is not None,
        waiting=waiting,
        createdAt=iso_moment(subscription.created_at),
        campaignId=subscription.campaign_id,
        offReason=subscription.off_reason,
        unavailableSince=optional_moment(subscription.unavailable_since),
        secret=secret,
    )


async def show_existing(
    connection: Connection, business_id: int, subscription_id: int
) -> SubscriptionView | Refusal:
    """Show a subscription as it is in this transaction, or say that there is none."""
    found = await subscriptions.read_subscription(connection, business_id, subscription_id)
    if found is None:
        return operator_errors.NO_SUCH_SUBSCRIPTION(subscription_id=subscription_id)
    return await show_subscription(connection, found)


def optional_moment(moment: datetime | None) -> str | None:
    """Write a moment, if there is one."""
    return None if moment is None else iso_moment(moment)
