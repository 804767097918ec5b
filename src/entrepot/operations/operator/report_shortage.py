"""reportShortage: a piece is not on its shelf."""

from entrepot.contract.errors import Refusal
from entrepot.domain.picking import WorkStep
from entrepot.fulfilment import shortages
from entrepot.operations.operator.calls import IN_WAREHOUSE, OperatorCall
from entrepot.operations.operator.views import Pieces
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Answer, Request, ShopSku


class ReportShortageRequest(Request):
    """Of which offer how many pieces are missing."""

    offerId: ShopSku
    missing: Pieces


class ReportShortageResponse(Answer):
    """The order is put aside. `released` says that it gave back all it held of the offer."""

    orderId: int
    step: WorkStep
    offerId: ShopSku
    missing: int
    released: bool


@operation(
    "reportShortage",
    Method.POST,
    "/operator/v1/businesses/{businessId}/orders/{orderId}/shortages",
    api=OPERATOR,
    roles=IN_WAREHOUSE,
    section="picking",
)
async def report_shortage(
    call: OperatorCall, business_id: int, order_id: int, body: ReportShortageRequest
) -> ReportShortageResponse | Refusal:
    """Put an order aside of which pieces are not where they should be, and correct the stock.

    The missing pieces leave the books at once. Where enough others are free, the order keeps what
    it holds, of those; where not, it gives the whole item back (what of it lies in the tote goes
    back to its shelf) until stock comes. It goes on with resumeOrder, or is cancelled with
    cancelOrder. Reported twice, it counts once.
    """
    platform = call.platform
    reported = await shortages.report_shortage(
        platform.database,
        platform.clock,
        business_id,
        order_id,
        body.offerId,
        body.missing,
        call.actor,
    )
    if isinstance(reported, Refusal):
        return reported
    return ReportShortageResponse(
        orderId=order_id,
        step=WorkStep.ASIDE,
        offerId=reported.key.offer_id,
        missing=reported.missing,
        released=reported.released,
    )
