"""The words of an address: how a line is cut, how spellings are levelled, what markers mean."""

import re
from enum import IntEnum
from typing import NamedTuple

from entrepot.contract.enums import RegionType

_CUT = re.compile(r"[^\W\d_]+|\d+[^\W\d_]*|[,;:|\n]|(?<=\w)[-\u2010\u2011](?=\w)")
_HYPHEN_SET = frozenset("-\u2010\u2011")
_SILENT = re.compile("['’`ʹʼ\"«»]")
_CYRILLIC = re.compile("[а-я]")

BREAK = ","


class Sense(IntEnum):
    """What a marker says about the words beside it."""

    SETTLEMENT = 1  # г., дер., пос.: the name of a settlement
    DISTRICT = 2  # р-н: a district, perhaps one that the tree does not know
    OKRUG = 3  # г.о.: an okrug, named for its chief town as a rule
    SUBJECT = 4  # обл., край: a federal subject that the tree does not know by that name
    STREET = 5  # ул., пр-т, мкр., метро: a name that is no settlement
    HOUSE = 6  # д., корп., кв.: a number follows


class Marker(NamedTuple):
    """A marker word. `types` is empty where any type of settlement will do."""

    sense: Sense
    types: frozenset[RegionType] = frozenset()
    short: bool = False  # a lone letter: it also abbreviates other things


_TOWNS = frozenset({RegionType.CITY, RegionType.CITY_DISTRICT})
_VILLAGES = frozenset({RegionType.VILLAGE})
_EITHER = _TOWNS | _VILLAGES


def _markers() -> dict[str, Marker]:
    street = (
        "ул улица проспект просп пр пркт проезд пер переулок шоссе ш наб набережная бульвар бул "
        "площадь пл тупик туп аллея линия квартал тракт дорога мкр мкрн микрорайон жк тц трц бц "
        "снт днт тсн гск метро станция отель гостиница завод парк спуск взвоз просека "
        "промзона промышленная тер территория street st str avenue ave lane road rd ulitsa ulica "
        "ul prospekt prosp pr shosse sh naberezhnaya nab bulvar blvd boulevard ploshchad square sq "
        "pereulok per proezd mkr mikrorayon embankment highway metro alleya tupik"
    )
    house = (
        "дом корпус корп к кв квартира оф офис подъезд под этаж эт стр строение литера лит влад "
        "владение помещение пом комната ком домовладение индекс house bld building apt apartment "
        "flat office korpus korp kv dom stroenie k floor room entrance index"
    )
    found = {word: Marker(Sense.STREET) for word in street.split()}
    found |= {word: Marker(Sense.HOUSE) for word in house.split()}
    towns = ("г", "гор", "город", "gorod", "city", "g")
    found |= {word: Marker(Sense.SETTLEMENT, _TOWNS) for word in towns}
    villages = (
        "село деревня дер хутор хут станица аул слобода разъезд "
        "selo derevnya der village stanitsa khutor"
    )
    found |= {word: Marker(Sense.SETTLEMENT, _VILLAGES) for word in villages.split()}
    either = "поселок пос пгт рп нп дп кп posyolok poselok pos pgt settlement town"
    found |= {word: Marker(Sense.SETTLEMENT, _EITHER) for word in either.split()}
    lone = Marker(Sense.SETTLEMENT, _VILLAGES, short=True)
    found |= dict.fromkeys(("с", "д", "х", "ст", "s", "d"), lone)
    found |= dict.fromkeys(("п", "p"), Marker(Sense.SETTLEMENT, _EITHER, short=True))
    found["м"] = found["m"] = Marker(Sense.STREET, short=True)
    found["район"] = Marker(Sense.DISTRICT)
    found["улус"] = Marker(Sense.DISTRICT)
    found["округ"] = Marker(Sense.OKRUG)
    found["сельсовет"] = found["волость"] = Marker(Sense.OKRUG)
    found |= {word: Marker(Sense.SUBJECT) for word in ("область", "край", "республика")}
    return found


