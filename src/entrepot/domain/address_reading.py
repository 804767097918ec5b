"""Reading a line against the names of regions: a row of mentions, markers, words and breaks.

`read_exactly` takes names as they are spelled. `read_nearly` is for lines that make no sense so:
it also takes mistyped and shortened names. Neither decides which place is meant.
"""

import re

import msgspec

from entrepot.contract.enums import RegionType
from entrepot.domain.address_index import NO_PLACES, AddressIndex
from entrepot.domain.address_near import edited, edits_allowed, skeleton
from entrepot.domain.address_pieces import POSTCODE_DIGITS, Mention, Reading
from entrepot.domain.address_words import (
    BREAK,
    MARKERS,
    Marker,
    Sense,
    Words,
    is_number,
    look_up_key,
    other_form,
)
from entrepot.domain.regions import Region, RegionTree

_POSTCODE_PREFIX_DIGITS_MIN = 3
_NAME_LETTERS_MIN = 3  # after a lone letter (с., д., п.) a shorter word is part of a house number
_SHORTENED_LETTERS_MIN = 3  # Моск. обл.
_NEAR_WORDS_MAX = 3  # Комсомольск-на-Амуре
_NEAR_LOOK_UPS_MAX = 16  # each takes a millisecond at 200,000 regions
_GENITIVE_END = re.compile("(?<=[сц]к)(?:ой|ого)$")
_GENERIC = frozenset({"область", "край", "республика", "район", "округ"})


class _Reader(msgspec.Struct):
    index: AddressIndex
    tree: RegionTree
    line: Words
    keys: list[str]
    reading: Reading
    look_ups: int = 0
    near_longer: bool = False  # the name looked at may be a longer one, badly mistyped

    def regions(self, ids: tuple[int, ...]) -> tuple[Region, ...]:
        return tuple(self.tree.by_id[region_id] for region_id in ids)

    def exact(self, at: int) -> tuple[int, tuple[int, ...] | None]:
        """Give the longest name that begins at a word: how many words, and the regions' ids."""
        keys = self.keys
        for length in range(min(self.index.longest.get(keys[at], 0), len(keys) - at), 0, -1):
            ids = self.index.phrases.get(" ".join(keys[at : at + length]))
            if ids is not None:
                return length, ids
        return 0, None

    def take(self, at: int, length: int, ids: tuple[int, ...]) -> None:
        mention = Mention(len(self.reading.pieces), self.regions(ids))
        mention.part = mention.names_settlement and (
            self.near_longer or self._part_of_longer(at, at + length)
        )
        if length == 1 and self.keys[at] in self.index.shared:
            mention.near, mention.names = True, 2
            mention.part |= self._goes_straight_on(at + 1)  # Нижний Ломов
        self.reading.pieces.append(mention)

    def _part_of_longer(self, start: int, end: int) -> bool:
        # Новый Уренгой is not Уренгой, nor Орехово-Зуево Орехово, nor Янино-2 Янино.
        words, joined, pieces = self.line.words, self.line.joined, self.reading.pieces
        if start in joined and words[start - 1] not in MARKERS:
            return True
        if end in joined and words[end] not in MARKERS:
            return True
        last = len(pieces) - 1
        # 5 Lenina Novosibirsk
        return self.reading.plain(last) and not (last == 1 and self.reading.number(0))

    def _goes_straight_on(self, at: int) -> bool:
        words = self.line.words
        return at < len(words) and words[at].isalpha() and words[at] not in MARKERS

    def take_word(self, at: int) -> None:
        word = self.line.words[at]
        marker = MARKERS.get(word)
        if marker is not None:
            self.reading.pieces.append(marker)
            return
        if len(word) == POSTCODE_DIGITS and self.index.postcodes and word.isdecimal():
            self._take_postcode(word)
        self.reading.pieces.append(word)

    def _take_postcode(self, word: str) -> None:
        for digits in range(POSTCODE_DIGITS, _POSTCODE_PREFIX_DIGITS_MIN - 1, -1):
            ids = self.index.postcodes.get(word[:digits])
            if ids is not None:
                at = len(self.reading.pieces)
                self.reading.postcodes.append(Mention(at, self.regions(ids), postcode=True))
                return

    def goes_on(self, at: int, length: int) -> bool:
        """Tell whether a longer name begins alike, and a word follows that is no name."""
        after = at + length
        words = self.line.words
        return (
            after < len(words)
            and self.index.longest[self.keys[at]] > length
            and words[after] not in MARKERS
            and words[after] != BREAK
            and not is_number(words[after])
        )

    def near(self, at: int, longer_than: int) -> int:
        """Take a mistyped name of more words than that; give how many words it has."""
        words = self.line.words
        end = at
        while end < len(words) and end - at < _NEAR_WORDS_MAX and words[end].isalpha():
            end += 1
        for length in range(end - at, longer_than, -1):
            if self._take_near(words[at : at + length]):
                return length
        return 0

    def _take_near(self, words: list[str]) -> bool:
        if words[-1] in MARKERS and words[-1] not in _GENERIC:
            return False
        if len(words) == 1 and (words[0] in NO_PLACES or words[0] in MARKERS):
            return False
        if self.look_ups >= _NEAR_LOOK_UPS_MAX:
            return False
        self.look_ups += 1
        phrases = self.index.near_phrases(skeleton(" ".join(words)))
        fitting = [phrase for phrase in phrases if _words_fit(words, phrase.split())]
        if not fitting:
            self.near_longer |= bool(phrases)
            return False
        if len(phrases) == 1 and phrases[0] in MARKERS:
            self.reading.pieces.append(MARKERS[phrases[0]])
            return True
        ids = {region_id: None for each in fitting for region_id in self._ids(each)}
        meanings = {self._ids(phrase) or phrase for phrase in phrases}
        if not ids and all(phrase in NO_PLACES for phrase in fitting):
            return False
        mention = Mention(
            len(self.reading.pieces),
            self.regions(tuple(ids)),
            near=True,
            names=len(meanings),
            far=not any(_is_one_slip(words, phrase) for phrase in fitting),
            other_form=any(other_form(" ".join(words), phrase) for phrase in fitting),
        )
        self.reading.pieces.append(mention)
        return True

    def _ids(self, phrase: str) -> tuple[int, ...]:
        return self.index.phrases.get(" ".join(look_up_key(word) for word in phrase.split()), ())

    def shortened(self, at: int) -> int:
        """Take an abbreviation: Моск. обл., or one that is read only here."""
        words = self.line.words
        for length in (2, 1):
            ids = self.index.doubtful.get(" ".join(words[at : at + length]))
            if ids is not None:
                self._append_near(ids)
                return length
        if len(words[at]) < _SHORTENED_LETTERS_MIN or at + 1 == len(words):
            return 0
        generic = words[at + 1]
        if generic not in ("область", "край"):
            return 0
        # Амурской области: what comes before the end is its beginning, too.
        start = _GENITIVE_END.sub("", words[at])
        found = {
            region_id
            for name, ids in self.index.subjects.items()
            if name.startswith(start) and name.endswith(f" {generic}")
            for region_id in ids
        }
        if len(found) != 1:
            return 0
        self._append_near(tuple(found))
        return 2

    def _append_near(self, ids: tuple[int, ...]) -> None:
        at = len(self.reading.pieces)
        self.reading.pieces.append(Mention(at, self.regions(ids), near=True))


