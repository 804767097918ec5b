"""makePickList: take the most urgent orders to pick."""

from datetime import date
from typing import Annotated

from msgspec import Meta

from entrepot import limits
from entrepot.contract.errors import Refusal
from entrepot.db.connection import Connection
from entrepot.domain.delivery.shipping import local_day
from entrepot.domain.network import Warehouse
from entrepot.fulfilment import pick_orders
from entrepot.operations.operator.calls import IN_WAREHOUSE, OperatorCall
from entrepot.operations.operator.views import PickListView, show_pick_list
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import PositiveId, Request


class MakePickListRequest(Request):
    """Whose orders, if only one business's, and how many totes the cart has."""

    businessId: PositiveId | None = None
    ordersMax: Annotated[int, Meta(ge=1, le=limits.PICK_LIST_ORDERS_MAX)] = (
        limits.PICK_LIST_ORDERS_MAX
    )


@operation(
    "makePickList",
    Method.POST,
    "/operator/v1/warehouses/{warehouseId}/pick-lists",
    api=OPERATOR,
    roles=IN_WAREHOUSE,
    section="picking",
)
async def make_pick_list(
    call: OperatorCall, warehouse: Warehouse, body: MakePickListRequest
) -> PickListView | Refusal:
    """Take the most urgent orders that wait, with those that lie on the way.

    A list is of one business, since a bar code names an offer of one; without `businessId` of the
    one whose order is the most urgent. Orders of later days come along only when nothing is left
    for today. No order is on two lists, however many people ask at once. A list that was made
    and not seen (the answer was lost) is found by its orders in the queue.
    """
    platform = call.platform

    async def today(connection: Connection) -> date:
        network = await platform.network.latest(connection)
        return local_day(network, warehouse, await platform.clock.now(connection))

    wanted = pick_orders.Wanted(
        warehouse_id=warehouse.id,
        business_id=body.businessId,
        orders_max=body.ordersMax,
        until_day=await platform.database.read(today),
    )
    made = await pick_orders.make_pick_list(platform.database, platform.clock, wanted, call.actor)
    return made if isinstance(made, Refusal) else show_pick_list(made)
