"""From one free line to a region, offline: `resolve_address`.

A line is read as a row of mentions (names that the tree of regions knows), markers (г., обл.,
ул.), words, numbers and breaks. Markers decide what a name beside them is; what names a street,
a district of a town or a house is set aside. Then the settlement is sought that agrees with
everything else the line says. Where nothing or more than one thing agrees, the answer is
`Unresolved`: a parcel sent to the wrong town costs more than a question asked.
"""

from enum import StrEnum

import msgspec

from entrepot.contract.enums import RegionType
from entrepot.domain.address_index import AddressIndex
from entrepot.domain.address_words import (
    BREAK,
    MARKERS,
    Marker,
    Sense,
    is_number,
    look_up_key,
    words_of,
)
from entrepot.domain.network import Network
from entrepot.domain.regions import Region, RegionTree

_SETTLEMENTS = frozenset({RegionType.CITY, RegionType.VILLAGE, RegionType.CITY_DISTRICT})
_ABOVE_DISTRICTS = frozenset(
    {RegionType.COUNTRY, RegionType.COUNTRY_DISTRICT, RegionType.REGION, RegionType.REPUBLIC}
)
_POSTCODE_DIGITS = 6
_SET_ASIDE = "-"  # in the place of a mention that a marker showed to be no settlement
_NAME_LETTERS_MIN = 3  # after a lone letter (с., д., п.) a shorter word is part of a house number


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


class _Mention(msgspec.Struct):
    at: int
    regions: tuple[Region, ...]
    marked: bool = False  # a marker says that it is a settlement
    loose: bool = False  # named by an okrug: may lie beside the settlement


class _Reading(msgspec.Struct):
    """A line in pieces: a mention, a marker, or the word itself (numbers and breaks too)."""

    pieces: list[_Mention | Marker | str]
    unknown_settlement: bool = False
    unknown_subject: bool = False
    unknown_district: bool = False

    def mention(self, at: int) -> _Mention | None:
        piece = self.pieces[at] if 0 <= at < len(self.pieces) else None
        return piece if isinstance(piece, _Mention) else None

    def names(self, at: int) -> bool:
        """Tell whether a mention or a plain word stands there."""
        if not 0 <= at < len(self.pieces):
            return False
        piece = self.pieces[at]
        if isinstance(piece, str):
            return piece not in (BREAK, _SET_ASIDE) and not is_number(piece)
        return isinstance(piece, _Mention)

    def number(self, at: int) -> bool:
        piece = self.pieces[at] if 0 <= at < len(self.pieces) else None
        return isinstance(piece, str) and is_number(piece)

    def ends(self, at: int) -> bool:
        return not 0 <= at < len(self.pieces) or self.pieces[at] == BREAK

    def drop(self, at: int) -> None:
        if self.mention(at) is not None:
            self.pieces[at] = _SET_ASIDE


def resolve_address(network: Network, text: str) -> Resolved | Unresolved:
    """Find the settlement that an address names.

    Russian or Latin spelling, usual abbreviations, any letter case, ё or е, with commas or
    without, parents in any order.
    """
    reading = _read(network.addresses, network.regions, text)
    for at, piece in enumerate(reading.pieces):
        if isinstance(piece, Marker):
            _apply(reading, at, piece)
    if reading.unknown_settlement or reading.unknown_subject:
        return Unresolved(Why.UNKNOWN)
    mentions = [piece for piece in reading.pieces if isinstance(piece, _Mention)]
    return _decide(network.regions, reading, mentions)


def _read(index: AddressIndex, tree: RegionTree, text: str) -> _Reading:
    words = words_of(text)
    keys = [look_up_key(word) for word in words]
    pieces: list[_Mention | Marker | str] = []
    at = 0
    while at < len(words):
        for length in range(min(index.longest.get(keys[at], 0), len(words) - at), 0, -1):
            ids = index.phrases.get(" ".join(keys[at : at + length]))
            if ids is not None:
                regions = tuple(tree.by_id[region_id] for region_id in ids)
                pieces.append(_Mention(len(pieces), regions))
                at += length
                break
        else:
            pieces.append(MARKERS.get(words[at], words[at]))
            at += 1
    return _Reading(pieces)


