"""createSubscription: a server is to hear of events."""

from typing import Annotated

from msgspec import Meta

from entrepot import limits
from entrepot.contract import operator_errors
from entrepot.contract.errors import Refusal
from entrepot.contract.notifications import NotificationKind
from entrepot.db import subscriptions
from entrepot.db.connection import Connection
from entrepot.db.subscriptions import NewSubscription
from entrepot.domain.notifications import SUBSCRIBED_KINDS
from entrepot.domain.operators import Role
from entrepot.operations.operator.calls import OperatorCall
from entrepot.operations.operator.subscription_views import SubscriptionView, show_subscription
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import PositiveId, Request
from entrepot.outbound.addresses import check_url
from entrepot.outbound.signing import new_secret


class CreateSubscriptionRequest(Request):
    """Where to, and what of. Without a campaign: of the whole business; without kinds: all."""

    url: Annotated[str, Meta(min_length=1, max_length=limits.SUBSCRIPTION_URL_CHARS_MAX)]
    campaignId: PositiveId | None = None
    kinds: Annotated[tuple[NotificationKind, ...], Meta(min_length=1)] | None = None
    signed: bool = False


@operation(
    "createSubscription",
    Method.POST,
    "/operator/v1/businesses/{businessId}/subscriptions",
    api=OPERATOR,
    roles=(Role.ADMIN,),
    section="notifications",
)
async def create_subscription(
    call: OperatorCall, business_id: int, body: CreateSubscriptionRequest
) -> SubscriptionView | Refusal:
    """Subscribe a server to notifications of a business or of one of its campaigns.

    The server is asked with a PING within some seconds, and the subscription is ON when it has
    answered as it should: see getSubscriptions. With `signed` each notification is signed as
    Standard Webhooks has it; the `secret` is in this answer and in no other.
    """
    kinds = body.kinds or SUBSCRIBED_KINDS
    objection = check_url(body.url)
    if objection is None and NotificationKind.PING in kinds:
        objection = "PING is asked of every server, not subscribed to."
    if objection is not None:
        return operator_errors.SUBSCRIPTION_IMPOSSIBLE(reason=objection)
    secret = new_secret() if body.signed else None
    wanted = NewSubscription(business_id, body.campaignId, body.url, kinds, secret)

    async def work(connection: Connection) -> SubscriptionView | Refusal:
        made = await subscriptions.create_subscription(connection, wanted)
        if made is None:
            reason = (
                "no such business or campaign, or it has"
                f" {limits.SUBSCRIPTIONS_PER_BUSINESS_MAX} subscriptions already"
            )
            return operator_errors.SUBSCRIPTION_IMPOSSIBLE(reason=reason)
        found = await subscriptions.read_subscription(connection, business_id, made)
        assert found is not None, "a subscription was just made"
        return await show_subscription(connection, found, secret=secret)

    return await call.platform.database.transaction(work)