MARKERS = _markers()

# Spellings of one and the same word, in one or several tokens, longest first at a look-up.
_LEVELLED: dict[tuple[str, ...], tuple[str, ...]] = {
    ("обл",): ("область",),
    ("oblast",): ("область",),
    ("obl",): ("область",),
    ("region",): ("область",),
    ("области",): ("область",),
    ("края",): ("край",),
    ("района",): ("район",),
    ("респ",): ("республика",),
    ("republic",): ("республика",),
    ("respublika",): ("республика",),
    ("resp",): ("республика",),
    ("krai",): ("край",),
    ("kray",): ("край",),
    ("territory",): ("край",),
    ("рн",): ("район",),
    ("р", "н"): ("район",),
    ("r", "n"): ("район",),
    ("rayon",): ("район",),
    ("raion",): ("район",),
    ("rajon",): ("район",),
    ("district",): ("район",),
    ("муниципальный", "район"): ("район",),
    ("м", "р", "н"): ("район",),
    ("okrug",): ("округ",),
    ("окр",): ("округ",),
    ("г", "о"): ("городской", "округ"),
    ("го",): ("городской", "округ"),
    ("м", "о"): ("муниципальный", "округ"),
    ("а", "о"): ("автономный", "округ"),
    ("ао",): ("автономный", "округ"),
    ("аобл",): ("автономная", "область"),
    ("авт", "округ"): ("автономный", "округ"),
    ("с", "с"): ("сельсовет",),
    ("п", "г", "т"): ("пгт",),
    ("р", "п"): ("рп",),
    ("н", "п"): ("нп",),
    ("ст", "ца"): ("станица",),
    ("пос", "к"): ("поселок",),
    ("пр", "т"): ("проспект",),
    ("пр", "кт"): ("проспект",),
    ("пр", "д"): ("проезд",),
    ("б", "р"): ("бульвар",),
    ("б", "р", "р"): ("бульвар",),
    ("пер", "к"): ("переулок",),
    ("м", "н"): ("микрорайон",),
    ("мкр", "н"): ("микрорайон",),
    ("новый", "город"): ("микрорайон",),
    ("старый", "город"): ("микрорайон",),
    ("of",): (),
    ("the",): (),
}
_LEVELLED_STARTS = frozenset(spelling[0] for spelling in _LEVELLED)
_LEVELLED_WORDS_MAX = max(len(spelling) for spelling in _LEVELLED)


class Words(NamedTuple):
    """A line in levelled words, numbers and breaks (commas and their like).

    `joined` are the places of words that a hyphen joins to the word before.
    """

    words: list[str]
    joined: frozenset[int]


_NONE_JOINED: frozenset[int] = frozenset()


def cut(text: str) -> Words:
    """Cut a line into words."""
    plain = _SILENT.sub("", text.casefold().replace("ё", "е"))
    words = [BREAK if word in ";|\n" else word for word in _CUT.findall(plain)]
    if ":" in plain:
        words = _without_colons(words)
    joined = _NONE_JOINED
    if not _HYPHEN_SET.isdisjoint(words):
        words, joined = _without_hyphens(words)
    if _LEVELLED_STARTS.isdisjoint(words):
        return Words(words, joined)
    levelled: list[str] = []
    joined_after: set[int] = set()
    at = 0
    while at < len(words):
        if at in joined:
            joined_after.add(len(levelled))
        at += _level(words, at, levelled)
    return Words(levelled, frozenset(joined_after))


def words_of(text: str) -> list[str]:
    """Cut a line into words, wherever hyphens are."""
    return cut(text).words


def _without_colons(words: list[str]) -> list[str]:
    # Город: Москва, улица: Тверская; but Адрес доставки: Москва.
    return [
        BREAK if word == ":" else word
        for before, word in zip(("", *words), words, strict=False)
        if word != ":" or (before not in MARKERS and (before,) not in _LEVELLED)
    ]


