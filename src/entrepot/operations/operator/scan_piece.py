"""scanPiece: a piece goes into its tote."""

from typing import Annotated

from msgspec import Meta

from entrepot.contract import operator_errors as errors
from entrepot.contract.errors import Refusal
from entrepot.db.connection import Connection
from entrepot.db.pick_lists import Scan, read_warehouse
from entrepot.domain.operators import works_in
from entrepot.fulfilment import pick_orders
from entrepot.operations.operator.calls import IN_WAREHOUSE, OperatorCall
from entrepot.operations.operator.views import OfferCode, Pieces
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Answer, PositiveId, Request, ShopSku


class ScanPieceRequest(Request):
    """What was scanned. `scanId` is the scanner's own: sent again, the scan counts once."""

    scanId: Annotated[str, Meta(min_length=1, max_length=64)]
    code: OfferCode
    count: Pieces = 1
    orderId: PositiveId | None = None


class ScanPieceResponse(Answer):
    """Into which tote it goes, and what is left of the line, of the order and of the list."""

    orderId: int
    tote: int
    offerId: ShopSku
    offerName: str
    count: int
    lineLeft: int
    listLeft: int
    orderPicked: bool
    repeated: bool


@operation(
    "scanPiece",
    Method.POST,
    "/operator/v1/businesses/{businessId}/pick-lists/{pickListId}/scans",
    api=OPERATOR,
    roles=IN_WAREHOUSE,
    section="picking",
)
async def scan_piece(
    call: OperatorCall, business_id: int, pick_list_id: int, body: ScanPieceRequest
) -> ScanPieceResponse | Refusal:
    """Confirm a piece by its bar code or offer id; the answer says into which tote it goes.

    A piece of another list is refused as WRONG_ITEM, one too many as TOO_MANY. Several people may
    scan for one list at once. With `orderId` the piece is for that order's tote.
    """

    async def warehouse_of(connection: Connection) -> int | None:
        return await read_warehouse(connection, business_id, pick_list_id)

    platform = call.platform
    warehouse_id = await platform.database.read(warehouse_of)
    if warehouse_id is None:
        return errors.NO_SUCH_PICK_LIST(pick_list_id=pick_list_id)
    if not works_in(call.key, warehouse_id):
        return errors.WAREHOUSE_NOT_ALLOWED(warehouse_id=warehouse_id)
    scan = Scan(body.scanId, body.code, body.count, body.orderId)
    placed = await pick_orders.scan_piece(
        platform.database, platform.clock, business_id, pick_list_id, scan, call.actor
    )
    if isinstance(placed, Refusal):
        return placed
    return ScanPieceResponse(
        orderId=placed.line.order_id,
        tote=placed.line.tote,
        offerId=placed.line.offer_id,
        offerName=placed.line.offer_name,
        count=placed.pieces,
        lineLeft=placed.line.count - placed.line.picked,
        listLeft=placed.list_left,
        orderPicked=placed.order_picked,
        repeated=placed.repeated,
    )
