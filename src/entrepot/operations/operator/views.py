"""What several operations of the operator's API show."""

from datetime import date
from typing import Annotated

from msgspec import Meta

from entrepot.contract.dates import clock_text, iso_moment
from entrepot.contract.enums import OrderDelivery
from entrepot.db.handovers import Handover
from entrepot.db.pick_lists import PickList
from entrepot.domain.order import Order
from entrepot.domain.parcels import ParcelKey, parcel_code
from entrepot.domain.picking import PickLine, WorkStep, walk
from entrepot.operations.wire import Answer, IsoMoment, ShopSku

OfferCode = Annotated[str, Meta(min_length=1, max_length=255)]
Pieces = Annotated[int, Meta(ge=1, le=1000)]
CarrierId = Annotated[str, Meta(min_length=1, max_length=32, pattern="^[A-Z0-9-]+$")]


class PickedFor(Answer):
    """Pieces that go into one tote."""

    orderId: int
    tote: int
    count: int
    picked: int


class PickStop(Answer):
    """A place to stop at: a shelf, if it is known, and what is to be taken from it."""

    offerId: ShopSku
    offerName: str
    left: int
    totes: tuple[PickedFor, ...]
    shelf: str | None = None


class PickTote(Answer):
    """A tote on the cart, and where the work on its order stands."""

    tote: int
    orderId: int
    step: WorkStep


class PickListView(Answer):
    """A pick list: totes with their orders, and the walk past the shelves."""

    pickListId: int
    businessId: int
    warehouseId: int
    madeBy: str
    madeAt: IsoMoment
    left: int
    totes: tuple[PickTote, ...]
    stops: tuple[PickStop, ...]


class HandoverView(Answer):
    """A hand-over act: parcels of one business that a carrier takes, or took."""

    businessId: int
    handoverId: int
    warehouseId: int
    carrier: str
    state: str
    parcels: int
    openedAt: IsoMoment
    closedAt: IsoMoment | None = None
    closedBy: str | None = None


class SlotView(Answer):
    """Where an order goes and when: a logistic point, or a courier zone and an interval."""

    type: OrderDelivery
    day: date
    logisticPointId: int | None = None
    courierZoneId: int | None = None
    fromTime: str | None = None
    toTime: str | None = None


class ParcelView(Answer):
    """A parcel; `code` is what its label's bar code says."""

    number: int
    code: str
    weightG: int
    lengthMm: int
    widthMm: int
    heightMm: int
    handoverId: int | None = None
    handedAt: IsoMoment | None = None


def show_pick_list(made: PickList) -> PickListView:
    """Show a pick list."""
    totes = {line.tote: PickTote(tote=line.tote, orderId=line.order_id, step=line.step)
             for line in made.lines}  # fmt: skip
    return PickListView(
        pickListId=made.id,
        businessId=made.business_id,
        warehouseId=made.warehouse_id,
        madeBy=made.made_by,
        madeAt=iso_moment(made.made_at),
        left=sum(line.left for line in made.lines),
        totes=tuple(totes.values()),
        stops=tuple(
            PickStop(
                shelf=stop.shelf,
                offerId=stop.offer_id,
                offerName=stop.offer_name,
                left=sum(line.left for line in stop.lines),
                totes=tuple(map(_picked_for, stop.lines)),
            )
            for stop in walk(made.lines)
        ),
    )


def show_handover(handover: Handover) -> HandoverView:
    """Show a hand-over act."""
    closed_at = handover.closed_at
    return HandoverView(
        businessId=handover.business_id,
        handoverId=handover.id,
        warehouseId=handover.warehouse_id,
        carrier=handover.carrier,
        state=handover.state,
        parcels=handover.parcels,
        openedAt=iso_moment(handover.opened_at),
        closedAt=None if closed_at is None else iso_moment(closed_at),
        closedBy=handover.closed_by,
    )


def show_slot(order: Order) -> SlotView:
    """Show where and when an order is delivered."""
    slot = order.slot
    if order.delivery is OrderDelivery.PICKUP:
        return SlotView(type=order.delivery, day=slot.day, logisticPointId=slot.place_id)
    return SlotView(
        type=order.delivery,
        day=slot.day,
        courierZoneId=slot.place_id,
        fromTime=clock_text(slot.from_minute),
        toTime=clock_text(slot.to_minute),
    )


def code_of(business_id: int, order_id: int, number: int) -> str:
    """Give the code of an order's parcel."""
    return parcel_code(ParcelKey(business_id, order_id, number))


def _picked_for(line: PickLine) -> PickedFor:
    return PickedFor(orderId=line.order_id, tote=line.tote, count=line.count, picked=line.picked)
