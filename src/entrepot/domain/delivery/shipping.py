"""When an order leaves its warehouse."""

from datetime import date, datetime, time, timedelta

import msgspec

from entrepot.domain.network import Network, Warehouse


class Shipping(msgspec.Struct, frozen=True, gc=False):
    """The local day of the question, the local day on which a parcel leaves, and the moment."""

    order_day: date
    ship_day: date
    leaves_at: datetime


def shipping(network: Network, warehouse: Warehouse, now: datetime) -> Shipping | None:
    """Tell when an order placed now leaves; None when the warehouse's calendar never works.

    Everything is reckoned on the clock of the warehouse: an order before the cut-off of a
    working day is begun that day, any other on the next working day; it leaves the given
    number of working days later, at the cut-off of the day on which it leaves.
    """
    local = now.astimezone(network.clocks[warehouse.time_zone])
    order_day = local.date()
    working_days = network.warehouse_days[warehouse.id]
    in_time = local.hour * 60 + local.minute < warehouse.cut_offs[order_day.weekday()]
    begun = working_days.first_working_day(order_day if in_time else order_day + timedelta(days=1))
    if begun is None:
        return None
    ship_day = working_days.after_working_days(begun, warehouse.handling_days)
    if ship_day is None:
        return None
    return Shipping(order_day, ship_day, leaves_at(network, warehouse, ship_day))


def shipping_as_planned(
    network: Network, warehouse: Warehouse, ship_day: date, now: datetime
) -> Shipping | None:
    """Tell when an order leaves that is in the warehouse and was to leave on a certain day.

    As long as that day's cut-off is ahead, it leaves as planned; after it, like an order placed
    now.
    """
    planned = leaves_at(network, warehouse, ship_day)
    if planned <= now:
        return shipping(network, warehouse, now)
    return Shipping(local_day(network, warehouse, now), ship_day, planned)


def local_day(network: Network, warehouse: Warehouse, moment: datetime) -> date:
    """Give the day of a moment on the clock of the warehouse."""
    return moment.astimezone(network.clocks[warehouse.time_zone]).date()


def leaves_at(network: Network, warehouse: Warehouse, ship_day: date) -> datetime:
    """Give the moment by which what leaves on a day must be handed over: that day's cut-off."""
    # Wall-clock arithmetic: the cut-off is a time on the clock also when the offset changes.
    midnight = datetime.combine(ship_day, time(), tzinfo=network.clocks[warehouse.time_zone])
    return midnight + timedelta(minutes=warehouse.cut_offs[ship_day.weekday()])
