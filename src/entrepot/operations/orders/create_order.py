"""createOrder: reserve the goods and a delivery slot, one order per warehouse."""

import hashlib
from typing import Annotated

import msgspec
from msgspec import Meta

from entrepot import limits
from entrepot.contract import errors
from entrepot.contract.dates import clock_minute
from entrepot.contract.enums import Currency, DeliveryPayment, PackageType
from entrepot.contract.errors import Refusal, listed
from entrepot.contract.money import PRICE_ROUBLES_MAX, kopecks_of
from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import WRITE_ORDERS
from entrepot.domain.accounts import Campaign
from entrepot.domain.delivery.slot import WHOLE_DAY
from entrepot.domain.destination import Destination, ToAddress, ToPoint
from entrepot.domain.order import external_id_hash
from entrepot.domain.placement import (
    Customer,
    Outcome,
    PlaceCommand,
    Placed,
    Replayed,
    RetryKey,
    WantedItem,
    WantedParcel,
)
from entrepot.operations.call import Call
from entrepot.operations.orders.receive_codes import ReceiveCodes
from entrepot.operations.orders.views_changes import CustomerDTO
from entrepot.operations.registry import Method, RawAnswer, operation
from entrepot.operations.views import DeliveryDateIntervalDTO, TimeIntervalDTO
from entrepot.operations.wire import (
    Answer,
    ItemCount,
    OkAnswer,
    PositiveId,
    Request,
    ShopSku,
)

_receive_codes = ReceiveCodes()
_ROUBLES = Currency.RUR

Notes = Annotated[str, Meta(min_length=1, max_length=3000)]
Door = Annotated[str, Meta(min_length=1, max_length=16)]
Floor = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]


class BasePriceDTO(Request):
    """What the buyer pays for one piece, in roubles."""

    value: Annotated[float, Meta(gt=0, le=PRICE_ROUBLES_MAX)]
    currencyId: Currency


class CreateOrderItemDTO(Request):
    """An offer, how many pieces of it, and the price of one."""

    offerId: ShopSku
    count: ItemCount
    price: BasePriceDTO


class CreateOrderWarehouseItemsDTO(Request):
    """What one warehouse sends: one order."""

    warehouseId: PositiveId
    items: Annotated[list[CreateOrderItemDTO], Meta(min_length=1, max_length=1000)]
    deliveryDateInterval: DeliveryDateIntervalDTO
    deliveryTimeInterval: TimeIntervalDTO | None = None


class OrderPickupDeliveryDTO(Request):
    """Pickup at a logistic point."""

    logisticPointId: PositiveId


class CourierDeliveryAddressDTO(Request):
    """Where the courier goes. The region and the settlement must be in the line."""

    fullAddress: Annotated[str, Meta(min_length=1, max_length=512)]
    entrance: Door | None = None
    floor: Floor | None = None
    apartment: Door | None = None


class OrderCourierDeliveryDTO(Request):
    """Delivery by courier."""

    address: CourierDeliveryAddressDTO
    notes: Notes | None = None


class CreateOrderDeliveryOptionDTO(Request):
    """Exactly one of the two."""

    pickupDelivery: OrderPickupDeliveryDTO | None = None
    courierDelivery: OrderCourierDeliveryDTO | None = None


class CreateOrderPackagingDTO(Request):
    """How the goods are packed; left empty, the operator decides."""

    packageType: PackageType | None = None


class CreateOrderDTO(Request):
    """The order."""

    externalOrderId: Annotated[str, Meta(min_length=1)]
    itemsDelivery: Annotated[
        list[CreateOrderWarehouseItemsDTO], Meta(min_length=1, max_length=1000)
    ]
    destination: CreateOrderDeliveryOptionDTO
    customer: CustomerDTO
    packaging: CreateOrderPackagingDTO
    paymentType: DeliveryPayment
    draft: bool | None = False
    fake: bool | None = False


class CreateOrderRequest(Request):
    """Body of createOrder."""

    order: CreateOrderDTO


class CreatedOrderDTO(Answer):
    """A created order."""

    id: int


class CreatedOrdersDTO(Answer):
    """The created orders, one per warehouse."""

    orders: list[CreatedOrderDTO]


class CreateOrderResponse(OkAnswer):
    """Ids of the created orders."""

    result: CreatedOrdersDTO


@operation(
    "createOrder",
    Method.POST,
    "/v1/campaigns/{campaignId}/orders/create",
    scopes=WRITE_ORDERS,
    limit=per_hour(10_000),
    takes_retry_key=True,
)
async def create_order(
    call: Call, campaign: Campaign, body: CreateOrderRequest
) -> CreateOrderResponse | RawAnswer | Refusal:
    """Create an order if the goods are in the warehouse: one order per `itemsDelivery` entry.

    All or nothing over all entries. Give exactly one of `courierDelivery` and `pickupDelivery`,
    and a date (for a courier also an interval) that getDeliveryOptions offers at this moment.

    With `draft: true` the order is RESERVED: goods and slot are held for one hour after
    creation and free again at that moment unless it is confirmed with updateOrderStatus
    (PROCESSING/STARTED). With `fake: true` it is checked in full but holds nothing.

    `externalOrderId` is unique in the business for ever. With an `Idempotency-Key` header a
    repeated request gets the first answer, byte for byte, for 24 hours.
    """
    order = body.order
    refusal = _refusal(order)
    if refusal is not None:
        return refusal
    retry_key = _retry_key(call)
    if isinstance(retry_key, Refusal):
        return retry_key
    parcels = _parcels(order)
    if isinstance(parcels, Refusal):
        return parcels
    ids = call.platform.order_ids
    order_ids = ids.at_hand(len(parcels)) or await ids.take(len(parcels))
    command = PlaceCommand(
        business_id=campaign.business_id,
        campaign_id=campaign.id,
        external_order_id=order.externalOrderId,
        external_id_hash=external_id_hash(order.externalOrderId),
        parcels=parcels,
        destination=_destination(order.destination),
        customer=Customer(
            order.customer.firstName,
            order.customer.lastName,
            order.customer.middleName,
            order.customer.phone,
        ),
        package_type=order.packaging.packageType,
        draft=bool(order.draft),
        fake=bool(order.fake),
        retry_key=retry_key,
        order_ids=order_ids,
        receive_codes=_receive_codes.take(len(parcels)),
        placed_by=call.key.name,
    )
    return _answer(await call.platform.placing.place(command, len(call.raw_body)))


