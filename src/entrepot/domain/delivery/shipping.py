"""When an order leaves its warehouse."""

from datetime import date, datetime, time, timedelta

import msgspec

from entrepot.domain.network import Network, Warehouse


class Shipping(msgspec.Struct, frozen=True, gc=False):
    """The local day of the order, the local day on which it leaves, and the moment it does."""

    order_day: date
    ship_day: date
    leaves_at: datetime


def shipping(network: Network, warehouse: Warehouse, now: datetime) -> Shipping | None:
    """Tell when an order placed now leaves; None when the warehouse's calendar never works.

    Everything is reckoned on the clock of the warehouse: an order before the cut-off of a
    working day is begun that day, any other on the next working day; it leaves the given
    number of working days later, at the cut-off.
    """
    clock = network.clocks[warehouse.time_zone]
    local = now.astimezone(clock)
    order_day = local.date()
    working_days = network.warehouse_days[warehouse.id]
    in_time = local.hour * 60 + local.minute < warehouse.cut_offs[order_day.weekday()]
    begun = working_days.first_working_day(order_day if in_time else order_day + timedelta(days=1))
    if begun is None:
        return None
    ship_day = working_days.after_working_days(begun, warehouse.handling_days)
    if ship_day is None:
        return None
    # Wall-clock arithmetic: the cut-off is a time on the clock also when the offset changes.
    leaves_at = datetime.combine(ship_day, time(), tzinfo=clock) + timedelta(
        minutes=warehouse.cut_offs[ship_day.weekday()]
    )
    return Shipping(order_day, ship_day, leaves_at)
