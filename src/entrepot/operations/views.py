"""How the contract shows what several operations speak of: regions, coordinates, intervals."""

from datetime import date

from entrepot.contract.dates import clock_text
from entrepot.contract.enums import RegionType
from entrepot.domain.delivery.slot import SlotKey
from entrepot.domain.network import Network
from entrepot.domain.regions import Region
from entrepot.operations.wire import Answer, ClockText, Request


class RegionDTO(Answer):
    """A region, and the one it lies in, up to the country."""

    id: int
    name: str
    type: RegionType
    parent: "RegionDTO | None" = None


class GpsDTO(Answer):
    """Coordinates in degrees."""

    latitude: float
    longitude: float


class DeliveryDateIntervalDTO(Request):
    """Days of delivery; options are single days, so both are the same."""

    fromDate: date
    toDate: date


class TimeIntervalDTO(Request):
    """Times of a courier's visit on the clock of the address."""

    fromTime: ClockText
    toTime: ClockText


def show_region(network: Network, region_id: int) -> RegionDTO | None:
    """Show a region with those above it up to the country; None when it is not known any more."""
    shown: list[Region] = []
    for region in network.regions.chain(region_id):
        shown.append(region)
        if region.type is RegionType.COUNTRY:
            break
    parent: RegionDTO | None = None
    for region in reversed(shown):
        parent = RegionDTO(id=region.id, name=region.name, type=region.type, parent=parent)
    return parent


def show_day(slot: SlotKey) -> DeliveryDateIntervalDTO:
    """Show the day of a slot."""
    return DeliveryDateIntervalDTO(fromDate=slot.day, toDate=slot.day)


def show_times(slot: SlotKey) -> TimeIntervalDTO:
    """Show when on its day a courier comes."""
    return TimeIntervalDTO(fromTime=clock_text(slot.from_minute), toTime=clock_text(slot.to_minute))