def encode_outcome(outcome: Outcome) -> tuple[int, bytes]:
    """Write an outcome as the HTTP status and body that are kept for repeated requests."""
    answer = _answer(outcome)
    if isinstance(answer, RawAnswer):
        return answer.http_status, answer.body
    if isinstance(answer, Refusal):
        return answer.http_status, msgspec.json.encode(answer.envelope())
    return 200, msgspec.json.encode(answer)


def _answer(outcome: Outcome) -> CreateOrderResponse | RawAnswer | Refusal:
    if isinstance(outcome, Placed):
        created = [CreatedOrderDTO(id=order_id) for order_id in outcome.order_ids]
        return CreateOrderResponse(result=CreatedOrdersDTO(orders=created))
    if isinstance(outcome, Replayed):
        return RawAnswer(outcome.answer.http_status, outcome.answer.body)
    return outcome


def _refusal(order: CreateOrderDTO) -> Refusal | None:
    """Check what the types do not say and needs no database."""
    to = order.destination
    if (to.courierDelivery is None) == (to.pickupDelivery is None):
        return errors.DELIVERY_BOTH_OR_NEITHER(field="order.destination")
    warehouses: set[int] = set()
    offers: set[str] = set()
    repeated: list[str] = []
    for index, entry in enumerate(order.itemsDelivery):
        if entry.warehouseId in warehouses:
            return errors.DUPLICATE_WAREHOUSE(
                field=f"order.itemsDelivery[{index}].warehouseId", warehouse_id=entry.warehouseId
            )
        warehouses.add(entry.warehouseId)
        if to.courierDelivery is not None and entry.deliveryTimeInterval is None:
            field = f"order.itemsDelivery[{index}].deliveryTimeInterval"
            return errors.TIME_INTERVAL_REQUIRED(field=field)
        for item in entry.items:
            offer_id = item.offerId.strip()
            if offer_id in offers:
                repeated.append(offer_id)
            offers.add(offer_id)
    return errors.DUPLICATE_OFFER(offer_ids=listed(repeated)) if repeated else None


def _parcels(order: CreateOrderDTO) -> tuple[WantedParcel, ...] | Refusal:
    parcels: list[WantedParcel] = []
    for index, entry in enumerate(order.itemsDelivery):
        items: list[WantedItem] = []
        for number, item in enumerate(entry.items):
            kopecks = kopecks_of(item.price.value)
            if not kopecks or item.price.currencyId is not _ROUBLES:
                field = f"order.itemsDelivery[{index}].items[{number}].price"
                return _price_refused(item.price, field)
            items.append(WantedItem(item.offerId.strip(), item.count, kopecks))
        days = entry.deliveryDateInterval
        if days.fromDate != days.toDate:  # options are single days
            return errors.INTERVAL_NOT_VALID(order_id=order.externalOrderId)
        from_minute, to_minute = _minutes(order.destination, entry.deliveryTimeInterval)
        parcels.append(
            WantedParcel(entry.warehouseId, tuple(items), days.fromDate, from_minute, to_minute)
        )
    return tuple(parcels)


def _price_refused(price: BasePriceDTO, field: str) -> Refusal:
    if price.currencyId is not _ROUBLES:
        return errors.WRONG_CURRENCY(field=f"{field}.currencyId", value=price.currencyId)
    return errors.PRICE_TOO_FINE(field=f"{field}.value", value=price.value)


def _minutes(to: CreateOrderDeliveryOptionDTO, times: TimeIntervalDTO | None) -> tuple[int, int]:
    """Give the interval of a courier; a point takes parcels all day, whatever is asked."""
    if to.pickupDelivery is not None or times is None:
        return WHOLE_DAY
    return clock_minute(times.fromTime), clock_minute(times.toTime)


def _destination(to: CreateOrderDeliveryOptionDTO) -> Destination:
    if to.pickupDelivery is not None:
        return ToPoint(to.pickupDelivery.logisticPointId)
    assert to.courierDelivery is not None, "checked by _refusal"
    address = to.courierDelivery.address
    return ToAddress(
        address.fullAddress,
        address.entrance,
        address.floor,
        address.apartment,
        to.courierDelivery.notes,
    )


def _retry_key(call: Call) -> RetryKey | Refusal | None:
    """Read the `Idempotency-Key` header; its fingerprint covers operation, path and body."""
    key = call.idempotency_key
    if key is None:
        return None
    most = limits.IDEMPOTENCY_KEY_CHARS_MAX
    if not 1 <= len(key) <= most or not (key.isascii() and key.isprintable()):
        return errors.IDEMPOTENCY_KEY_MALFORMED(most=most, value=key)
    request = hashlib.sha256(f"createOrder {call.path}\n".encode())
    request.update(call.raw_body)
    return RetryKey(hashlib.sha256(key.encode()).digest(), request.digest(), key)
