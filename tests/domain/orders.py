"""An order for tests of what is shown; every field may be replaced."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec

from entrepot.contract.enums import OrderStatus, OrderSubstatus
from entrepot.domain.delivery.slot import PlaceKind, SlotKey
from entrepot.domain.order import CourierAddress, Order, OrderItem, Standing

CREATED_AT = datetime(2026, 3, 31, 20, 59, 59, 999_999, tzinfo=UTC)  # a moment before midnight

PROCESSING = Standing(OrderStatus.PROCESSING, OrderSubstatus.STARTED, CREATED_AT)
RESERVED = Standing(OrderStatus.RESERVED, OrderSubstatus.AWAIT_CONFIRMATION, CREATED_AT)

TO_POINT = SlotKey(PlaceKind.POINT, 71, date(2026, 4, 3), 0, 1440)
BY_COURIER = SlotKey(PlaceKind.ZONE, 9, date(2026, 4, 2), 600, 840)

_ORDER = Order(
    business_id=1001,
    id=2001,
    campaign_id=50001,
    external_order_id="shop-1",
    standing=PROCESSING,
    fake=False,
    warehouse_id=301,
    slot=TO_POINT,
    region_id=213,
    shipment_day=date(2026, 4, 1),
    items_total_kopecks=300_050,
    delivery_price_kopecks=19_900,
    receive_code="012345",
    reserved_until=None,
    created_at=CREATED_AT,
    address=CourierAddress(),
    notes=None,
    items=(
        OrderItem(1, "SKU-1", "Чайник", 2, 100_000),
        OrderItem(2, "SKU-2", "Кружка", 1, 100_050),
    ),
)


def order(**changes: Any) -> Order:
    """Make an order to a logistic point that is being picked."""
    return msgspec.structs.replace(_ORDER, **changes)


def courier_order(**changes: Any) -> Order:
    """Make an order that a courier brings."""
    by_courier: dict[str, Any] = {
        "slot": BY_COURIER,
        "receive_code": None,
        "address": CourierAddress(entrance="2", floor=-1, apartment="14"),
    }
    return order(**(by_courier | changes))
