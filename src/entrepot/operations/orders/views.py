"""The contract's older form of an order (`OrderDTO`): dates as texts in Moscow time.

What the contract requires though this kind of trade does not have it is a constant, named here.
The recipient is never shown: the contract's reads have no place for names and phones.
"""

from typing import Annotated

from msgspec import Meta

from entrepot.contract.dates import legacy_date, legacy_moment
from entrepot.contract.enums import (
    BuyerType,
    Currency,
    DeliveryPartner,
    DispatchType,
    OrderDelivery,
    OrderPayment,
    OrderPaymentMethod,
    OrderStatus,
    OrderSubstatus,
    TaxSystem,
)
from entrepot.contract.money import roubles
from entrepot.domain.network import Network
from entrepot.domain.order import Order, OrderItem, visible_storage_limit
from entrepot.operations.orders.views_places import ClockTime, address_of, interval_of
from entrepot.operations.registry import Deprecation
from entrepot.operations.views import GpsDTO, RegionDTO, show_region
from entrepot.operations.wire import Answer, LegacyDate, LegacyMoment, ShopSku

# Who delivers, on the wire: the operator, whatever carriers it uses.
DELIVERY_SERVICE_ID = 1
DELIVERY_SERVICE_NAME = "Entrepot"
DELIVERY_PARTNER = DeliveryPartner.YANDEX_MARKET  # "not the shop" has no other word
# The buyer paid the shop; how, the operator is never told.
PAYMENT = OrderPayment.PREPAID
PAYMENT_METHOD = OrderPaymentMethod.UNKNOWN
DISPATCH = {
    OrderDelivery.DELIVERY: DispatchType.BUYER,
    OrderDelivery.PICKUP: DispatchType.MARKET_BRANDED_OUTLET,
}

REPLACED_BY_BUSINESS_ORDERS = Deprecation(
    degradation_start="2027-01-18", shutdown="2027-04-12", replacement="getBusinessOrders"
)

OrderId = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]


class OrderItemDTO(Answer):
    """A line of an order; `id` is its place in the order, prices are those of one piece."""

    id: int
    offerId: ShopSku
    offerName: str
    price: float
    buyerPrice: float
    buyerPriceBeforeDiscount: float
    count: int
    partnerWarehouseId: str | None = None


class OrderDeliveryDatesDTO(Answer):
    """The day of delivery; its interval when a courier comes."""

    fromDate: LegacyDate
    toDate: LegacyDate | None = None
    fromTime: ClockTime | None = None
    toTime: ClockTime | None = None


class OrderDeliveryAddressDTO(Answer):
    """Where the order goes."""

    country: str | None = None
    city: str | None = None
    street: str | None = None
    house: str | None = None
    block: str | None = None
    building: str | None = None
    entrance: str | None = None
    floor: str | None = None
    apartment: str | None = None
    gps: GpsDTO | None = None


class OrderShipmentDTO(Answer):
    """When the parcel leaves the warehouse."""

    shipmentDate: LegacyDate | None = None


class OrderDeliveryDTO(Answer):
    """How and when the order is delivered."""

    type: OrderDelivery
    serviceName: str
    deliveryPartnerType: DeliveryPartner
    dates: OrderDeliveryDatesDTO
    deliveryServiceId: int
    region: RegionDTO | None = None
    address: OrderDeliveryAddressDTO | None = None
    dispatchType: DispatchType | None = None
    shipments: tuple[OrderShipmentDTO, ...] | None = None
    outletStorageLimitDate: LegacyDate | None = None
    receiveCode: str | None = None


class OrderBuyerDTO(Answer):
    """The buyer, of whom only the kind is told."""

    type: BuyerType


class OrderDTO(Answer):
    """An order."""

    id: int
    status: OrderStatus
    substatus: OrderSubstatus
    creationDate: LegacyMoment
    currency: Currency
    itemsTotal: float
    deliveryTotal: float
    buyerItemsTotalBeforeDiscount: float
    paymentType: OrderPayment
    paymentMethod: OrderPaymentMethod
    fake: bool
    items: tuple[OrderItemDTO, ...]
    delivery: OrderDeliveryDTO
    buyer: OrderBuyerDTO
    taxSystem: TaxSystem
    externalOrderId: str | None = None
    updatedAt: LegacyMoment | None = None
    notes: str | None = None
    expiryDate: LegacyMoment | None = None


def show_legacy_order(order: Order, network: Network) -> OrderDTO:
    """Show an order in the older form."""
    standing = order.standing
    return OrderDTO(
        id=order.id,
        status=standing.status,
        substatus=standing.substatus,
        creationDate=legacy_moment(order.created_at),
        currency=Currency.RUR,
        itemsTotal=roubles(order.items_total_kopecks),
        deliveryTotal=roubles(order.delivery_price_kopecks),
        buyerItemsTotalBeforeDiscount=roubles(order.items_total_kopecks),
        paymentType=PAYMENT,
        paymentMethod=PAYMENT_METHOD,
        fake=order.fake,
        items=tuple(_item(order, item) for item in order.items),
        delivery=_delivery(order, network),
        buyer=OrderBuyerDTO(type=BuyerType.PERSON),
        taxSystem=TaxSystem.UNKNOWN_VALUE,
        externalOrderId=order.external_order_id,
        updatedAt=legacy_moment(standing.updated_at),
        notes=order.notes,
        expiryDate=legacy_moment(order.ends_at) if order.ends_at else None,
    )


def _item(order: Order, item: OrderItem) -> OrderItemDTO:
    price = roubles(item.price_kopecks)
    return OrderItemDTO(
        id=item.position,
        offerId=item.offer_id,
        offerName=item.offer_name,
        price=price,
        buyerPrice=price,
        buyerPriceBeforeDiscount=price,
        count=item.count,
        partnerWarehouseId=str(order.warehouse_id),
    )


def _delivery(order: Order, network: Network) -> OrderDeliveryDTO:
    day = legacy_date(order.slot.day)
    kept_until = visible_storage_limit(order)
    interval = interval_of(order)
    return OrderDeliveryDTO(
        type=order.delivery,
        serviceName=DELIVERY_SERVICE_NAME,
        deliveryPartnerType=DELIVERY_PARTNER,
        dates=OrderDeliveryDatesDTO(
            fromDate=day, toDate=day, fromTime=interval.from_time, toTime=interval.to_time
        ),
        deliveryServiceId=DELIVERY_SERVICE_ID,
        region=show_region(network, order.region_id),
        address=_address(order, network),
        dispatchType=DISPATCH[order.delivery],
        shipments=(OrderShipmentDTO(shipmentDate=legacy_date(order.shipment_day)),),
        outletStorageLimitDate=None if kept_until is None else legacy_date(kept_until),
        receiveCode=order.receive_code,
    )


def _address(order: Order, network: Network) -> OrderDeliveryAddressDTO | None:
    parts = address_of(order, network)
    if parts is None:
        return None
    return OrderDeliveryAddressDTO(
        country=parts.country,
        city=parts.city,
        street=parts.street,
        house=parts.house,
        block=parts.block,
        building=parts.building,
        entrance=parts.entrance,
        floor=parts.floor,
        apartment=parts.apartment,
        gps=parts.gps,
    )
