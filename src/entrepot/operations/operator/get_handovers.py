"""getHandovers: what stands ready at the gate."""

from entrepot import limits
from entrepot.db.connection import Connection
from entrepot.db.handovers import Handover, read_open_acts
from entrepot.domain.network import Warehouse
from entrepot.operations.operator.calls import IN_WAREHOUSE, OperatorCall
from entrepot.operations.operator.views import CarrierId, HandoverView, show_handover
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Answer, Query


class GetHandoversQuery(Query):
    """Whose acts, if only one carrier's."""

    carrier: CarrierId | None = None


class OpenHandover(Answer):
    """An act that is not closed; the parcels of `cancelled` orders must not be given away."""

    handover: HandoverView
    cancelled: tuple[int, ...]


class GetHandoversResponse(Answer):
    """The acts, the oldest first."""

    handovers: tuple[OpenHandover, ...]


@operation(
    "getHandovers",
    Method.GET,
    "/operator/v1/warehouses/{warehouseId}/handovers",
    api=OPERATOR,
    roles=IN_WAREHOUSE,
    section="hand-over",
)
async def get_handovers(
    call: OperatorCall, warehouse: Warehouse, query: GetHandoversQuery
) -> GetHandoversResponse:
    """List the acts that parcels stand on and no carrier has taken yet.

    Parcels of orders that were cancelled since they were scanned stay here: closing the act takes
    them off it.
    """

    async def read(connection: Connection) -> tuple[tuple[Handover, tuple[int, ...]], ...]:
        return await read_open_acts(
            connection, warehouse.id, query.carrier, limits.HANDOVERS_CLOSED_AT_ONCE_MAX
        )

    acts = await call.platform.database.read(read)
    return GetHandoversResponse(
        handovers=tuple(
            OpenHandover(handover=show_handover(act), cancelled=cancelled)
            for act, cancelled in acts
        )
    )
