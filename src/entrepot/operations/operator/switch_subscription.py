"""switchSubscription: a subscription goes on or off."""

from entrepot.contract.errors import Refusal
from entrepot.db import subscriptions
from entrepot.db.connection import Connection
from entrepot.domain.notifications import OffReason
from entrepot.domain.operators import Role
from entrepot.operations.operator.calls import OperatorCall
from entrepot.operations.operator.subscription_views import SubscriptionView, show_existing
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Request


class SwitchSubscriptionRequest(Request):
    """Whether notifications are wanted."""

    on: bool


@operation(
    "switchSubscription",
    Method.PUT,
    "/operator/v1/businesses/{businessId}/subscriptions/{subscriptionId}/state",
    api=OPERATOR,
    roles=(Role.ADMIN,),
    section="notifications",
)
async def switch_subscription(
    call: OperatorCall, business_id: int, subscription_id: int, body: SwitchSubscriptionRequest
) -> SubscriptionView | Refusal:
    """Switch a subscription on or off; it may be so already.

    Off: nothing more is queued, and what waits is dropped. On: its server is asked with a PING,
    and the subscription is ON when it has answered as it should.
    """
    key = (business_id, subscription_id)

    async def work(connection: Connection) -> SubscriptionView | Refusal:
        now = await call.platform.clock.now(connection)
        if body.on:
            await subscriptions.connect(connection, *key, now)
        else:
            await subscriptions.switch_off(connection, *key, OffReason.BY_HAND, now)
        return await show_existing(connection, *key)

    return await call.platform.database.transaction(work)