def _apply(reading: _Reading, at: int, marker: Marker) -> None:
    if marker.sense is Sense.SETTLEMENT:
        _apply_settlement(reading, at, marker)
    elif marker.sense is Sense.STREET:
        _apply_street(reading, at)
    elif marker.sense is Sense.DISTRICT:
        reading.unknown_district = True
        reading.drop(at - 1 if reading.names(at - 1) else at + 1)
    elif marker.sense is Sense.OKRUG:
        beside = reading.mention(at + 1) or reading.mention(at - 1)
        if beside is not None:
            beside.loose = True
    elif marker.sense is Sense.SUBJECT:
        reading.unknown_subject = True


def _apply_settlement(reading: _Reading, at: int, marker: Marker) -> None:
    before, after = reading.mention(at - 1), reading.mention(at + 1)
    if after is not None:
        _mark(reading, after, marker)
    elif before is not None and not before.marked and _agrees(before, marker):
        if not (marker.short and reading.number(at + 1)):  # Москва д 5: a house
            _mark(reading, before, marker)
    elif _names_unknown(reading, at, marker):
        reading.unknown_settlement = True


def _names_unknown(reading: _Reading, at: int, marker: Marker) -> bool:
    """Tell whether the marker stands with a name that the tree does not know."""
    beside = [at + 1] if reading.names(at + 1) else [at - 1] if reading.ends(at + 1) else []
    for place in beside:
        piece = reading.pieces[place] if place >= 0 else BREAK
        if isinstance(piece, str) and piece not in (BREAK, _SET_ASIDE) and not is_number(piece):
            return not marker.short or len(piece) >= _NAME_LETTERS_MIN
    return not marker.short and marker.types != MARKERS["г"].types and reading.number(at + 1)


def _agrees(mention: _Mention, marker: Marker) -> bool:
    return any(region.type in marker.types for region in mention.regions)


def _mark(reading: _Reading, mention: _Mention, marker: Marker) -> None:
    """Keep of a mention what the marker allows; a name of another kind is an unknown place."""
    fitting = tuple(region for region in mention.regions if region.type in marker.types)
    if fitting:
        mention.regions, mention.marked = fitting, True
    elif not mention.marked:
        reading.unknown_settlement = True


def _apply_street(reading: _Reading, at: int) -> None:
    """Set aside the name that a street marker stands with, before it or after it."""
    follows = reading.names(at + 1) or (
        # ул. 8 Марта, but Мира ул. 5 к. 2
        reading.number(at + 1) and reading.names(at + 2) and not _is_letter(reading, at + 2)
    )
    if not follows:
        reading.drop(at - 1)
        return
    place = at + 1
    while not reading.ends(place) and not isinstance(reading.pieces[place], Marker):
        if reading.number(place) and place > at + 1:
            return  # the house: what comes after it is no part of the street
        reading.drop(place)
        place += 1


def _is_letter(reading: _Reading, at: int) -> bool:
    piece = reading.pieces[at]
    return isinstance(piece, str) and len(piece) == 1


def _decide(tree: RegionTree, reading: _Reading, mentions: list[_Mention]) -> Resolved | Unresolved:
    best: dict[int, tuple[Region, ...]] = {}
    most, seen = 1, False
    for mention in mentions:
        for region in mention.regions:
            if region.type not in _SETTLEMENTS:
                continue
            seen = True
            above = tree.chain(region.id)
            explained = _explained(above, reading, mentions, mention)
            if explained > most:
                best, most = {}, explained
            if explained == most:
                best[region.id] = above
    # Of a town and its own district or suburb that explain as much, the nearer one is meant.
    outer = {region.id for above in best.values() for region in above[1:]}
    nearest = [above[0] for region_id, above in best.items() if region_id not in outer]
    if len(nearest) > 1:
        nearest = _dominant(tree, nearest)
    if len(nearest) == 1:
        return Resolved(nearest[0].id)
    if nearest:
        return Unresolved(Why.AMBIGUOUS)
    return Unresolved(Why.CONTRADICTORY if seen else Why.UNKNOWN)


