"""Names of regions as addresses write them, for `address.resolve_address`."""

import msgspec

from entrepot.contract.enums import RegionType
from entrepot.domain.address_words import BREAK, look_up_key, sound, words_of
from entrepot.domain.regions import Region, RegionTree

# A metro station or an unknown kind of place says nothing about where a parcel goes.
_UNNAMED = frozenset({RegionType.SUBWAY_STATION, RegionType.OTHER, RegionType.CONTINENT})
_GENERIC = frozenset({"область", "край", "республика", "район", "округ"})
_ALONE = frozenset({"республика"})  # Татарстан is a name without its generic word


class AddressIndex(msgspec.Struct, frozen=True):
    """Phrases (words joined by blanks) to region ids; longest phrase by its first word."""

    phrases: dict[str, tuple[int, ...]]
    longest: dict[str, int]


def index_addresses(tree: RegionTree) -> AddressIndex:
    """Index every spelling of every region."""
    gathered: dict[str, tuple[int, ...]] = {}
    longest: dict[str, int] = {}
    for region in tree.by_id.values():
        if region.type in _UNNAMED:
            continue
        for phrase in _phrases(region):
            key = " ".join(phrase)
            ids = gathered.get(key, ())
            if region.id not in ids:
                gathered[key] = (*ids, region.id)
            if longest.get(phrase[0], 0) < len(phrase):
                longest[phrase[0]] = len(phrase)
    return AddressIndex(gathered, longest)


def _phrases(region: Region) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for name in (region.name, *region.aliases):
        words = tuple(word for word in words_of(name) if word != BREAK)
        if words:
            for phrase in _orders(words):
                found.add(tuple(look_up_key(word) for word in phrase))
                found.add(tuple(word if word in _GENERIC else sound(word) for word in phrase))
    return found


def _orders(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    # Московская область and область Московская; Республика Татарстан, Татарстан респ., Татарстан.
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
