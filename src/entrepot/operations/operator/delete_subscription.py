"""deleteSubscription: a subscription ends for ever."""

from entrepot.contract.errors import Refusal
from entrepot.db import subscriptions
from entrepot.db.connection import Connection
from entrepot.domain.notifications import SubscriptionState
from entrepot.domain.operators import Role
from entrepot.operations.operator.calls import OperatorCall
from entrepot.operations.operator.subscription_views import show_existing
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Answer


class DeleteSubscriptionResponse(Answer):
    """It is gone."""

    subscriptionId: int
    state: SubscriptionState


@operation(
    "deleteSubscription",
    Method.DELETE,
    "/operator/v1/businesses/{businessId}/subscriptions/{subscriptionId}",
    api=OPERATOR,
    roles=(Role.ADMIN,),
    section="notifications",
)
async def delete_subscription(
    call: OperatorCall, business_id: int, subscription_id: int
) -> DeleteSubscriptionResponse | Refusal:
    """End a subscription for ever, its queue and its log too."""

    async def work(connection: Connection) -> DeleteSubscriptionResponse | Refusal:
        found = await show_existing(connection, business_id, subscription_id)
        if isinstance(found, Refusal):
            return found
        now = await call.platform.clock.now(connection)
        await subscriptions.delete(connection, business_id, subscription_id, now)
        return DeleteSubscriptionResponse(
            subscriptionId=subscription_id, state=SubscriptionState.DELETED
        )

    return await call.platform.database.transaction(work)
