"""getDeliveryOptions: when a basket can arrive, and what the shop would pay."""

from collections import Counter
from typing import Annotated

from msgspec import Meta

from entrepot.contract.enums import Currency, DeliveryPayment
from entrepot.contract.errors import (
    DUPLICATE_OFFER,
    Code,
    Refusal,
    Template,
    listed,
)
from entrepot.contract.money import roubles
from entrepot.contract.request_limits import per_minute
from entrepot.contract.scopes import READ_DELIVERY
from entrepot.db import slots
from entrepot.db.connection import Connection
from entrepot.db.offers import read_offers
from entrepot.db.stock import read_available
from entrepot.domain.accounts import Campaign
from entrepot.domain.delivery.goods import Goods
from entrepot.domain.delivery.quoting import (
    QuotedItem,
    QuotedParcel,
    QuotedPlace,
    QuoteSituation,
    quote,
)
from entrepot.domain.delivery.slot import SlotKey
from entrepot.domain.destination import Place, ToAddress, ToPoint, find_place
from entrepot.domain.network import Network
from entrepot.operations.call import Call
from entrepot.operations.registry import Method, operation
from entrepot.operations.views import (
    DeliveryDateIntervalDTO,
    TimeIntervalDTO,
    show_day,
    show_times,
)
from entrepot.operations.wire import Answer, ItemCount, OkAnswer, PositiveId, Request, ShopSku

ITEMS_MAX = 1_000
POINTS_MAX = 20

# The contract gives no texts for these: ours, in its manner.
ONE_WAY = Template(
    400,
    Code.INVALID_DELIVERY_TYPE,
    "Exactly one of courierDelivery and pickupDelivery must be specified",
)
POINTS_REPEATED = Template(
    400,
    Code.BAD_REQUEST,
    "pickupDelivery.logisticPointsIds elements must be unique (rejected value: {values})",
)


class GetDeliveryOptionsItemDTO(Request):
    """An offer and a count; without a warehouse the platform chooses one."""

    offerId: ShopSku
    count: ItemCount
    warehouseId: PositiveId | None = None


class PickupDeliveryParametersDTO(Request):
    """Points to be asked about."""

    logisticPointsIds: Annotated[
        list[PositiveId],
        Meta(min_length=1, max_length=POINTS_MAX, extra_json_schema={"uniqueItems": True}),
    ]


class CourierDeliveryParametersDTO(Request):
    """Address to be asked about, down to the house."""

    fullAddress: Annotated[str, Meta(min_length=1, max_length=512)]


class GetDeliveryOptionsRequest(Request):
    """A basket, and exactly one way of delivery."""

    items: Annotated[list[GetDeliveryOptionsItemDTO], Meta(min_length=1, max_length=ITEMS_MAX)]
    pickupDelivery: PickupDeliveryParametersDTO | None = None
    courierDelivery: CourierDeliveryParametersDTO | None = None


class DeliveryOptionPriceDTO(Answer):
    """What the shop pays for the delivery."""

    value: float
    currencyId: Currency


class PickupOptionDTO(Answer):
    """A day on which the parcel can be at the point."""

    deliveryDateInterval: DeliveryDateIntervalDTO
    price: DeliveryOptionPriceDTO


class PickupOptionsDTO(Answer):
    """A point that takes the parcel, and its days, earliest first."""

    logisticPointId: int
    options: list[PickupOptionDTO]
    paymentMethods: list[DeliveryPayment]


class PickupDeliveryOptionsDTO(Answer):
    """Points that take the parcel."""

    pickupOptions: list[PickupOptionsDTO]


class CourierDeliveryOptionDTO(Answer):
    """A day and an interval in which a courier can come."""

    deliveryDateInterval: DeliveryDateIntervalDTO
    deliveryTimeInterval: TimeIntervalDTO
    paymentMethods: list[DeliveryPayment]
    price: DeliveryOptionPriceDTO


class CourierDeliveryOptionsDTO(Answer):
    """Days and intervals, earliest first."""

    courierDeliveryOptions: list[CourierDeliveryOptionDTO]


class WarehouseDeliveryOptionsDTO(Answer):
    """Options of the way that was asked about."""

    pickupDelivery: PickupDeliveryOptionsDTO | None = None
    courierDelivery: CourierDeliveryOptionsDTO | None = None


class BasicOrderItemDTO(Answer):
    """An offer and a count."""

    offerId: str
    count: int


class WarehousesDeliveryOptionsDTO(Answer):
    """What one warehouse would send, and how it could go."""

    warehouseId: int
    deliveryOptions: WarehouseDeliveryOptionsDTO
    items: list[BasicOrderItemDTO]


class GetDeliveryOptionsDTO(Answer):
    """One entry per warehouse: each becomes an entry of createOrder's `itemsDelivery`."""

    warehousesDeliveryOptions: list[WarehousesDeliveryOptionsDTO]


class GetDeliveryOptionsResponse(OkAnswer):
    """Delivery options."""

    result: GetDeliveryOptionsDTO