def _without_hyphens(words: list[str]) -> tuple[list[str], frozenset[int]]:
    kept: list[str] = []
    joined: set[int] = set()
    for word in words:
        if word in _HYPHEN_SET:
            joined.add(len(kept))
        else:
            kept.append(word)
    return kept, frozenset(joined)


def _level(words: list[str], at: int, levelled: list[str]) -> int:
    if words[at] in _LEVELLED_STARTS:
        for length in range(_LEVELLED_WORDS_MAX, 0, -1):
            spelled = _LEVELLED.get(tuple(words[at : at + length]))
            if spelled is not None:
                levelled.extend(spelled)
                return length
    levelled.append(words[at])
    return 1


def is_number(word: str) -> bool:
    """Tell whether a word is a number, perhaps with a letter (5, 12а)."""
    return word[0].isdigit()


_ROMAN = str.maketrans(
    {
        "а": "a",
        "б": "b",
        "в": "v",
        "г": "g",
        "д": "d",
        "е": "e",
        "ж": "zh",
        "з": "z",
        "и": "i",
        "й": "i",
        "к": "k",
        "л": "l",
        "м": "m",
        "н": "n",
        "о": "o",
        "п": "p",
        "р": "r",
        "с": "s",
        "т": "t",
        "у": "u",
        "ф": "f",
        "х": "h",
        "ц": "c",
        "ч": "ch",
        "ш": "sh",
        "щ": "sh",
        "ъ": "",
        "ы": "i",
        "ь": "",
        "э": "e",
        "ю": "iu",
        "я": "ia",
    }
)
# The usual romanisations differ in these letters only; after this they read alike.
_ALIKE = (
    ("shch", "sh"),
    ("sch", "sh"),
    ("kh", "h"),
    ("ts", "c"),
    ("tz", "c"),
    ("w", "v"),
    ("y", "i"),
    ("j", "i"),
    ("ie", "e"),
    ("io", "e"),
)
_DOUBLED = re.compile(r"(.)\1+")


def sound(word: str) -> str:
    """Reduce a word of either script to one Latin skeleton: Нижний, Nizhny, Nizhnij."""
    latin = word.translate(_ROMAN)
    for spelling, alike in _ALIKE:
        if spelling in latin:
            latin = latin.replace(spelling, alike)
    return _DOUBLED.sub(r"\1", latin)


def look_up_key(word: str) -> str:
    """Give the form under which a word is looked up: Cyrillic as it stands, Latin by sound."""
    return word if _CYRILLIC.match(word) or not word.isascii() or is_number(word) else sound(word)


_CASE_END = re.compile(
    "(?:[иыо]й|[ая]я|[ое]е|[иы]е|[ое]го|[ое]му|[оеиы]м|[иы]х|[ую]ю|ей|ью|[аяыиуюеоь])?$"
)
_DECLINED = re.compile("(?:ов|ев|ин|ын|ск|цк|[бвгджзклмпрстфхцчшщь]н)$")


_DIMINUTIVE = re.compile("(?:ь?к(?:а|и|ово|ино)|ц[аы]|ы)$")
_PLACE_END = re.compile("(?:[ое]во|ино|цы|ец|[аяоеиыь])?$")


def other_form(word: str, name: str) -> bool:
    """Tell whether two words are rather forms of one than one and its mistake.

    Кирова and Киров, Советская and Советский, Иванов and Иваново: people and streets. Not
    Советски: an adjective has no such form. Самарка and Самара, Клины and Клин: other places.
    """
    diminutive = _DIMINUTIVE.sub("", word)
    if diminutive != word and diminutive == _PLACE_END.sub("", name):
        return word.replace("ы", "и") != name.replace("ы", "и")
    stem, of_name = _CASE_END.sub("", word), _CASE_END.sub("", name)
    if stem != of_name or _DECLINED.search(stem) is None:
        return False
    is_adjective = len(name) - len(stem) > 1
    return not is_adjective or len(word) - len(stem) > 1
