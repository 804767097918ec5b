"""redeliverNotifications: notifications are sent again."""

from datetime import timedelta
from typing import Annotated

from msgspec import Meta

from entrepot import limits
from entrepot.contract import operator_errors
from entrepot.contract.errors import Refusal
from entrepot.db import delivery_log
from entrepot.db.connection import Connection
from entrepot.domain.notifications import SubscriptionState
from entrepot.domain.operators import Role
from entrepot.operations.operator.calls import OperatorCall
from entrepot.operations.operator.subscription_views import show_existing
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Answer, PositiveId, Request

_HOURS_MAX = 24 * 30


class RedeliverNotificationsRequest(Request):
    """Either orders, or how many hours to go back for what did not come through."""

    orderIds: (
        Annotated[tuple[PositiveId, ...], Meta(min_length=1, max_length=limits.REDELIVERED_MAX)]
        | None
    ) = None
    hours: Annotated[int, Meta(ge=1, le=_HOURS_MAX)] | None = None


class RedeliverNotificationsResponse(Answer):
    """How many notifications were queued: a thousand at most of those that failed."""

    queued: int


@operation(
    "redeliverNotifications",
    Method.POST,
    "/operator/v1/businesses/{businessId}/subscriptions/{subscriptionId}/redeliver",
    api=OPERATOR,
    roles=(Role.ADMIN, Role.SUPPORT),
    section="notifications",
)
async def redeliver_notifications(
    call: OperatorCall,
    business_id: int,
    subscription_id: int,
    body: RedeliverNotificationsRequest,
) -> RedeliverNotificationsResponse | Refusal:
    """Send notifications again: all there is to tell of some orders, or what did not come through.

    With `hours` what was rejected, given up or dropped in that time and was not accepted since.
    """
    if (body.orderIds is None) == (body.hours is None):
        return operator_errors.SUBSCRIPTION_IMPOSSIBLE(reason="give either orderIds or hours")
    key = (business_id, subscription_id)

    async def work(connection: Connection) -> RedeliverNotificationsResponse | Refusal:
        found = await show_existing(connection, *key)
        if isinstance(found, Refusal):
            return found
        if found.state is not SubscriptionState.ON:
            return operator_errors.SUBSCRIPTION_IMPOSSIBLE(reason="the subscription is not on")
        if body.hours is None:
            queued = await delivery_log.redeliver_orders(connection, *key, body.orderIds or ())
        else:
            since = await call.platform.clock.now(connection) - timedelta(hours=body.hours)
            queued = await delivery_log.redeliver_failed(connection, *key, since)
        return RedeliverNotificationsResponse(queued=queued)

    return await call.platform.database.transaction(work)
