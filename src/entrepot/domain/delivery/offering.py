"""Which slots of a place an order may have: the promise that quoting and placing share.

`delivery_window` is the costly part (a clock, two calendars, a lane): a caller with many
questions about one warehouse and one place at one moment asks for it once. What it answers
then, `slot` and `slots`, are a few look-ups.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import msgspec

from entrepot.domain.delivery.calendar import Calendar
from entrepot.domain.delivery.goods import Sized
from entrepot.domain.delivery.lanes import lane_between
from entrepot.domain.delivery.shipping import Shipping, shipping
from entrepot.domain.delivery.slot import WHOLE_DAY, PlaceKind, SlotKey
from entrepot.domain.network import CourierZone, LogisticPoint, Network

_DAY = timedelta(days=1)


class OfferedSlot(msgspec.Struct, frozen=True, gc=False):
    """A slot that may be asked for, and how many parcels it takes in all."""

    key: SlotKey
    capacity: int


class DeliveryWindow(msgspec.Struct, frozen=True):
    """The days on which a place can be reached, first and last included.

    On the first day only what lies after `first_minute` counts (a courier cannot come before
    the parcel left).
    """

    place: LogisticPoint | CourierZone
    calendar: Calendar
    first_day: date
    first_minute: int
    last_day: date

    def slots(self) -> tuple[OfferedSlot, ...]:
        """Give every slot, earliest first."""
        found: list[OfferedSlot] = []
        day = self.first_day
        while day <= self.last_day:
            found.extend(self._slots_of(day))
            day += _DAY
        return tuple(found)

    def first_slot(self, is_free: Callable[[OfferedSlot], bool]) -> OfferedSlot | None:
        """Give the earliest slot that is free, None when none is."""
        day = self.first_day
        while day <= self.last_day:
            for offered in self._slots_of(day):
                if is_free(offered):
                    return offered
            day += _DAY
        return None

    def slot(self, day: date, from_minute: int, to_minute: int) -> OfferedSlot | None:
        """Give one slot, None when it is not offered."""
        if not self.first_day <= day <= self.last_day:
            return None
        for offered in self._slots_of(day):
            if offered.key.from_minute == from_minute and offered.key.to_minute == to_minute:
                return offered
        return None

    def _slots_of(self, day: date) -> list[OfferedSlot]:
        place = self.place
        if not self.calendar.works(day):
            return []
        earliest = self.first_minute if day == self.first_day else 0
        if isinstance(place, LogisticPoint):
            hours = place.hours[day.weekday()]
            if hours is None or hours.to_minute <= earliest or place.daily_capacity == 0:
                return []
            key = SlotKey(PlaceKind.POINT, place.id, day, *WHOLE_DAY)
            return [OfferedSlot(key, place.daily_capacity)]
        return [
            OfferedSlot(SlotKey(PlaceKind.ZONE, place.id, day, opens, closes), capacity)
            for opens, closes, capacity in place.week[day.weekday()]
            if opens >= earliest and capacity > 0
        ]


def delivery_window(
    network: Network,
    warehouse_id: int,
    place_kind: PlaceKind,
    place_id: int,
    *,
    now: datetime,
    days_ahead: int,
) -> DeliveryWindow | None:
    """Tell when a place can be reached from a warehouse by an order placed now.

    The promise reckons with the longest transit of the lane. The last day lies `days_ahead`
    days after the day of the order on the warehouse's clock. None when warehouse or place is
    unknown, when no way leads there, or when nothing arrives in time.
    """
    place = (network.points if place_kind is PlaceKind.POINT else network.zones).get(place_id)
    warehouse = network.warehouses.get(warehouse_id)
    if place is None or warehouse is None:
        return None
    leaving = shipping(network, warehouse, now)
    transit_days = _transit_days(network, warehouse_id, place)
    if leaving is None or transit_days is None:
        return None
    first_day, first_minute = _arrival(network, leaving, transit_days, place.time_zone)
    last_day = leaving.order_day + timedelta(days=days_ahead)
    if first_day > last_day:
        return None
    calendar = (network.point_days if place_kind is PlaceKind.POINT else network.zone_days)[
        place_id
    ]
    return DeliveryWindow(place, calendar, first_day, first_minute, last_day)


def offered_slots(
    network: Network,
    warehouse_id: int,
    place_kind: PlaceKind,
    place_id: int,
    *,
    now: datetime,
    days_ahead: int,
) -> tuple[OfferedSlot, ...]:
    """Give every slot that an order placed now may ask for, earliest first."""
    window = delivery_window(
        network, warehouse_id, place_kind, place_id, now=now, days_ahead=days_ahead
    )
    return () if window is None else window.slots()


def find_offered(
    network: Network, warehouse_id: int, asked: SlotKey, *, now: datetime, days_ahead: int
) -> OfferedSlot | None:
    """Give the slot asked for if it is among `offered_slots`, without making them all."""
    window = delivery_window(
        network, warehouse_id, asked.place_kind, asked.place_id, now=now, days_ahead=days_ahead
    )
    return None if window is None else window.slot(asked.day, asked.from_minute, asked.to_minute)


def fits_point(point: LogisticPoint, items: tuple[Sized, ...] | list[Sized]) -> bool:
    """Tell whether a logistic point takes every one of these items."""
    return point.limits.fit_all(items)


def _transit_days(
    network: Network, warehouse_id: int, place: LogisticPoint | CourierZone
) -> int | None:
    if isinstance(place, LogisticPoint):
        lane = lane_between(network, warehouse_id, place.address.region_id)
        return None if lane is None else lane.transit_days_max
    longest = 0
    for region_id in network.zone_anchors[place.id]:
        lane = lane_between(network, warehouse_id, region_id)
        if lane is None:
            return None
        longest = max(longest, lane.transit_days_max)
    return longest


def _arrival(
    network: Network, leaving: Shipping, transit_days: int, time_zone: str
) -> tuple[date, int]:
    # Transit is counted in days of the calendar. Where the clock of the place is ahead, the
    # parcel may leave when that day is already under way or over: it arrives no earlier.
    first_day = leaving.ship_day + timedelta(days=transit_days)
    left = leaving.leaves_at.astimezone(network.clocks[time_zone])
    if left.date() < first_day:
        return first_day, 0
    return left.date(), left.hour * 60 + left.minute
