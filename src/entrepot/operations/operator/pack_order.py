"""packOrder: what was picked goes into parcels."""

from typing import Annotated

from msgspec import Meta

from entrepot.contract.errors import Refusal
from entrepot.domain.parcels import PARCELS_PER_ORDER_MAX, Packed
from entrepot.fulfilment import pack_orders
from entrepot.operations.operator.calls import IN_WAREHOUSE, OperatorCall
from entrepot.operations.operator.views import code_of
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Answer, Request

_Side = Annotated[int, Meta(ge=1, le=10_000)]


class PackedParcel(Request):
    """A parcel as it stands on the scales: grams and millimetres."""

    weightG: Annotated[int, Meta(ge=1, le=2_000_000)]
    lengthMm: _Side
    widthMm: _Side
    heightMm: _Side


class PackOrderRequest(Request):
    """The parcels, in the order of their numbers."""

    parcels: Annotated[
        tuple[PackedParcel, ...], Meta(min_length=1, max_length=PARCELS_PER_ORDER_MAX)
    ]


class PackOrderResponse(Answer):
    """The order is ready to ship; `codes` are those of its labels, parcel by parcel."""

    orderId: int
    codes: tuple[str, ...]


@operation(
    "packOrder",
    Method.POST,
    "/operator/v1/businesses/{businessId}/orders/{orderId}/parcels",
    api=OPERATOR,
    roles=IN_WAREHOUSE,
    section="packing",
)
async def pack_order(
    call: OperatorCall, business_id: int, order_id: int, body: PackOrderRequest
) -> PackOrderResponse | Refusal:
    """Pack an order whose every piece was picked: it becomes PROCESSING/READY_TO_SHIP.

    Packed twice in the same way, nothing changes; otherwise it is refused as ALREADY_PACKED, and
    unpackOrder comes first.
    """
    platform = call.platform
    parcels = tuple(
        Packed(one.weightG, one.lengthMm, one.widthMm, one.heightMm) for one in body.parcels
    )
    refusal = await pack_orders.pack_order(
        platform.database, platform.clock, business_id, order_id, parcels, call.actor
    )
    if refusal is not None:
        return refusal
    return PackOrderResponse(
        orderId=order_id,
        codes=tuple(
            code_of(business_id, order_id, number) for number in range(1, len(parcels) + 1)
        ),
    )
