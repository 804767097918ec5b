"""closeHandovers: the carrier has signed and drives off."""

from entrepot import limits
from entrepot.contract import operator_errors as errors
from entrepot.contract.errors import Refusal
from entrepot.db.connection import Connection
from entrepot.db.handovers import find_unfinished
from entrepot.domain.carriers import CARRIERS, OWN_FLEET
from entrepot.domain.network import Warehouse
from entrepot.fulfilment.hand_over import HandoverClosed, close_handover
from entrepot.operations.operator.calls import IN_WAREHOUSE, OperatorCall
from entrepot.operations.operator.views import CarrierId, HandoverView, show_handover
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Answer, Request


class CloseHandoversRequest(Request):
    """Whose acts."""

    carrier: CarrierId = OWN_FLEET.id


class ClosedHandover(Answer):
    """An act that the carrier took over.

    `notShipped` are orders of it that did not go on their way: parcels of them are still here, or
    they were cancelled meanwhile.
    """

    handover: HandoverView
    notShipped: tuple[int, ...]


class CloseHandoversResponse(Answer):
    """What was closed: an act for each business; none when nothing was scanned."""

    handovers: tuple[ClosedHandover, ...]


@operation(
    "closeHandovers",
    Method.POST,
    "/operator/v1/warehouses/{warehouseId}/handovers/close",
    api=OPERATOR,
    roles=IN_WAREHOUSE,
    section="hand-over",
)
async def close_handovers(
    call: OperatorCall, warehouse: Warehouse, body: CloseHandoversRequest
) -> CloseHandoversResponse | Refusal:
    """Close a carrier's open acts in a warehouse: their orders are in DELIVERY from now on.

    What is scanned from now on stands on new acts. What was interrupted is brought to its end by
    asking again, or else by the service itself.
    """
    if body.carrier not in CARRIERS:
        return errors.NO_SUCH_CARRIER(carrier=body.carrier, known=", ".join(CARRIERS))
    platform = call.platform

    async def unfinished(connection: Connection) -> list[tuple[int, int]]:
        return await find_unfinished(
            connection, warehouse.id, body.carrier, limits.HANDOVERS_CLOSED_AT_ONCE_MAX
        )

    closed: list[ClosedHandover] = []
    for business_id, handover_id in await platform.database.read(unfinished):
        outcome = await close_handover(
            platform.database, platform.clock, business_id, handover_id, call.actor
        )
        if isinstance(outcome, HandoverClosed):
            closed.append(
                ClosedHandover(handover=show_handover(outcome.handover), notShipped=outcome.refused)
            )
    return CloseHandoversResponse(handovers=tuple(closed))
