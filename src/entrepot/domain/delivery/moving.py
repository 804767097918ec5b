"""To which slots an order may be moved that a courier brings.

Its goods are in the warehouse or under way: nothing is asked about stock, and what place and
carrier took once they take still. Its own slot counts as free, for it gives that one back.
"""

from collections.abc import Mapping
from datetime import date, datetime

from entrepot.contract.enums import OrderStatus
from entrepot.domain.delivery.offering import OfferedSlot
from entrepot.domain.delivery.routes import route_of
from entrepot.domain.delivery.shipping import Shipping, local_day, shipping_as_planned
from entrepot.domain.delivery.slot import PlaceKind, SlotKey
from entrepot.domain.destination import Place
from entrepot.domain.network import Network, Warehouse, zone_of
from entrepot.domain.order import Order
from entrepot.domain.order_moves import INSIDE

# "In any status before DELIVERED or CANCELLED", of those that a courier's order has.
_MOVABLE = frozenset({OrderStatus.RESERVED, OrderStatus.PROCESSING, OrderStatus.DELIVERY})


def place_to_move_in(network: Network, order: Order) -> Place | None:
    """Find the zone whose slots an order may have; None when it cannot be moved at all.

    That is an order for a point, one that has ended, and one to a region where couriers do not
    go any more. Where zones were drawn anew, it is the one that serves the address now.
    """
    if order.slot.place_kind is not PlaceKind.ZONE or order.standing.status not in _MOVABLE:
        return None
    zone = zone_of(network, order.region_id)
    return None if zone is None else Place(zone, order.region_id, "")


def slots_to_move_to(
    network: Network,
    order: Order,
    place: Place,
    held: Mapping[SlotKey, int],
    *,
    now: datetime,
    days_ahead: int,
) -> tuple[OfferedSlot, ...]:
    """Give the slots that have room for an order, earliest first.

    `held` counts the order itself as well. What is still in the warehouse leaves as planned or,
    when that moment has passed, like an order placed now.
    """
    warehouse = network.warehouses.get(order.warehouse_id)
    leaving = None if warehouse is None else _leaving(network, warehouse, order, now)
    if leaving is None:
        return ()
    route = route_of(network, order.warehouse_id, place, leaving, now=now, days_ahead=days_ahead)
    if route is None:
        return ()
    own = None if order.fake else order.slot  # a fake order holds nothing
    return tuple(
        slot
        for slot in route.window.slots()
        if held.get(slot.key, 0) - (slot.key == own) < slot.capacity
    )


def leaves_on(network: Network, order: Order, now: datetime) -> date:
    """Tell on which day an order leaves its warehouse, or left it."""
    warehouse = network.warehouses.get(order.warehouse_id)
    leaving = None if warehouse is None else _leaving(network, warehouse, order, now)
    return order.shipment_day if leaving is None else leaving.ship_day


def _leaving(
    network: Network, warehouse: Warehouse, order: Order, now: datetime
) -> Shipping | None:
    if order.standing.stage in INSIDE:
        return shipping_as_planned(network, warehouse, order.shipment_day, now)
    left = order.shipped_at or order.standing.updated_at
    left_day = max(order.shipment_day, local_day(network, warehouse, left))
    return Shipping(local_day(network, warehouse, now), left_day, now)
