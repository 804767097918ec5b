"""Which slots of a place a parcel may have that leaves at a certain moment."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import msgspec

from entrepot.domain.delivery.calendar import Calendar
from entrepot.domain.delivery.shipping import Shipping
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
            for opens, closes, capacity in sorted(place.week[day.weekday()])
            if opens >= earliest and capacity > 0
        ]


def delivery_window(
    network: Network,
    place: LogisticPoint | CourierZone,
    leaving: Shipping,
    transit_days: int,
    *,
    now: datetime,
    days_ahead: int,
) -> DeliveryWindow | None:
    """Tell when a place can be reached by a parcel that leaves then and is that long under way.

    The last day lies `days_ahead` days after today on the warehouse's clock. None when nothing
    arrives in time.
    """
    first_day, first_minute = _arrival(network, leaving, transit_days, place.time_zone, now)
    last_day = leaving.order_day + timedelta(days=days_ahead)
    if first_day > last_day:
        return None
    days = network.point_days if isinstance(place, LogisticPoint) else network.zone_days
    return DeliveryWindow(place, days[place.id], first_day, first_minute, last_day)


def slot_room(network: Network, key: SlotKey) -> int:
    """Give the capacity of a slot; 0 when the network has no such slot any more."""
    if key.place_kind is PlaceKind.POINT:
        point = network.points.get(key.place_id)
        return 0 if point is None else point.daily_capacity
    zone = network.zones.get(key.place_id)
    if zone is None:
        return 0
    for opens, closes, capacity in zone.week[key.day.weekday()]:
        if (opens, closes) == (key.from_minute, key.to_minute):
            return capacity
    return 0


def _arrival(
    network: Network, leaving: Shipping, transit_days: int, time_zone: str, now: datetime
) -> tuple[date, int]:
    # Transit is counted in days of the calendar. Where the clock of the place is ahead, the
    # parcel may leave when that day is already under way or over: it arrives no earlier. What
    # is under way longer than promised arrives no earlier than now.
    first_day = leaving.ship_day + timedelta(days=transit_days)
    possible = max(leaving.leaves_at, now).astimezone(network.clocks[time_zone])
    if possible.date() < first_day:
        return first_day, 0
    return possible.date(), possible.hour * 60 + possible.minute
