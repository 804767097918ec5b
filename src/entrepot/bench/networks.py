"""The demo world's network, many times as large: what it has, once more under other names."""

from collections.abc import Iterator

import msgspec

from entrepot.contract.enums import RegionType
from entrepot.domain.network import (
    CourierZone,
    Lane,
    LogisticPoint,
    NetworkDescription,
    PointAddress,
    Warehouse,
)
from entrepot.domain.regions import Region

_APART = 10_000_000  # between the ids of two copies; the demo world's are below
_SHARED = frozenset({RegionType.CONTINENT, RegionType.COUNTRY})
_SYLLABLES = ("ба", "ви", "го", "ду", "жо", "зи", "ка", "лу", "мо", "ни")


def multiplied(described: NetworkDescription, times: int) -> NetworkDescription:
    """Give a network so many times as large.

    Regions, warehouses, points, zones and lanes are copied; continents, countries and calendars are
    shared.
    Each copy's names begin with syllables of their own, so that no address of one means another.
    The first copy is the network itself, and its warehouses send to all the others, too.
    """
    copies = [_Copy(described, number) for number in range(times)]
    return NetworkDescription(
        regions=tuple(each for copy in copies for each in copy.regions()),
        calendars=described.calendars,
        warehouses=tuple(each for copy in copies for each in copy.warehouses()),
        points=tuple(each for copy in copies for each in copy.points()),
        zones=tuple(each for copy in copies for each in copy.zones()),
        lanes=tuple(each for copy in copies for each in copy.lanes()),
    )


class _Copy:
    """A copy of a network; number 0 is the network itself."""

    def __init__(self, described: NetworkDescription, number: int) -> None:
        self.described = described
        self.offset = number * _APART
        self.prefix = "".join(_SYLLABLES[int(digit)] for digit in str(number)).capitalize()
        self.shared = {each.id for each in described.regions if each.type in _SHARED}

    def region_id(self, region_id: int) -> int:
        return region_id if region_id in self.shared else region_id + self.offset

    def name(self, name: str) -> str:
        return f"{self.prefix}{name.lower()}"

    def regions(self) -> Iterator[Region]:
        if not self.offset:
            yield from self.described.regions
            return
        for each in self.described.regions:
            if each.id in self.shared:
                continue
            yield msgspec.structs.replace(
                each,
                id=self.region_id(each.id),
                parent_id=None if each.parent_id is None else self.region_id(each.parent_id),
                name=self.name(each.name),
                aliases=tuple(map(self.name, each.aliases)),
            )

    def warehouses(self) -> Iterator[Warehouse]:
        for each in self.described.warehouses:
            yield msgspec.structs.replace(
                each, id=each.id + self.offset, region_id=self.region_id(each.region_id)
            )

    def points(self) -> Iterator[LogisticPoint]:
        for each in self.described.points:
            address: PointAddress = msgspec.structs.replace(
                each.address, region_id=self.region_id(each.address.region_id)
            )
            yield msgspec.structs.replace(each, id=each.id + self.offset, address=address)

    def zones(self) -> Iterator[CourierZone]:
        for each in self.described.zones:
            yield msgspec.structs.replace(
                each,
                id=each.id + self.offset,
                region_ids=tuple(map(self.region_id, each.region_ids)),
            )

    def lanes(self) -> Iterator[Lane]:
        for each in self.described.lanes:
            there = self.region_id(each.region_id)
            yield msgspec.structs.replace(
                each, warehouse_id=each.warehouse_id + self.offset, region_id=there
            )
            if self.offset and there != each.region_id:
                yield msgspec.structs.replace(each, region_id=there)
