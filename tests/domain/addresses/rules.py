"""Addresses made by rules: every settlement of a network in every form that the rules know.

The rules know nothing of how addresses are read: they are the forms of post offices, registers,
shops and hurried people, in both scripts, and the slips of fingers.
"""

import random
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from entrepot.contract.enums import RegionType
from entrepot.domain.network import Network
from entrepot.domain.regions import Region, RegionTree

_SUBJECTS = (RegionType.REGION, RegionType.REPUBLIC)
_LETTERS = "абвгдежзиклмнопрстуфхцчшщыэюя"
_MISTYPED_LETTERS_MIN = 6  # a slip in a shorter name may well be another name
_STREETS = (
    "ул. Ленина, д. 5",
    "пр-т Мира, 12, кв. 4",
    "Гагарина ул, дом 3",
    "Садовая 7",
    "ул. 8 Марта, д. 14, корп. 2",
    "пер. Школьный, 1",
)
_LATIN_STREETS = ("ul. Lenina, 5", "Mira street 12, apt. 4", "Sadovaya 7")


class Written(NamedTuple):
    """An address, the rule by which it was made, and the region that it means."""

    rule: str
    text: str
    region_id: int


class _Place(NamedTuple):
    region: Region
    subject: str
    district: str | None


def _places(tree: RegionTree) -> Iterator[_Place]:
    """Give the settlements that lie in a subject which is not a town itself."""
    for region in tree.by_id.values():
        if region.type not in (RegionType.CITY, RegionType.VILLAGE):
            continue
        above = tree.chain(region.id)[1:]
        subject = next((each.name for each in above if each.type in _SUBJECTS), None)
        district = next((x.name for x in above if x.type is RegionType.REPUBLIC_AREA), None)
        if subject is not None:
            yield _Place(region, subject, district)


def told_apart(network: Network) -> Iterator[Written]:
    """Name every settlement with all that lies above it, which no two of one name share."""
    for number, place in enumerate(_places(network.regions)):
        name, kind = place.region.name, _kind(place.region)
        street, code = _STREETS[number % len(_STREETS)], 101_000 + number * 37
        subject, short = place.subject, _abbreviated(place.subject)
        district = f"{place.district}, " if place.district else ""
        district_short = district.replace("район", "р-н")
        before = f"{_turned(short)}, {district_short}"
        forms = {
            "post": f"{code}, {subject}, {district}{kind} {name}, {street}",
            "abbreviated": f"{code}, {short}, {district_short}{kind} {name}, {street}",
            "register": f"{before}{name} {kind.rstrip('.')}, {street}",
            "backwards": f"{street}, {kind} {name}, {district}{subject}, Россия, {code}",
            "place first": f"{kind} {name}, {district_short}{short}, {street}",
            "bare": f"{subject}, {district}{name}, {street}",
            "no commas": f"{subject} {district}{kind} {name} {street}".replace(",", ""),
            "capitals": f"{short}, {district_short}{kind} {name}, {street}".upper(),
            "small": f"{short}, {district_short}{kind} {name}, {street}".lower(),
            "no ё": f"{subject}, {district}{kind} {name}, {street}".replace("ё", "е"),
            "squeezed": f"{short},{district_short}{kind}{name},{street}".replace(", ", ","),
        }
        for rule, text in forms.items():
            yield Written(rule, text, place.region.id)


def in_latin(network: Network) -> Iterator[Written]:
    """Write settlements in Latin letters, by two of the usual romanisations."""
    for number, place in enumerate(_places(network.regions)):
        street = _LATIN_STREETS[number % len(_LATIN_STREETS)]
        for rule, letters in _ROMANISATIONS.items():
            parts = (place.district, place.region.name)
            names = ", ".join(_roman(each, letters) for each in parts if each)
            subject = _latin_subject(place.subject, letters)
            yield Written(rule, f"{subject}, {names}, {street}", place.region.id)


def named_alone(network: Network) -> Iterator[Written]:
    """Name towns that share their name with no other settlement, and nothing above them."""
    for number, place in enumerate(_places(network.regions)):
        name = place.region.name
        if place.region.type is RegionType.CITY and len(network.regions.named(name)) == 1:
            street = _STREETS[number % len(_STREETS)]
            yield Written("alone", f"{name}, {street}", place.region.id)
            yield Written("alone, marked", f"г {name} {street}", place.region.id)
            yield Written("alone, last", f"{street}, {name}", place.region.id)


def mistyped(network: Network, seed: int) -> Iterator[Written]:
    """Let a finger slip in a settlement's name, with the subject above it and without."""
    chance = random.Random(seed)
    for number, place in enumerate(_places(network.regions)):
        name = place.region.name
        if len(name) < _MISTYPED_LETTERS_MIN:
            continue
        street = _STREETS[number % len(_STREETS)]
        district = f"{place.district}, " if place.district else ""
        for rule, slip in _SLIPS.items():
            wrong = slip(name, chance)
            if network.regions.named(wrong) or wrong == name:
                continue  # it is the name of a place, so it means that place
            text = f"{place.subject}, {district}{_kind(place.region)} {wrong}, {street}"
            yield Written(rule, text, place.region.id)
            if len(network.regions.named(name)) == 1:
                yield Written(f"{rule}, alone", f"{wrong}, {street}", place.region.id)


