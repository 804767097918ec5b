"""The contract's newer form of an order (`BusinessOrderDTO`): ISO dates, sums with a currency."""

from datetime import date

from entrepot.contract.dates import iso_moment
from entrepot.contract.enums import (
    Currency,
    DeliveryPartner,
    DispatchType,
    ItemUnitStatus,
    OrderDelivery,
    OrderPayment,
    OrderPaymentMethod,
    OrderStatus,
    OrderSubstatus,
    SellingProgram,
    SourcePlatform,
)
from entrepot.contract.money import roubles
from entrepot.domain.network import Network
from entrepot.domain.order import Order, OrderItem, units_of, visible_storage_limit
from entrepot.operations.orders.views import (
    DELIVERY_PARTNER,
    DELIVERY_SERVICE_ID,
    DELIVERY_SERVICE_NAME,
    DISPATCH,
    PAYMENT,
    PAYMENT_METHOD,
)
from entrepot.operations.orders.views_places import ClockTime, address_of, interval_of
from entrepot.operations.views import GpsDTO, RegionDTO, show_region
from entrepot.operations.wire import Answer, IsoMoment, ShopSku

PROGRAM = SellingProgram.LAAS
SOURCE = SourcePlatform.OTHER  # the shop's own; which one the operator is never told


class CurrencyValueDTO(Answer):
    """A sum."""

    value: float
    currencyId: Currency


class ItemPriceDTO(Answer):
    """What the buyer pays for all pieces of a line."""

    payment: CurrencyValueDTO | None = None


class OrderItemUnitStatusDTO(Answer):
    """So many pieces of a line, and what became of them."""

    status: ItemUnitStatus
    count: int


class BusinessOrderItemDTO(Answer):
    """A line of an order; `id` is its place in the order."""

    id: int
    offerId: ShopSku
    offerName: str
    count: int
    prices: ItemPriceDTO | None = None
    itemStatuses: tuple[OrderItemUnitStatusDTO, ...] | None = None


class OrderPriceDTO(Answer):
    """What the buyer pays for the goods; what for delivery, the operator is not told."""

    payment: CurrencyValueDTO | None = None


class BusinessOrderDeliveryDatesDTO(Answer):
    """The day of delivery; its interval when a courier comes."""

    fromDate: date
    toDate: date | None = None
    fromTime: ClockTime | None = None
    toTime: ClockTime | None = None


class BusinessOrderShipmentDTO(Answer):
    """When the parcel leaves the warehouse."""

    shipmentDate: date


class BusinessOrderDeliveryAddressDTO(Answer):
    """Where the order goes."""

    country: str | None = None
    city: str | None = None
    street: str | None = None
    house: str | None = None
    block: str | None = None
    entrance: str | None = None
    floor: str | None = None
    apartment: str | None = None
    gps: GpsDTO | None = None


class BusinessOrderCourierDeliveryDTO(Answer):
    """Courier delivery."""

    address: BusinessOrderDeliveryAddressDTO | None = None
    region: RegionDTO | None = None


class BusinessOrderPickupDeliveryDTO(Answer):
    """Delivery to a logistic point."""

    address: BusinessOrderDeliveryAddressDTO | None = None
    region: RegionDTO | None = None
    logisticPointId: int | None = None
    outletStorageLimitDate: date | None = None


class BusinessOrderDeliveryDTO(Answer):
    """How and when the order is delivered."""

    type: OrderDelivery
    serviceName: str
    deliveryServiceId: int
    deliveryPartnerType: DeliveryPartner
    dates: BusinessOrderDeliveryDatesDTO
    warehouseId: str | None = None
    dispatchType: DispatchType | None = None
    shipment: BusinessOrderShipmentDTO | None = None
    courier: BusinessOrderCourierDeliveryDTO | None = None
    pickup: BusinessOrderPickupDeliveryDTO | None = None
    receiveBarcode: str | None = None
    receiveCode: str | None = None


