"""getPutBacks: goods in totes and parcels whose order was cancelled."""

from typing import Annotated

from msgspec import Meta

from entrepot.db.connection import Connection
from entrepot.db.put_backs import PutBack, read_put_backs
from entrepot.domain.network import Warehouse
from entrepot.domain.picking import WorkStep
from entrepot.operations.operator.calls import IN_WAREHOUSE, OperatorCall
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Answer, Query, ShopSku


class GetPutBacksQuery(Query):
    """How many at most; what was put back makes room for the rest."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class PutBackItem(Answer):
    """Pieces that go back to a shelf."""

    offerId: ShopSku
    count: int
    shelf: str | None = None


class PutBackView(Answer):
    """A cancelled order whose goods are still in a tote or in parcels."""

    businessId: int
    orderId: int
    pickListId: int
    tote: int
    step: WorkStep
    items: tuple[PutBackItem, ...]


class GetPutBacksResponse(Answer):
    """What must go back to its shelves, the longest waiting first."""

    orders: tuple[PutBackView, ...]


@operation(
    "getPutBacks",
    Method.GET,
    "/operator/v1/warehouses/{warehouseId}/put-backs",
    api=OPERATOR,
    roles=IN_WAREHOUSE,
    section="picking",
)
async def get_put_backs(
    call: OperatorCall, warehouse: Warehouse, query: GetPutBacksQuery
) -> GetPutBacksResponse:
    """List goods in totes and parcels whose order was cancelled: they go back to their shelves.

    The books have them as free already. Say with putBack that it was done.
    """

    async def read(connection: Connection) -> tuple[PutBack, ...]:
        return await read_put_backs(connection, warehouse.id, query.limit)

    found = await call.platform.database.read(read)
    return GetPutBacksResponse(orders=tuple(map(_show, found)))


def _show(found: PutBack) -> PutBackView:
    return PutBackView(
        businessId=found.business_id,
        orderId=found.order_id,
        pickListId=found.pick_list_id,
        tote=found.tote,
        step=found.step,
        items=tuple(
            PutBackItem(offerId=one.offer_id, shelf=one.shelf, count=one.pieces)
            for one in found.items
        ),
    )
