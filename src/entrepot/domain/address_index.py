"""Names of regions as addresses write them, for `address.resolve_address`."""

from collections.abc import Iterable
from functools import cache

import msgspec

from entrepot.contract.enums import RegionType
from entrepot.domain.address_known import (
    DOUBTFUL_SPELLINGS,
    ELSEWHERE_SUBJECTS,
    ELSEWHERE_TOWNS,
    SHARED_SPELLINGS,
    SUBJECT_SPELLINGS,
    TOWN_SPELLINGS,
    WORDS,
)
from entrepot.domain.address_near import NearNames, near_names
from entrepot.domain.address_words import BREAK, MARKERS, look_up_key, sound, words_of
from entrepot.domain.regions import Region, RegionTree, folded

# A metro station or an unknown kind of place says nothing about where a parcel goes.
_UNNAMED = frozenset({RegionType.SUBWAY_STATION, RegionType.OTHER, RegionType.CONTINENT})
_SUBJECTS = frozenset({RegionType.REGION, RegionType.REPUBLIC, RegionType.COUNTRY})
_GENERIC = frozenset({"область", "край", "республика", "район", "округ"})
_ALONE = frozenset({"республика"})  # Татарстан is a name without its generic word
_PHRASE_WORDS_MAX = 8
# No country has so many villages of one name; what comes after them is not found.
NAMESAKES_MAX = 2_000
_POSTCODE_DIGITS = range(3, 7)
_ENGLISH_ENDS = ("ская", "ский", "цкая", "цкий")

# What a mistyped word may have been meant for, and is no place: it is only kept apart.
_MARKER_LETTERS_MIN = 5
NO_PLACES = frozenset(
    {word for word in (*WORDS, *MARKERS) if len(word) >= _MARKER_LETTERS_MIN or word in WORDS}
)


class AddressIndex(msgspec.Struct, frozen=True):
    """Phrases (words joined by blanks) to region ids; longest phrase by its first word.

    A phrase without ids is a place that exists but lies outside of the operator's regions.
    """

    phrases: dict[str, tuple[int, ...]]
    longest: dict[str, int]
    shared: set[str]  # phrases that other places are called by as well
    doubtful: dict[str, tuple[int, ...]]  # read only where nothing else makes sense
    subjects: dict[str, tuple[int, ...]]  # first words of области and края, for abbreviations
    postcodes: dict[str, tuple[int, ...]]  # by their first three to six digits
    near: NearNames

    def near_phrases(self, word: str) -> list[str]:
        """Give what a mistyped word may have been meant for: of the regions, and of the rest."""
        found: dict[str, None] = {}
        for names in (self.near, _known_names()):
            for name in names.within(word):
                found |= dict.fromkeys(names.phrases[name])
        return list(found)


def index_addresses(tree: RegionTree) -> AddressIndex:
    """Index every spelling of every region."""
    index = AddressIndex({}, {}, set(), {}, {}, {}, near_names(()))
    russian: set[str] = set()
    for region in tree.by_id.values():
        if region.type not in _UNNAMED:
            _index_region(index, region, russian)
    for phrase in _known_phrases():
        if index.phrases.setdefault(" ".join(phrase), ()) == ():
            _lengthen(index.longest, phrase)
    return msgspec.structs.replace(index, near=near_names(sorted(russian)))


@cache
def _known_phrases() -> tuple[tuple[str, ...], ...]:
    """Give the places that exist whether or not an operator serves them."""
    names = (*ELSEWHERE_TOWNS, *ELSEWHERE_SUBJECTS)
    return tuple(phrase for name in names for phrase in _phrases(_orders(_plain(name))))


@cache
def _known_names() -> NearNames:
    names = {" ".join(_plain(name)) for name in (*ELSEWHERE_TOWNS, *ELSEWHERE_SUBJECTS)}
    return near_names(sorted(names | NO_PLACES))


def _index_region(index: AddressIndex, region: Region, russian: set[str]) -> None:
    names = (region.name, *region.aliases)
    for name in _all_spellings(region, names):
        if name.isdigit():
            if len(name) in _POSTCODE_DIGITS:
                _add(index.postcodes, name, region.id)
            continue
        words = _plain(name)
        orders = _orders(words)
        for phrase in _phrases(orders):
            _add(index.phrases, " ".join(phrase), region.id)
            _lengthen(index.longest, phrase)
        if name in names:  # shortened names are near to too much
            russian.update(" ".join(order) for order in orders)
        written = " ".join(words)
        if region.type in _SUBJECTS and written.endswith((" область", " край")):
            _add(index.subjects, written, region.id)
    for name in names:
        _index_shared(index, region, name)
        for spelling in DOUBTFUL_SPELLINGS.get(folded(name), ()):
            _add(index.doubtful, " ".join(words_of(spelling)), region.id)


def _index_shared(index: AddressIndex, region: Region, name: str) -> None:
    if region.type is RegionType.CITY:
        for spelling in SHARED_SPELLINGS.get(folded(name), ()):
            for key in (spelling, sound(spelling)):
                _add(index.phrases, key, region.id)
                _lengthen(index.longest, (key,))
                index.shared.add(key)


def _all_spellings(region: Region, names: Iterable[str]) -> Iterable[str]:
    """Give names and aliases of a region, and what people call it besides."""
    further = (
        TOWN_SPELLINGS
        if region.type is RegionType.CITY
        else SUBJECT_SPELLINGS
        if region.type in _SUBJECTS
        else {}
    )
    found = dict.fromkeys(names)
    if further:
        for name in names:
            plain = folded(name)
            found.update(dict.fromkeys(further.get(plain, ())))
            first, _, generic = plain.partition(" ")
            if first.endswith(_ENGLISH_ENDS) and generic in ("область", "край"):
                found[f"{sound(first[:-2])} {generic}"] = None  # Murmansk oblast
    return found


def _add(found: dict[str, tuple[int, ...]], key: str, region_id: int) -> None:
    ids = found.get(key, ())
    # Regions come one after the other: only the last can be the same.
    if (not ids or ids[-1] != region_id) and len(ids) < NAMESAKES_MAX:
        found[key] = (*ids, region_id)


def _lengthen(longest: dict[str, int], phrase: tuple[str, ...]) -> None:
    if longest.get(phrase[0], 0) < len(phrase):
        longest[phrase[0]] = len(phrase)


def _plain(name: str) -> tuple[str, ...]:
    return tuple(word for word in words_of(name) if word != BREAK)[:_PHRASE_WORDS_MAX]


def _phrases(orders: Iterable[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Give a name, in the orders in which its words may come, as it is looked up."""
    found: set[tuple[str, ...]] = set()
    for words in orders:
        found.add(tuple(map(look_up_key, words)))
        found.add(tuple(word if word in _GENERIC else sound(word) for word in words))
    return found


def _orders(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    # Московская область and область Московская; Республика Татарстан, Татарстан респ., Татарстан.
    if not words:
        return []
    orders = [words]
    if len(words) > 1 and words[-1] in _GENERIC:
        orders.append((words[-1], *words[:-1]))
        if words[-1] in _ALONE:
            orders.append(words[:-1])
    elif len(words) > 1 and words[0] in _GENERIC:
        orders.append((*words[1:], words[0]))
        if words[0] in _ALONE:
            orders.append(words[1:])
    return orders
