"""getFullOrder: an order with its recipient."""

from entrepot.contract import operator_errors as errors
from entrepot.contract.enums import OrderStatus
from entrepot.contract.errors import Refusal
from entrepot.db.connection import Connection
from entrepot.db.personal_reads import What
from entrepot.domain.carriers import OWN_FLEET
from entrepot.domain.operators import Role, works_for
from entrepot.domain.order_moves import SHIPPED
from entrepot.operations.operator.calls import OperatorCall, Purpose
from entrepot.operations.operator.full_orders import FullOrder, read_full_order
from entrepot.operations.operator.order_views import OperatorOrderView, show_order
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Query

_WITH_CARRIER = (OrderStatus.DELIVERY, OrderStatus.PICKUP)


class GetFullOrderQuery(Query):
    """Why the order is looked at; stands on record."""

    purpose: Purpose | None = None


@operation(
    "getFullOrder",
    Method.GET,
    "/operator/v1/businesses/{businessId}/orders/{orderId}",
    api=OPERATOR,
    roles=(Role.ADMIN, Role.SUPPORT, Role.CARRIER),
    section="orders",
)
async def get_full_order(
    call: OperatorCall, business_id: int, order_id: int, query: GetFullOrderQuery
) -> OperatorOrderView | Refusal:
    """Show an order in full, recipient included; that it was read stands on record.

    A carrier sees the orders whose parcels it was given, for as long as they are with it.
    """

    async def read(connection: Connection) -> FullOrder | Refusal:
        full = await read_full_order(
            connection, business_id, order_id, What.ORDER, call.reader(query.purpose)
        )
        return full if isinstance(full, Refusal) else _if_seen(call, full)

    full = await call.platform.database.transaction(read)
    return full if isinstance(full, Refusal) else show_order(*full)


def _if_seen(call: OperatorCall, full: FullOrder) -> FullOrder | Refusal:
    if call.key.role is not Role.CARRIER:
        return full
    carrier = None if full.work is None else full.work.carrier
    stage = full.order.standing.stage
    with_carrier = stage == SHIPPED or stage.status in _WITH_CARRIER
    if with_carrier and works_for(call.key, carrier or OWN_FLEET.id):
        return full
    return errors.NOT_ITS_CARRIER(order_id=full.order.id, carrier=call.key.carrier)