@operation(
    "getDeliveryOptions",
    Method.POST,
    "/v1/campaigns/{campaignId}/delivery-options",
    scopes=READ_DELIVERY,
    limit=per_minute(1_000, parallel=10),
)
async def get_delivery_options(
    call: Call, campaign: Campaign, body: GetDeliveryOptionsRequest
) -> GetDeliveryOptionsResponse | Refusal:
    """Quote a basket: by warehouse, the days (and intervals) in which it can arrive.

    What is offered is what createOrder accepts at this moment. An item keeps the warehouse that
    it names; for the others the one is chosen that makes the fewest parcels, then the earliest
    arrival, then the lowest price. An offer is never split over warehouses.

    Each option is a single day. A point that does not take the goods or is booked up is left
    out; when none is left `pickupOptions` is empty. When no courier can come
    `deliveryOptions` is empty. Goods that no warehouse has are refused (NOT_ENOUGH_STOCK), and
    so are unknown offers, warehouses and points and an address that names no single place.
    """
    refusal = _refusal(body)
    if refusal is not None:
        return refusal

    async def read(connection: Connection) -> QuoteSituation | Refusal:
        return await _situation(connection, call, campaign.business_id, body)

    situation = await call.platform.database.read(read)
    if isinstance(situation, Refusal):
        return situation
    quoted = quote(_items(body), situation)
    if isinstance(quoted, Refusal):
        return quoted
    show = _show_pickup if body.pickupDelivery is not None else _show_courier
    return GetDeliveryOptionsResponse(
        result=GetDeliveryOptionsDTO(
            warehousesDeliveryOptions=[
                WarehousesDeliveryOptionsDTO(
                    warehouseId=parcel.warehouse_id,
                    deliveryOptions=show(parcel),
                    items=[
                        BasicOrderItemDTO(offerId=item.offer_id, count=item.count)
                        for item in parcel.items
                    ],
                )
                for parcel in quoted
            ]
        )
    )


def _refusal(body: GetDeliveryOptionsRequest) -> Refusal | None:
    """Check what the types do not say and needs no database."""
    if (body.pickupDelivery is None) == (body.courierDelivery is None):
        return ONE_WAY()
    repeated_offers = _repeated([item.offerId.strip() for item in body.items])
    if repeated_offers:
        return DUPLICATE_OFFER(offer_ids=listed(repeated_offers))
    if body.pickupDelivery is not None:
        repeated = _repeated([str(each) for each in body.pickupDelivery.logisticPointsIds])
        if repeated:
            return POINTS_REPEATED(values=listed(repeated))
    return None


def _repeated(values: list[str]) -> list[str]:
    return sorted(value for value, count in Counter(values).items() if count > 1)


def _items(body: GetDeliveryOptionsRequest) -> tuple[QuotedItem, ...]:
    return tuple(
        QuotedItem(item.offerId.strip(), item.count, item.warehouseId) for item in body.items
    )


async def _situation(
    connection: Connection, call: Call, business_id: int, body: GetDeliveryOptionsRequest
) -> QuoteSituation | Refusal:
    """Read what a quote depends on: the number of statements does not grow with the basket."""
    platform = call.platform
    network = await platform.network.latest(connection)
    places = _places(network, body)
    if isinstance(places, Refusal):
        return places
    now = await platform.clock.now(connection)
    offer_ids = [item.offerId.strip() for item in body.items]
    offers = await read_offers(connection, business_id, offer_ids)
    available = await read_available(connection, business_id, network.warehouses, offer_ids)
    held: dict[SlotKey, int] = {}
    if places:
        held = await slots.read_held_now(
            connection,
            network,
            places[0].kind,
            [place.target.id for place in places],
            now=now,
            days_ahead=platform.delivery_days_ahead,
            parcels=min(len(offer_ids), len(network.warehouses)),
        )
    return QuoteSituation(
        now=now,
        days_ahead=platform.delivery_days_ahead,
        network=network,
        places=places,
        goods={
            offer.offer_id: Goods(
                offer.weight_g, offer.length_mm, offer.width_mm, offer.height_mm, offer.kind
            )
            for offer in offers.values()
        },
        available={(key.warehouse_id, key.offer_id): count for key, count in available.items()},
        slots_held=held,
    )


def _places(network: Network, body: GetDeliveryOptionsRequest) -> tuple[Place, ...] | Refusal:
    """Find the points or the zone; none where no courier goes."""
    if body.courierDelivery is not None:
        place = find_place(network, ToAddress(body.courierDelivery.fullAddress))
        if isinstance(place, Refusal):
            return () if place.code is Code.CANT_DELIVER_ORDER_TO_ADDRESS else place
        return (place,)
    assert body.pickupDelivery is not None
    places: list[Place] = []
    for point_id in body.pickupDelivery.logisticPointsIds:
        place = find_place(network, ToPoint(point_id))
        if isinstance(place, Refusal):
            return place
        places.append(place)
    return tuple(places)


def _show_pickup(parcel: QuotedParcel) -> WarehouseDeliveryOptionsDTO:
    return WarehouseDeliveryOptionsDTO(
        pickupDelivery=PickupDeliveryOptionsDTO(
            pickupOptions=[
                PickupOptionsDTO(
                    logisticPointId=quoted.place.target.id,
                    options=[
                        PickupOptionDTO(
                            deliveryDateInterval=show_day(slot.key), price=_show_price(quoted)
                        )
                        for slot in quoted.slots
                    ],
                    paymentMethods=[DeliveryPayment.PREPAID],
                )
                for quoted in parcel.places
            ]
        )
    )


def _show_courier(parcel: QuotedParcel) -> WarehouseDeliveryOptionsDTO:
    options = [
        CourierDeliveryOptionDTO(
            deliveryDateInterval=show_day(slot.key),
            deliveryTimeInterval=show_times(slot.key),
            paymentMethods=[DeliveryPayment.PREPAID],
            price=_show_price(quoted),
        )
        for quoted in parcel.places
        for slot in quoted.slots
    ]
    if not options:
        return WarehouseDeliveryOptionsDTO()
    return WarehouseDeliveryOptionsDTO(
        courierDelivery=CourierDeliveryOptionsDTO(courierDeliveryOptions=options)
    )


def _show_price(quoted: QuotedPlace) -> DeliveryOptionPriceDTO:
    return DeliveryOptionPriceDTO(value=roubles(quoted.price_kopecks), currencyId=Currency.RUR)
