"""getDeliveryAttempts: what was sent to a server, and what it answered."""

from typing import Annotated

from msgspec import Meta

from entrepot import limits
from entrepot.contract.dates import iso_moment
from entrepot.contract.errors import Refusal
from entrepot.contract.notifications import NotificationKind
from entrepot.db.connection import Connection
from entrepot.db.deliveries import Attempt
from entrepot.db.delivery_log import UNACCEPTED, read_log
from entrepot.domain.operators import Role
from entrepot.operations.operator.calls import OperatorCall
from entrepot.operations.operator.subscription_views import optional_moment, show_existing
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Answer, IsoMoment, PositiveId, Query


class GetDeliveryAttemptsQuery(Query):
    """Which lines of the log: of one order, or only what was not accepted."""

    orderId: PositiveId | None = None
    failed: bool = False
    limit: Annotated[int, Meta(ge=1, le=limits.DELIVERY_LOG_LINES_MAX)] = 50


class DeliveryAttemptView(Answer):
    """One attempt. A PING is about no order; DROPPED was not attempted any more."""

    attemptedAt: IsoMoment
    kind: NotificationKind
    number: int
    outcome: str
    orderId: int | None = None
    httpStatus: int | None = None
    reason: str | None = None
    detail: str | None = None
    tookMs: int | None = None
    nextAt: IsoMoment | None = None


class GetDeliveryAttemptsResponse(Answer):
    """Attempts, the latest first."""

    attempts: tuple[DeliveryAttemptView, ...]


@operation(
    "getDeliveryAttempts",
    Method.GET,
    "/operator/v1/businesses/{businessId}/subscriptions/{subscriptionId}/attempts",
    api=OPERATOR,
    roles=(Role.ADMIN, Role.SUPPORT),
    section="notifications",
)
async def get_delivery_attempts(
    call: OperatorCall, business_id: int, subscription_id: int, query: GetDeliveryAttemptsQuery
) -> GetDeliveryAttemptsResponse | Refusal:
    """Show the log of attempts with answer, time and reason; it goes back 30 days."""

    async def work(connection: Connection) -> list[Attempt] | Refusal:
        found = await show_existing(connection, business_id, subscription_id)
        if isinstance(found, Refusal):
            return found
        return await read_log(
            connection,
            business_id,
            subscription_id,
            order_id=query.orderId,
            outcomes=UNACCEPTED if query.failed else None,
            lines_max=query.limit,
        )

    found = await call.platform.database.read(work)
    if isinstance(found, Refusal):
        return found
    return GetDeliveryAttemptsResponse(attempts=tuple(map(_show, found)))


def _show(attempt: Attempt) -> DeliveryAttemptView:
    return DeliveryAttemptView(
        attemptedAt=iso_moment(attempt.attempted_at),
        kind=attempt.kind,
        number=attempt.number,
        outcome=attempt.outcome,
        orderId=attempt.order_id,
        httpStatus=attempt.http_status,
        reason=attempt.reason,
        detail=attempt.detail,
        tookMs=attempt.took_ms,
        nextAt=optional_moment(attempt.next_at),
    )
