"""From one free line to a region, offline: `resolve_address`.

A line is read as a row of mentions (names that the tree of regions knows), markers (г., обл.,
ул.), words, numbers and breaks. Markers decide what a name beside them is; what names a street,
a district of a town or a house is set aside. Then the settlement is sought that agrees with
everything else the line says. Where nothing or more than one thing agrees, the line is read once
more for mistyped and shortened names. If there is still no single answer it is `Unresolved`: a
parcel sent to the wrong town costs more than a question asked.
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from entrepot.contract.enums import RegionType
from entrepot.domain.address_known import LARGE_TOWNS
from entrepot.domain.address_pieces import SETTLEMENTS, Mention, Reading
from entrepot.domain.address_reading import apply_markers, read_exactly, read_nearly
from entrepot.domain.address_words import cut
from entrepot.domain.network import Network
from entrepot.domain.regions import Region, RegionTree, folded

_COUNTRIES = frozenset({RegionType.COUNTRY, RegionType.COUNTRY_DISTRICT})
_ABOVE_DISTRICTS = _COUNTRIES | {RegionType.REGION, RegionType.REPUBLIC}
_DISTRICTS = frozenset({RegionType.REPUBLIC_AREA, RegionType.CITY_DISTRICT})
_STEM_LETTERS = 5  # of Минск in Минская область
# An address names a handful of places. These keep the work on a hostile line below some
# milliseconds: more names, or more places that they may mean, are no address.
_MENTIONS_MAX = 24
_CANDIDATES_MAX = 4_000


class Resolved(msgspec.Struct, frozen=True):
    """The settlement that a line names."""

    region_id: int


class Why(StrEnum):
    """Why a line could not be resolved."""

    UNKNOWN = "UNKNOWN"
    AMBIGUOUS = "AMBIGUOUS"
    CONTRADICTORY = "CONTRADICTORY"


class Unresolved(msgspec.Struct, frozen=True):
    """No settlement, or no single one, agrees with the line."""

    why: Why


def resolve_address(network: Network, text: str) -> Resolved | Unresolved:
    """Find the settlement that an address names.

    Russian or Latin spelling, usual abbreviations, any letter case, ё or е, with commas or
    without, parents in any order, small typing errors.
    """
    line = cut(text)
    exact = read_exactly(network.addresses, network.regions, line)
    answer = _resolve(network.regions, exact)
    if (
        isinstance(answer, Resolved)
        and not exact.doubtful
        and not _may_lie_in(network.regions, answer.region_id, exact)
    ):
        return answer
    near = _resolve(network.regions, read_nearly(network.addresses, network.regions, line))
    # Why an answer is owed is better told of what was written than of what it may be near to.
    return near if isinstance(near, Resolved) or isinstance(answer, Resolved) else answer


def _may_lie_in(tree: RegionTree, region_id: int, reading: Reading) -> bool:
    """Tell whether a word may be the mistyped name of a place within the one that was found."""
    return any(region.type in SETTLEMENTS for region in tree.children.get(region_id, ())) and any(
        reading.unknown_place(at) for at in range(len(reading.pieces))
    )


def _resolve(tree: RegionTree, reading: Reading) -> Resolved | Unresolved:
    apply_markers(reading)
    if reading.unknown_settlement or reading.unknown_subject:
        return Unresolved(Why.UNKNOWN)
    mentions = reading.mentions()
    if (
        len(mentions) > _MENTIONS_MAX
        or sum(len(mention.regions) for mention in mentions) > _CANDIDATES_MAX
    ):
        return Unresolved(Why.AMBIGUOUS)
    return _Decision(tree, reading, mentions).answer()


class _Candidate(msgspec.Struct, frozen=True, gc=False):
    """A settlement that agrees with the line; `named_by` are the mentions that it explains."""

    above: tuple[Region, ...]
    source: Mention
    named_by: int


class _Decision(msgspec.Struct):
    """One line's search. Sets of mentions are bits of a number."""

    tree: RegionTree
    reading: Reading
    mentions: list[Mention]
    naming: dict[int, int] = {}  # by region

    def answer(self) -> Resolved | Unresolved:
        for at, mention in enumerate(self.mentions):
            for region in mention.regions:
                self.naming[region.id] = self.naming.get(region.id, 0) | 1 << at
        seen = False
        best: dict[int, _Candidate] = {}
        most = 1
        for mention in self.mentions:
            if not mention.names_settlement:
                continue
            seen = True
            for candidate in self._candidates(mention):
                explained = candidate.named_by.bit_count()
                if explained > most:
                    best, most = {}, explained
                if explained == most:
                    best[candidate.above[0].id] = candidate
        if best:
            return self._single(best)
        return Unresolved(Why.CONTRADICTORY if seen else Why.UNKNOWN)

    def _single(self, best: dict[int, _Candidate]) -> Resolved | Unresolved:
        if len(best) > 1 and not any(_near_several(each.source) for each in best.values()):
            # Of a town and its own district that explain as much, the nearer one is meant.
            outer = {region.id for each in best.values() for region in each.above[1:]}
            nearest = [each for region_id, each in best.items() if region_id not in outer]
            best = {each.above[0].id: each for each in _dominant(nearest)}
        if len(best) > 1:
            return Unresolved(Why.AMBIGUOUS)
        (candidate,) = best.values()
        if candidate.source.near and not self._may_be_meant(candidate):
            return Unresolved(Why.AMBIGUOUS)
        return Resolved(candidate.above[0].id)

    def _candidates(self, source: Mention) -> Iterable[_Candidate]:
        if source.part or self._rather_street(source):
            return []
        everything = (1 << len(self.mentions)) - 1
        beside: dict[bool, int] = {}
        found: list[_Candidate] = []
        for region in source.regions:
            if region.type not in SETTLEMENTS:
                continue
            above = self.tree.chain(region.id)
            named_by = 0
            for each in above:
                named_by |= self.naming.get(each.id, 0)
            village = region.type is RegionType.VILLAGE
            if village not in beside:
                beside[village] = self._beside(source, region)
            if (named_by | beside[village]) == everything and self._in_its_district(above):
                found.append(_Candidate(above, source, named_by))
        return found

    def _beside(self, source: Mention, target: Region) -> int:
        """Give the mentions that a line may hold and still mean the target."""
        found = 0
        for at, mention in enumerate(self.mentions):
            if self._may_be_beside(mention, source, target):
                found |= 1 << at
        return found

    def _may_be_beside(self, mention: Mention, source: Mention, target: Region) -> bool:
        if mention.loose:
            return True
        if mention.marked or mention.postcode:
            return False
        types = {region.type for region in mention.regions}
        if mention.part and types <= {RegionType.VILLAGE} and types:
            return True  # half of the words are villages somewhere
        if types & _ABOVE_DISTRICTS and not types & SETTLEMENTS:
            return False
        if types and types <= {RegionType.CITY_DISTRICT}:
            return True  # districts of towns are called alike everywhere
        if types and types <= _DISTRICTS:
            return target.type is not RegionType.VILLAGE
        # A street without its marker: Новосибирск, Советская, 5
        return mention.at > source.at and self.reading.house(mention.at + 1)

    def _in_its_district(self, above: tuple[Region, ...]) -> bool:
        """Tell whether the line may name the place, after the district that it names.

        A village of that name, but in a district that the tree does not know, is another one.
        """
        if not self.reading.unknown_district or above[0].type is not RegionType.VILLAGE:
            return True
        districts = [each.id for each in above if each.type is RegionType.REPUBLIC_AREA]
        return not districts or any(each in self.naming for each in districts)

    def _rather_street(self, mention: Mention) -> bool:
        """Tell whether the name is rather a street of a town that the tree does not know.

        Such as the second word of Урюпинск, Мирный, 5.
        """
        if mention.marked or mention.postcode:
            return False
        reading = self.reading
        village = mention.regions and all(
            region.type is RegionType.VILLAGE for region in mention.regions
        )
        if not (village or mention.near or reading.house(mention.at + 1)):
            return False
        return any(self.reading.unknown_place(at) for at in range(mention.at))

    def _may_be_meant(self, candidate: _Candidate) -> bool:
        """Tell whether a mistyped name may decide where a parcel goes."""
        source = candidate.source
        if source.other_form and (source.small or not source.marked):
            return False  # пос. Заречное is not the town Заречный
        if source.far and not _is_large(candidate.above):
            return False  # Березники are not meant by Берёзки
        narrowed = any(
            candidate.named_by >> at & 1 and mention is not source and _narrows(mention)
            for at, mention in enumerate(self.mentions)
        )
        if narrowed:
            return True
        if source.names > 1 or (not source.marked and self.reading.house(source.at + 1)):
            return False
        return source.marked or not any(
            self.reading.unknown_place(at) and not self._before_house(at)
            for at in range(len(self.reading.pieces))
        )

    def _before_house(self, at: int) -> bool:
        reading = self.reading
        while reading.plain(at):
            at += 1
        return reading.house(at)


def _near_several(mention: Mention) -> bool:
    return mention.near and mention.names > 1


def _narrows(mention: Mention) -> bool:
    return any(region.type not in _COUNTRIES for region in mention.regions)


def _dominant(namesakes: list[_Candidate]) -> list[_Candidate]:
    """Choose a large town before villages of its name, unless the line speaks of a village.

    Москва alone is Moscow although villages are called so too; between two towns, or two
    villages, nothing is chosen.
    """
    towns = [each for each in namesakes if _is_large(each.above)]
    others = [each for each in namesakes if each not in towns]
    if (
        len(towns) == 1
        and not towns[0].source.small
        and all(each.above[0].type is RegionType.VILLAGE for each in others)
    ):
        return towns
    return namesakes


def _is_large(above: tuple[Region, ...]) -> bool:
    """Tell whether a place is a large town, or the one that its federal subject is named for."""
    if above[0].type is not RegionType.CITY:
        return False
    name = folded(above[0].name)
    if name in LARGE_TOWNS:
        return True
    return (
        len(above) > 1
        and above[1].type in _ABOVE_DISTRICTS
        and folded(above[1].name).startswith(name[:_STEM_LETTERS])
    )