class BusinessOrderDTO(Answer):
    """An order."""

    orderId: int
    campaignId: int
    status: OrderStatus
    substatus: OrderSubstatus
    creationDate: IsoMoment
    paymentType: OrderPayment
    paymentMethod: OrderPaymentMethod
    fake: bool
    items: tuple[BusinessOrderItemDTO, ...]
    delivery: BusinessOrderDeliveryDTO
    programType: SellingProgram | None = None
    externalOrderId: str | None = None
    updateDate: IsoMoment | None = None
    prices: OrderPriceDTO | None = None
    notes: str | None = None
    sourcePlatform: SourcePlatform | None = None


def show_business_order(order: Order, network: Network) -> BusinessOrderDTO:
    """Show an order in the newer form."""
    standing = order.standing
    return BusinessOrderDTO(
        orderId=order.id,
        campaignId=order.campaign_id,
        status=standing.status,
        substatus=standing.substatus,
        creationDate=iso_moment(order.created_at),
        paymentType=PAYMENT,
        paymentMethod=PAYMENT_METHOD,
        fake=order.fake,
        items=tuple(_item(order, item) for item in order.items),
        delivery=_delivery(order, network),
        programType=PROGRAM,
        externalOrderId=order.external_order_id,
        updateDate=iso_moment(standing.updated_at),
        prices=OrderPriceDTO(payment=_sum(order.items_total_kopecks)),
        notes=order.notes,
        sourcePlatform=SOURCE,
    )


def _sum(kopecks: int) -> CurrencyValueDTO:
    return CurrencyValueDTO(value=roubles(kopecks), currencyId=Currency.RUR)


def _item(order: Order, item: OrderItem) -> BusinessOrderItemDTO:
    return BusinessOrderItemDTO(
        id=item.position,
        offerId=item.offer_id,
        offerName=item.offer_name,
        count=item.count,
        prices=ItemPriceDTO(payment=_sum(item.total_kopecks)),
        itemStatuses=tuple(
            OrderItemUnitStatusDTO(status=units.status, count=units.pieces)
            for units in units_of(order, item)
        ),
    )


def _delivery(order: Order, network: Network) -> BusinessOrderDeliveryDTO:
    interval = interval_of(order)
    by_courier = order.delivery is OrderDelivery.DELIVERY
    address = _address(order, network)
    region = show_region(network, order.region_id)
    return BusinessOrderDeliveryDTO(
        type=order.delivery,
        serviceName=DELIVERY_SERVICE_NAME,
        deliveryServiceId=DELIVERY_SERVICE_ID,
        deliveryPartnerType=DELIVERY_PARTNER,
        dates=BusinessOrderDeliveryDatesDTO(
            fromDate=order.slot.day,
            toDate=order.slot.day,
            fromTime=interval.from_time,
            toTime=interval.to_time,
        ),
        warehouseId=str(order.warehouse_id),
        dispatchType=DISPATCH[order.delivery],
        shipment=BusinessOrderShipmentDTO(shipmentDate=order.shipment_day),
        courier=(
            BusinessOrderCourierDeliveryDTO(address=address, region=region) if by_courier else None
        ),
        pickup=(
            None
            if by_courier
            else BusinessOrderPickupDeliveryDTO(
                address=address,
                region=region,
                logisticPointId=order.slot.place_id,
                outletStorageLimitDate=visible_storage_limit(order),
            )
        ),
        # The barcode holds the code, so either will do at the counter.
        receiveBarcode=order.receive_code,
        receiveCode=order.receive_code,
    )


def _address(order: Order, network: Network) -> BusinessOrderDeliveryAddressDTO | None:
    parts = address_of(order, network)
    if parts is None:
        return None
    return BusinessOrderDeliveryAddressDTO(
        country=parts.country,
        city=parts.city,
        street=parts.street,
        house=parts.house,
        block=parts.block,
        entrance=parts.entrance,
        floor=parts.floor,
        apartment=parts.apartment,
        gps=parts.gps,
    )
