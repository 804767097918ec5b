"""changeStock: set or add pieces."""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from entrepot import limits
from entrepot.contract.errors import Refusal
from entrepot.contract.sandbox_errors import SET_OR_ADD, STOCK_REFUSED, STOCK_UNKNOWN
from entrepot.contract.scopes import WRITE_ORDERS
from entrepot.db.stock_places import read_places
from entrepot.domain.stock import StockKey
from entrepot.domain.stock_corrections import ChangeBy, Correction, Pile, SetTo
from entrepot.fulfilment.correct_stock import CorrectionRefused, correct_stock
from entrepot.fulfilment.stock_words import objection_words
from entrepot.operations.call import Call
from entrepot.operations.registry import SANDBOX, Method, operation
from entrepot.operations.sandbox.views import STOCK
from entrepot.operations.wire import Answer, PositiveId, Request, ShopSku

_REASON = "SANDBOX"


class SandboxStockItem(Request):
    """A pile of an offer, and what becomes of it."""

    warehouseId: PositiveId
    offerId: ShopSku
    pile: Annotated[Pile, Meta(description="FIT holds the sound pieces, held or free.")] = Pile.FIT
    set: Annotated[
        Annotated[int, Meta(ge=0, le=limits.STOCK_PIECES_MAX)] | None,
        Meta(description="How many pieces there are, whatever there were."),
    ] = None
    add: Annotated[
        Annotated[int, Meta(ge=-limits.STOCK_PIECES_MAX, le=limits.STOCK_PIECES_MAX)] | None,
        Meta(description="How many pieces come; negative takes away."),
    ] = None


class ChangeStockRequest(Request):
    """All of it happens, or nothing."""

    items: Annotated[
        list[SandboxStockItem],
        Meta(min_length=1, max_length=limits.LOADED_ROWS_PER_STATEMENT_MAX),
    ]


class SandboxStockChange(Answer):
    """A pile that changed."""

    warehouseId: int
    offerId: str
    pile: Pile
    delta: int
    pieces: int


class ChangeStockResponse(Answer):
    """What changed; what was so already is not there."""

    changes: list[SandboxStockChange]


@operation(
    "changeStock",
    Method.POST,
    "/sandbox/v1/stock",
    api=SANDBOX,
    scopes=WRITE_ORDERS,
    section=STOCK,
)
async def change_stock(call: Call, body: ChangeStockRequest) -> ChangeStockResponse | Refusal:
    """Set or add pieces of offers, in the journal as every correction is.

    Refused, naming the orders, when fewer pieces would be left than live orders hold.
    """
    platform, business_id = call.platform, call.key.business_id
    for index, item in enumerate(body.items):
        if (item.set is None) == (item.add is None):
            return SET_OR_ADD(index=index)
    corrections = list(_corrections(business_id, body.items))
    offer_ids = sorted({each.key.offer_id for each in corrections})
    places = await platform.database.read(lambda one: read_places(one, business_id, offer_ids))
    for index, each in enumerate(corrections):
        missing = places.missing(each.key)
        if missing is not None:
            return STOCK_UNKNOWN(missing=missing, index=index)
    outcome = await correct_stock(
        platform.database, platform.clock, business_id, corrections, reason=_REASON
    )
    if isinstance(outcome, CorrectionRefused):
        return STOCK_REFUSED(reasons=" ".join(objection_words(outcome)))
    return ChangeStockResponse(
        changes=[
            SandboxStockChange(
                warehouseId=each.key.warehouse_id,
                offerId=each.key.offer_id,
                pile=each.pile,
                delta=each.delta,
                pieces=each.pieces,
            )
            for each in outcome
        ]
    )


def _corrections(business_id: int, items: list[SandboxStockItem]) -> Iterator[Correction]:
    for item in items:
        key = StockKey(business_id, item.warehouseId, item.offerId)
        change = ChangeBy(item.add) if item.add is not None else SetTo(item.set or 0)
        yield Correction(key, item.pile, change)
