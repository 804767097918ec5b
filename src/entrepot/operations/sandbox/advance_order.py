"""advanceOrder: bring an order to a stage."""

from typing import Annotated

from msgspec import Meta

from entrepot.contract.enums import OrderStatus, OrderSubstatus
from entrepot.contract.errors import Refusal
from entrepot.contract.sandbox_errors import NO_SUCH_STAGE
from entrepot.contract.scopes import WRITE_ORDERS
from entrepot.domain.order_moves import STAGES, usual_stage
from entrepot.fulfilment.walk_order import Walk, walk_order
from entrepot.operations.call import Call
from entrepot.operations.registry import SANDBOX, Method, operation
from entrepot.operations.sandbox.views import ORDERS, SandboxWalk, show_walk
from entrepot.operations.wire import Request


class AdvanceOrderRequest(Request):
    """Where the order is to go."""

    to: Annotated[
        OrderStatus, Meta(description="The status; without a substatus the usual one of it.")
    ]
    substatus: Annotated[
        OrderSubstatus | None, Meta(description="The substatus, such as READY_TO_SHIP.")
    ] = None


@operation(
    "advanceOrder",
    Method.POST,
    "/sandbox/v1/orders/{orderId}/advance",
    api=SANDBOX,
    scopes=WRITE_ORDERS,
    section=ORDERS,
)
async def advance_order(
    call: Call, order_id: int, body: AdvanceOrderRequest
) -> SandboxWalk | Refusal:
    """Bring an order to a stage, by every move on the shortest way there.

    Each move is a real one, made as those would make it whose move it is: stock, slot, history
    and notifications follow. An order that is there already stays as it is. What only time does
    (a draft that runs out) is reached by moving the clock.
    """
    stage = usual_stage(body.to, body.substatus)
    if stage is None:
        known = sorted(str(one) for one in STAGES if one.status is body.to)
        reachable = ", ".join(known or sorted({one.status.value for one in STAGES}))
        return NO_SUCH_STAGE(status=body.to, substatus=body.substatus, stages=reachable)
    walk = Walk(
        business_id=call.key.business_id, order_id=order_id, target=stage, name=call.key.name
    )
    walked = await walk_order(call.platform.database, call.platform.clock, walk)
    return show_walk(order_id, walked)