def _explained(
    above: tuple[Region, ...], reading: _Reading, mentions: list[_Mention], source: _Mention
) -> int:
    """Count the mentions that agree with a settlement; 0 when one speaks against it.

    `above` is the settlement and all that it lies in, `source` the mention that names it.
    """
    target = above[0]
    if _follows_unknown_name(reading, source):
        return 0
    chain = {region.id for region in above}
    explained = 0
    for mention in mentions:
        if any(region.id in chain for region in mention.regions):
            explained += 1
        elif not _may_be_beside(reading, mention, source, target):
            return 0
    if reading.unknown_district and target.type is RegionType.VILLAGE:
        districts = {each.id for each in above if each.type is RegionType.REPUBLIC_AREA}
        named = {region.id for mention in mentions for region in mention.regions}
        if districts and not districts & named:
            return 0  # a village of that name, but in a district that the tree does not know
    return explained


def _may_be_beside(reading: _Reading, mention: _Mention, source: _Mention, target: Region) -> bool:
    """Tell whether a line may hold this mention and still mean the target."""
    if mention.loose:
        return True
    if mention.marked:
        return False
    types = {region.type for region in mention.regions}
    if types & _ABOVE_DISTRICTS and not types & _SETTLEMENTS:
        return False
    if types <= {RegionType.CITY_DISTRICT}:
        return True  # districts of towns are called alike everywhere
    if types <= {RegionType.REPUBLIC_AREA, RegionType.CITY_DISTRICT}:
        return target.type is not RegionType.VILLAGE
    # A street without its marker: Новосибирск, Советская, 5
    return mention.at > source.at and _reads_as_street(reading, mention)


def _follows_unknown_name(reading: _Reading, mention: _Mention) -> bool:
    """Tell whether the name is rather a street of a town that the tree does not know.

    Such as the second word of Урюпинск, Мирный, 5.
    """
    if mention.marked or not _reads_as_street(reading, mention):
        return False
    pieces = reading.pieces
    return any(
        reading.names(at)
        and reading.mention(at) is None
        and not reading.number(at + 1)
        and not isinstance(pieces[at + 1], Marker)
        and not (at and isinstance(pieces[at - 1], Marker))
        for at in range(mention.at)
    )


def _reads_as_street(reading: _Reading, mention: _Mention) -> bool:
    """Tell whether a house number comes after the name."""
    after = mention.at + 1
    if after < len(reading.pieces) and reading.pieces[after] == BREAK:
        after += 1
    return _is_house(reading, after)


def _is_house(reading: _Reading, at: int) -> bool:
    piece = reading.pieces[at] if at < len(reading.pieces) else None
    if isinstance(piece, Marker):
        return piece.sense is Sense.HOUSE or piece.short
    return isinstance(piece, str) and is_number(piece) and len(piece) < _POSTCODE_DIGITS


def _dominant(tree: RegionTree, namesakes: list[Region]) -> list[Region]:
    """Choose the town that stands directly under its federal subject before villages.

    Москва alone is Moscow although villages are called so too; between two towns, or two
    villages, nothing is chosen.
    """
    towns = [
        region
        for region in namesakes
        if region.type is RegionType.CITY
        and region.parent_id is not None
        and tree.by_id[region.parent_id].type in _ABOVE_DISTRICTS
    ]
    others = [region for region in namesakes if region not in towns]
    if len(towns) == 1 and all(region.type is RegionType.VILLAGE for region in others):
        return towns
    return namesakes
