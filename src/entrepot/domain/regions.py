"""The tree of regions, from continents down to villages."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Protocol, TypeVar

import msgspec

from entrepot.contract.enums import RegionType

DEPTH_MAX = 16  # the contract's tree is 8 deep; deeper is a cycle or a mistake


class InvalidNetworkError(ValueError):
    """A network that contradicts itself; the message names the first fault."""


class Region(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A place in the tree. Aliases are further spellings that addresses use."""

    id: int
    parent_id: int | None
    name: str
    type: RegionType
    country_code: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    aliases: tuple[str, ...] = ()


class RegionTree(msgspec.Struct, frozen=True):
    """All regions with their indexes; made by `grow`."""

    by_id: dict[int, Region]
    children: dict[int, tuple[Region, ...]]
    by_name: dict[str, tuple[Region, ...]]
    countries: tuple[Region, ...]

    def chain(self, region_id: int) -> tuple[Region, ...]:
        """Give a region and all above it, nearest first; empty when it is unknown."""
        region = self.by_id.get(region_id)
        found: list[Region] = []
        while region is not None:
            found.append(region)
            region = self.by_id.get(region.parent_id) if region.parent_id is not None else None
        return tuple(found)

    def named(self, name: str) -> tuple[Region, ...]:
        """Give the regions of exactly this name; letter case and ё/е do not matter."""
        return self.by_name.get(folded(name), ())

    def coordinates(self, region_id: int) -> tuple[float, float] | None:
        """Give latitude and longitude of a region, or of the nearest above it that has any."""
        for region in self.chain(region_id):
            if region.latitude is not None and region.longitude is not None:
                return region.latitude, region.longitude
        return None


def folded(name: str) -> str:
    """Reduce a name to what is compared: letter case, ё/е and blanks do not count."""
    return " ".join(name.casefold().replace("ё", "е").split())


def grow(regions: Iterable[Region]) -> RegionTree:
    """Make the tree.

    Raises:
        InvalidNetworkError: An id stands twice, a parent is unknown or is its own descendant.
    """
    ordered = by_ascending_id(tuple(regions))
    by_id = {region.id: region for region in ordered}
    if len(by_id) != len(ordered):
        raise InvalidNetworkError("A region id stands twice")
    _check_parents(by_id)
    children: dict[int, list[Region]] = {}
    by_name: dict[str, list[Region]] = {}
    for region in ordered:
        by_name.setdefault(folded(region.name), []).append(region)
        if region.parent_id is not None:
            children.setdefault(region.parent_id, []).append(region)
    for siblings in children.values():
        siblings.sort(key=lambda region: (region.name, region.id))
    countries = [region for region in ordered if region.type is RegionType.COUNTRY]
    return RegionTree(
        by_id,
        {parent: tuple(siblings) for parent, siblings in children.items()},
        {name: tuple(namesakes) for name, namesakes in by_name.items()},
        tuple(sorted(countries, key=lambda region: (region.name, region.id))),
    )


class Identified(Protocol):
    """Anything with an id."""

    @property
    def id(self) -> int: ...


Thing = TypeVar("Thing", bound=Identified)


def by_ascending_id(things: Sequence[Thing]) -> Sequence[Thing]:
    """Sort, unless it is sorted: sorting much at once lets no other thread do anything."""
    if all(lower.id < upper.id for lower, upper in pairwise(things)):
        return things
    return sorted(things, key=attrgetter("id"))


def _check_parents(by_id: dict[int, Region]) -> None:
    # From each region up to the first whose depth is known: no region is climbed over twice.
    depths: dict[int, int] = {}
    for start in by_id.values():
        path: list[int] = []
        above: int | None = start.id
        while above is not None and above not in depths and len(path) <= DEPTH_MAX:
            region = by_id.get(above)
            if region is None:
                raise InvalidNetworkError(f"Region {path[-1]} names an unknown parent {above}")
            path.append(region.id)
            above = region.parent_id
        depth = depths.get(above, 0) if above is not None else 0
        if depth + len(path) > DEPTH_MAX:
            raise InvalidNetworkError(f"Region {start.id} lies deeper than {DEPTH_MAX} levels")
        for region_id in reversed(path):
            depth += 1
            depths[region_id] = depth
