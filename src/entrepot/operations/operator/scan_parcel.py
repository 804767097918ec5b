"""scanParcel: a parcel goes to a carrier."""

from typing import Annotated

from msgspec import Meta

from entrepot.contract import operator_errors as errors
from entrepot.contract.errors import Refusal
from entrepot.domain.carriers import CARRIERS, OWN_FLEET
from entrepot.domain.network import Warehouse
from entrepot.domain.parcels import read_parcel_code
from entrepot.fulfilment import hand_over
from entrepot.operations.operator.calls import IN_WAREHOUSE, OperatorCall
from entrepot.operations.operator.views import CarrierId
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Answer, Request


class ScanParcelRequest(Request):
    """What the scanner read from a label, and who takes the parcel."""

    code: Annotated[str, Meta(min_length=1, max_length=64)]
    carrier: CarrierId = OWN_FLEET.id


class ScanParcelResponse(Answer):
    """The parcel stands on an act; `left` counts the order's parcels that were not scanned yet."""

    businessId: int
    orderId: int
    number: int
    handoverId: int
    left: int
    repeated: bool


@operation(
    "scanParcel",
    Method.POST,
    "/operator/v1/warehouses/{warehouseId}/handovers/scans",
    api=OPERATOR,
    roles=IN_WAREHOUSE,
    section="hand-over",
)
async def scan_parcel(
    call: OperatorCall, warehouse: Warehouse, body: ScanParcelRequest
) -> ScanParcelResponse | Refusal:
    """Put a parcel onto the open act of a carrier; with its last parcel the order is shipped.

    The order becomes PROCESSING/SHIPPED and its goods leave the stock. For each business an act of
    its own is opened by the first scan. A parcel that is scanned twice, even by two people at
    once, stands on it once.
    """
    carrier = CARRIERS.get(body.carrier)
    if carrier is None:
        return errors.NO_SUCH_CARRIER(carrier=body.carrier, known=", ".join(CARRIERS))
    parcel = read_parcel_code(body.code)
    if parcel is None:
        return errors.NOT_A_PARCEL(scanned=body.code)
    platform = call.platform
    handed = await hand_over.hand_over(
        platform.database, platform.clock, warehouse.id, carrier, parcel, call.actor
    )
    if isinstance(handed, Refusal):
        return handed
    return ScanParcelResponse(
        businessId=parcel.business_id,
        orderId=parcel.order_id,
        number=parcel.number,
        handoverId=handed.handover_id,
        left=handed.left,
        repeated=handed.repeated,
    )
