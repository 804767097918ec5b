"""getSubscriptions: who hears of the events of a business."""

from entrepot.db.connection import Connection
from entrepot.db.subscriptions import list_subscriptions
from entrepot.domain.operators import Role
from entrepot.operations.operator.calls import OperatorCall
from entrepot.operations.operator.subscription_views import SubscriptionView, show_subscription
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Answer


class GetSubscriptionsResponse(Answer):
    """All of them, the oldest first: there are 50 at most."""

    subscriptions: tuple[SubscriptionView, ...]


@operation(
    "getSubscriptions",
    Method.GET,
    "/operator/v1/businesses/{businessId}/subscriptions",
    api=OPERATOR,
    roles=(Role.ADMIN, Role.SUPPORT),
    section="notifications",
)
async def get_subscriptions(call: OperatorCall, business_id: int) -> GetSubscriptionsResponse:
    """List the subscriptions of a business, and how many notifications wait for each."""

    async def work(connection: Connection) -> tuple[SubscriptionView, ...]:
        found = await list_subscriptions(connection, business_id)
        return tuple([await show_subscription(connection, each) for each in found])

    return GetSubscriptionsResponse(subscriptions=await call.platform.database.read(work))
