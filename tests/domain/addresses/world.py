"""Regions of Russia for the corpus: more than the demo world's, with many namesakes.

Ids are given in order of appearance. A region is named by a label: its name, and where that is
not enough, `name < name of something above it`.
"""

from pathlib import Path

from entrepot.contract.enums import RegionType
from entrepot.domain.network import Network, NetworkDescription
from entrepot.domain.network_build import build_network
from entrepot.domain.regions import Region

_CITIES = ("Москва", "Санкт-Петербург", "Севастополь")  # federal: subject and town in one


def _parts(text: str) -> list[str]:
    found, depth, part = [], 0, ""
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            found.append(part.strip())
            part = ""
        else:
            part += letter
    return [*found, part.strip()] if part.strip() else found


RUSSIA = 1


class _World:
    def __init__(self) -> None:
        self.regions: list[Region] = []

    def add(self, parent: int | None, name: str, type_: RegionType) -> int:
        name, _, alias = name.partition("=")
        region_id = len(self.regions) + 1
        aliases = (alias,) if alias else ()
        self.regions.append(Region(region_id, parent, name, type_, aliases=aliases))
        return region_id


def large_network() -> Network:
    """Build the network."""
    world = _World()
    russia = world.add(None, "Россия", RegionType.COUNTRY)
    world.add(None, "Казахстан", RegionType.COUNTRY)
    for line in (Path(__file__).parent / "regions.txt").read_text("utf-8").splitlines()[1:]:
        subject, _, rest = line.partition(": ")
        towns, _, districts = rest.partition(" | ")
        federal = subject in _CITIES
        above = world.add(russia, subject, RegionType.CITY if federal else RegionType.REGION)
        for town in _parts(towns):
            world.add(above, town, RegionType.CITY)
        for district in _parts(districts):
            name, _, villages = district.rstrip(")").partition(" (")
            area = world.add(above, name, RegionType.REPUBLIC_AREA)
            for village in _parts(villages):
                world.add(area, village, RegionType.VILLAGE)
    return build_network(1, NetworkDescription(regions=tuple(world.regions)))


def labelled(network: Network, label: str) -> Region:
    """Find the one region of a label."""
    name, *above = (part.strip() for part in label.split("<"))
    found = [
        region
        for region in network.regions.named(name)
        if all(
            any(each.name == one for each in network.regions.chain(region.id)[1:]) for one in above
        )
    ]
    if above and len(found) > 1:  # the nearest of them
        nearest = [
            region for region in found if network.regions.chain(region.id)[1].name == above[0]
        ]
        found = nearest or found
    if not above and len(found) > 1:  # of Москва and a village of that name, the federal city
        found = [region for region in found if region.parent_id == RUSSIA]
    assert len(found) == 1, f"{label} labels {len(found)} regions"
    return found[0]