def _is_one_slip(words: list[str], phrase: str) -> bool:
    return edited(skeleton(" ".join(words)), skeleton(phrase), 1)


def _words_fit(words: list[str], name: list[str]) -> bool:
    """Tell whether each word is near to its own; where a blank is amiss, no letter may be."""
    if len(words) != len(name):
        return skeleton("".join(words)) == skeleton("".join(name))
    for word, of_name in zip(words, name, strict=True):
        if word != of_name:
            bones = skeleton(of_name)
            if not edited(skeleton(word), bones, edits_allowed(len(bones))):
                return False
    return True


def _reader(index: AddressIndex, tree: RegionTree, line: Words) -> _Reader:
    return _Reader(index, tree, line, [look_up_key(word) for word in line.words], Reading([], []))


def read_exactly(index: AddressIndex, tree: RegionTree, line: Words) -> Reading:
    """Read names as they are spelled."""
    reader = _reader(index, tree, line)
    at = 0
    while at < len(line.words):
        length, ids = reader.exact(at)
        if ids is not None:
            reader.take(at, length, ids)
            reader.reading.doubtful |= reader.goes_on(at, length)
            at += length
        else:
            reader.take_word(at)
            at += 1
    return reader.reading


def read_nearly(index: AddressIndex, tree: RegionTree, line: Words) -> Reading:
    """Read names that are mistyped or shortened, too."""
    reader = _reader(index, tree, line)
    at = 0
    while at < len(line.words):
        reader.near_longer = False
        length, ids = reader.exact(at)
        longer = reader.near(at, length) if not length or reader.goes_on(at, length) else 0
        if longer or (ids is None and (longer := reader.shortened(at))):
            at += longer
        elif ids is not None:
            reader.take(at, length, ids)
            at += length
        else:
            reader.take_word(at)
            at += 1
    return reader.reading


def apply_markers(reading: Reading) -> None:
    """Let markers say what the names beside them are."""
    for at, piece in enumerate(reading.pieces):
        if isinstance(piece, Marker):
            _apply(reading, at, piece)


def _apply(reading: Reading, at: int, marker: Marker) -> None:
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


def _apply_settlement(reading: Reading, at: int, marker: Marker) -> None:
    before, after = reading.mention(at - 1), reading.mention(at + 1)
    if after is not None:
        _mark(reading, after, marker)
    elif before is not None and not before.marked and _agrees(before, marker):
        if not (marker.short and reading.number(at + 1)):  # Москва д 5: a house
            _mark(reading, before, marker)
    elif _names_unknown(reading, at, marker):
        reading.unknown_settlement = True


def _names_unknown(reading: Reading, at: int, marker: Marker) -> bool:
    """Tell whether the marker stands with a name that the tree does not know."""
    beside = [at + 1] if reading.names(at + 1) else [at - 1] if reading.ends(at + 1) else []
    for place in beside:
        piece = reading.pieces[place] if place >= 0 else BREAK
        if reading.plain(place):
            assert isinstance(piece, str)
            return not marker.short or len(piece) >= _NAME_LETTERS_MIN
    return not marker.short and marker.types != MARKERS["г"].types and reading.number(at + 1)


def _agrees(mention: Mention, marker: Marker) -> bool:
    return not mention.regions or any(region.type in marker.types for region in mention.regions)


def _mark(reading: Reading, mention: Mention, marker: Marker) -> None:
    """Keep of a mention what the marker allows; a name of another kind is an unknown place."""
    fitting = tuple(region for region in mention.regions if region.type in marker.types)
    if mention.part:
        reading.unknown_settlement = True
    elif fitting:
        mention.regions, mention.marked = fitting, True
        mention.small = RegionType.VILLAGE in marker.types
    elif not mention.marked:
        reading.unknown_settlement = True


def _apply_street(reading: Reading, at: int) -> None:
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


def _is_letter(reading: Reading, at: int) -> bool:
    piece = reading.pieces[at]
    return isinstance(piece, str) and len(piece) == 1
