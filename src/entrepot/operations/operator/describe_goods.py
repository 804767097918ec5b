"""describeGoods: bar codes of offers, and the shelves on which they lie."""

from typing import Annotated

from msgspec import Meta

from entrepot.contract.errors import OFFERS_NOT_FOUND, Refusal, listed
from entrepot.db.connection import Connection
from entrepot.db.goods_places import (
    Barcode,
    Shelved,
    find_unknown_offers,
    set_barcodes,
    set_shelves,
)
from entrepot.domain.network import Warehouse
from entrepot.operations.operator.calls import IN_WAREHOUSE, OperatorCall
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Answer, PositiveId, Request, ShopSku

_GOODS_MAX = 1000
_BARCODES_MAX = 20
_Text = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")]


class DescribedGoods(Request):
    """An offer, its bar codes and its shelf; what is left out stays as it is."""

    offerId: ShopSku
    barcodes: Annotated[tuple[_Text, ...], Meta(max_length=_BARCODES_MAX)] = ()
    shelf: _Text | None = None


class DescribeGoodsRequest(Request):
    """Offers of one business."""

    businessId: PositiveId
    goods: Annotated[tuple[DescribedGoods, ...], Meta(min_length=1, max_length=_GOODS_MAX)]


class DescribeGoodsResponse(Answer):
    """How many bar codes and shelves were written."""

    barcodes: int
    shelves: int


@operation(
    "describeGoods",
    Method.POST,
    "/operator/v1/warehouses/{warehouseId}/goods",
    api=OPERATOR,
    roles=IN_WAREHOUSE,
    section="picking",
)
async def describe_goods(
    call: OperatorCall, warehouse: Warehouse, body: DescribeGoodsRequest
) -> DescribeGoodsResponse | Refusal:
    """Say which bar codes stand on offers, and on which shelves of the warehouse they lie.

    Pick lists go shelf by shelf, in the order of their names. A bar code is of one offer of a
    business; one that was another's is so no longer. The last word counts.
    """
    barcodes = {code: one.offerId for one in body.goods for code in one.barcodes}
    shelves = {one.offerId: one.shelf for one in body.goods if one.shelf is not None}
    offer_ids = [one.offerId for one in body.goods]

    async def work(connection: Connection) -> list[str]:
        unknown = await find_unknown_offers(connection, body.businessId, offer_ids)
        if not unknown:
            codes = [Barcode(code, offer_id) for code, offer_id in barcodes.items()]
            places = [Shelved(offer_id, shelf) for offer_id, shelf in shelves.items()]
            await set_barcodes(connection, body.businessId, codes)
            await set_shelves(connection, body.businessId, warehouse.id, places)
        return unknown

    unknown = await call.platform.database.transaction(work)
    if unknown:
        return OFFERS_NOT_FOUND(offer_ids=listed(unknown))
    return DescribeGoodsResponse(barcodes=len(barcodes), shelves=len(shelves))
