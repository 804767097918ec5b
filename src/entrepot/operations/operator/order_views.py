"""How the operator's API shows orders: in full, or as a search finds them."""

from datetime import date

from entrepot.contract.dates import iso_moment
from entrepot.contract.enums import OrderDelivery, OrderStatus, OrderSubstatus
from entrepot.contract.money import roubles
from entrepot.db.order_work import OrderWork, ParcelState
from entrepot.db.recipients import FoundOrder, Recipient
from entrepot.domain.network import Network
from entrepot.domain.order import Order, OrderItem
from entrepot.domain.picking import WorkStep
from entrepot.operations.operator.views import ParcelView, SlotView, code_of, show_slot
from entrepot.operations.orders.views_places import address_of
from entrepot.operations.wire import Answer, IsoMoment, ShopSku


class RecipientView(Answer):
    """To whom an order goes; what was erased is not there."""

    firstName: str | None = None
    lastName: str | None = None
    middleName: str | None = None
    phone: str | None = None
    fullAddress: str | None = None
    entrance: str | None = None
    floor: int | None = None
    apartment: str | None = None
    notes: str | None = None


class OperatorItemView(Answer):
    """A line of an order; so many pieces of it were turned down, or lost."""

    position: int
    offerId: ShopSku
    offerName: str
    count: int
    price: float
    rejected: int
    lost: int


class WorkView(Answer):
    """Where the work in the warehouse stands; absent before anybody began."""

    step: WorkStep
    pickListId: int
    parcels: tuple[ParcelView, ...]
    carrier: str | None = None


class OperatorOrderView(Answer):
    """An order with its recipient."""

    businessId: int
    campaignId: int
    orderId: int
    externalOrderId: str
    status: OrderStatus
    substatus: OrderSubstatus
    fake: bool
    warehouseId: int
    shipmentDay: date
    delivery: SlotView
    itemsTotal: float
    deliveryPrice: float
    createdAt: IsoMoment
    updatedAt: IsoMoment
    recipient: RecipientView
    items: tuple[OperatorItemView, ...]
    shippedAt: IsoMoment | None = None
    storageLimitDay: date | None = None
    work: WorkView | None = None


class FoundOrderView(Answer):
    """An order as a search finds it."""

    businessId: int
    campaignId: int
    orderId: int
    externalOrderId: str
    status: OrderStatus
    substatus: OrderSubstatus
    warehouseId: int
    shipmentDay: date
    deliveryDay: date
    createdAt: IsoMoment
    recipient: RecipientView


def show_order(order: Order, recipient: Recipient, work: OrderWork | None) -> OperatorOrderView:
    """Show an order in full."""
    standing = order.standing
    shipped_at = order.shipped_at
    return OperatorOrderView(
        businessId=order.business_id,
        campaignId=order.campaign_id,
        orderId=order.id,
        externalOrderId=order.external_order_id,
        status=standing.status,
        substatus=standing.substatus,
        fake=order.fake,
        warehouseId=order.warehouse_id,
        shipmentDay=order.shipment_day,
        delivery=show_slot(order),
        itemsTotal=roubles(order.items_total_kopecks),
        deliveryPrice=roubles(order.delivery_price_kopecks),
        createdAt=iso_moment(order.created_at),
        updatedAt=iso_moment(standing.updated_at),
        shippedAt=None if shipped_at is None else iso_moment(shipped_at),
        storageLimitDay=order.storage_limit_day,
        recipient=RecipientView(
            firstName=recipient.first_name,
            lastName=recipient.last_name,
            middleName=recipient.middle_name,
            phone=recipient.phone,
            fullAddress=recipient.full_address,
            entrance=order.address.entrance,
            floor=order.address.floor,
            apartment=order.address.apartment,
            notes=order.notes,
        ),
        items=tuple(map(_item, order.items)),
        work=None if work is None else _work(order, work),
    )


def show_found(found: FoundOrder) -> FoundOrderView:
    """Show an order that was searched for."""
    recipient = found.recipient
    return FoundOrderView(
        businessId=found.business_id,
        campaignId=found.campaign_id,
        orderId=found.order_id,
        externalOrderId=found.external_order_id,
        status=found.status,
        substatus=found.substatus,
        warehouseId=found.warehouse_id,
        shipmentDay=found.shipment_day,
        deliveryDay=found.delivery_day,
        createdAt=iso_moment(found.created_at),
        recipient=RecipientView(
            firstName=recipient.first_name,
            lastName=recipient.last_name,
            middleName=recipient.middle_name,
            phone=recipient.phone,
            fullAddress=recipient.full_address,
        ),
    )


def place_in_words(order: Order, recipient: Recipient, network: Network) -> str:
    """Say where a parcel goes, for a label."""
    if order.delivery is OrderDelivery.PICKUP:
        point = network.points.get(order.slot.place_id)
        address = "" if point is None else f", {point.address.full_address}"
        return f"Пункт выдачи {order.slot.place_id}{address}"
    at = address_of(order, network)
    words = (
        recipient.full_address,
        at and at.entrance and f"подъезд {at.entrance}",
        at and at.floor and f"этаж {at.floor}",
        at and at.apartment and f"квартира {at.apartment}",
    )
    return ", ".join(word for word in words if word)


def _item(item: OrderItem) -> OperatorItemView:
    return OperatorItemView(
        position=item.position,
        offerId=item.offer_id,
        offerName=item.offer_name,
        count=item.count,
        price=roubles(item.price_kopecks),
        rejected=item.rejected,
        lost=item.lost,
    )


def _work(order: Order, work: OrderWork) -> WorkView:
    return WorkView(
        step=work.step,
        pickListId=work.pick_list_id,
        carrier=work.carrier,
        parcels=tuple(_parcel(order, each) for each in work.parcels),
    )


def _parcel(order: Order, parcel: ParcelState) -> ParcelView:
    packed, handed_at = parcel.packed, parcel.handed_at
    return ParcelView(
        number=parcel.number,
        code=code_of(order.business_id, order.id, parcel.number),
        weightG=packed.weight_g,
        lengthMm=packed.length_mm,
        widthMm=packed.width_mm,
        heightMm=packed.height_mm,
        handoverId=parcel.handover_id,
        handedAt=None if handed_at is None else iso_moment(handed_at),
    )