def elsewhere(network: Network, villages: Sequence[str], towns: Sequence[str]) -> Iterator[str]:
    """Name places that the network does not know: the right answer to each is a question."""
    tree = network.regions
    subjects = [region.name for region in tree.by_id.values() if region.type in _SUBJECTS]
    for village in villages:
        yield f"{village}, ул. Центральная, 5"
        yield f"с. {village}, д. 5"
        for number, subject in enumerate(subjects):
            form = "{}, {}, 5" if number % 2 else "{}, пос. {}, ул. Центральная, д. 5"
            yield form.format(subject, village)
    for number, town in enumerate(towns):
        subject = subjects[number % len(subjects)]
        yield f"{subject}, г. {town}, ул. Ленина, д. 5"
        yield f"{subject}, {town}, Мира 12"
        yield f"{town}, ул. Гагарина, 7"
        yield f"г {town} ул Гагарина 7"
        yield f"ул. Гагарина, 7, {town}"


def namesakes(network: Network) -> Iterator[str]:
    """Name what several towns, or several villages, are called, and nothing else."""
    named: dict[str, list[Region]] = {}
    for place in _places(network.regions):
        named.setdefault(place.region.name, []).append(place.region)
    for name, regions in named.items():
        if len(regions) > 1 and len({region.type for region in regions}) == 1:
            yield f"{name}, {_STREETS[0]}"
            yield f"{_kind(regions[0])} {name}, {_STREETS[3]}"


def _kind(region: Region) -> str:
    return "г." if region.type is RegionType.CITY else "с."


def _abbreviated(subject: str) -> str:
    for word, short in (("область", "обл."), ("Республика", "Респ."), ("автономный округ", "АО")):
        subject = subject.replace(word, short)
    return subject


def _turned(subject: str) -> str:
    """Put the generic word of a subject at its other end: обл Томская, Татарстан Респ."""
    plain = subject.replace(".", "")
    first, _, last = plain.partition(" ")
    if plain.count(" ") == 1 and (last in ("обл", "край") or first == "Респ"):
        return f"{last} {first}"
    return plain


def _spot(name: str, chance: random.Random) -> int:
    """Choose a letter that is not the first of its word."""
    inner = [at for at in range(1, len(name)) if name[at].isalpha() and name[at - 1].isalpha()]
    return chance.choice(inner)


def _dropped(name: str, chance: random.Random) -> str:
    at = _spot(name, chance)
    return name[:at] + name[at + 1 :]


def _doubled(name: str, chance: random.Random) -> str:
    at = _spot(name, chance)
    return name[: at + 1] + name[at:]


def _swapped(name: str, chance: random.Random) -> str:
    at = _spot(name, chance)
    return name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :]


def _replaced(name: str, chance: random.Random) -> str:
    at = _spot(name, chance)
    return name[:at] + chance.choice(_LETTERS) + name[at + 1 :]


_SLIPS = {"dropped": _dropped, "doubled": _doubled, "swapped": _swapped, "replaced": _replaced}

_CYRILLIC = "абвгдезийклмнопрстуфыэ"
_PASSPORT = dict(zip(_CYRILLIC, "abvgdeziiklmnoprstufye", strict=True)) | dict(
    zip(
        "ёжхцчшщъьюя",
        ("e", "zh", "kh", "ts", "ch", "sh", "shch", "ie", "", "iu", "ia"),
        strict=True,
    )
)
_MAPS = dict(zip(_CYRILLIC, "abvgdeziyklmnoprstufye", strict=True)) | dict(
    zip(
        "ёжхцчшщъьюя", ("yo", "zh", "kh", "ts", "ch", "sh", "shch", "", "", "yu", "ya"), strict=True
    )
)
_ROMANISATIONS = {"as passports": _PASSPORT, "as maps": _MAPS}


def _roman(text: str, letters: dict[str, str]) -> str:
    latin = "".join(
        letters.get(letter.lower(), letter.lower())
        if letter.islower()
        else letters.get(letter.lower(), letter).capitalize()
        for letter in text
    )
    return re.sub("(?i)raion|rayon", "rayon", latin)


def _latin_subject(subject: str, letters: dict[str, str]) -> str:
    plain = re.sub(" - .*| \\(.*", "", subject)
    plain = plain.replace("область", "oblast").replace("край", "kray")
    plain = plain.replace("автономный округ", "avtonomny okrug")
    return _roman(plain.replace("Республика", "Respublika"), letters)
