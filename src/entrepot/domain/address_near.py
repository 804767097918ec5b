"""Finding a mistyped name among hundreds of thousands: `NearNames`.

A word is compared with names by edits: a letter too many, too few, another one, or two
neighbours swapped. A name of four to seven letters bears one edit, a longer one two, a shorter
one none. Whatever lies within these limits is found, never the nearest only: whether one name
among them is meant is for the reader to decide.

A name is cut into halves. One edit leaves one half as it was; of two edits one half has at most
one. So the names to compare are those that share a half, or nearly the first one, with the word.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

import msgspec

NAME_LETTERS_MIN = 4
_LONG_LETTERS = 8
_KINDS_CHANGED_MAX = 4
_NAME_LETTERS_MAX = 48  # the longest names of regions; nothing longer is looked up
_STARTS_MAX = 1 << 24  # first halves, of no more names than a network has
_HASH_BITS = (1 << 39) - 1

_LATIN = re.compile("[a-z]")
_ALIKE = str.maketrans({"й": "и", "ы": "и", "э": "е", "ь": "", "ъ": "", " ": ""})
_RUSSIAN = (
    ("shch", "щ"),
    ("sch", "щ"),
    ("zh", "ж"),
    ("kh", "х"),
    ("ts", "ц"),
    ("tz", "ц"),
    ("ch", "ч"),
    ("sh", "ш"),
    *((first + "u", "ю") for first in "yij"),
    *((first + "a", "я") for first in "yij"),
    *((first + "o", "е") for first in "yj"),
    *((first + "e", "е") for first in "yj"),
    ("x", "кс"),
)
_RUSSIAN_LETTERS = str.maketrans(
    dict(zip("abvgdezijyklmnoprstufhcwq", "абвгдезиииклмнопрстуфхквк", strict=True))
)


def edits_allowed(letters: int) -> int:
    """How many edits a name, or a word of it, of so many letters bears."""
    return 0 if letters < NAME_LETTERS_MIN else 1 if letters < _LONG_LETTERS else 2


def skeleton(phrase: str) -> str:
    """Reduce a folded phrase of either script to what is compared, without blanks.

    Letters that are easily taken for one another are one, soft and hard signs are none; so no
    edit of a Russian name is more than one edit of its skeleton.
    """
    if not phrase.isascii() and _LATIN.search(phrase) is None:
        return phrase.translate(_ALIKE)
    words = (_in_russian(word) if word.isascii() else word for word in phrase.split())
    return "".join(words).translate(_ALIKE)


def _in_russian(word: str) -> str:
    for latin, russian in _RUSSIAN:
        if latin in word:
            word = word.replace(latin, russian)
    return word.translate(_RUSSIAN_LETTERS)


class NearNames(msgspec.Struct, frozen=True):
    """Skeletons with their phrases, and the halves by which they are found.

    `starts` are the first halves of long names. Each of them, whole and with any one letter left
    out, is in `near_starts`: the hash of that, and below it the number of the start. Millions of
    such variants take eight bytes each so; two of one hash are told apart by comparing.
    """

    phrases: dict[str, tuple[str, ...]]
    by_half: dict[str, list[str]]  # first halves of short names, second halves of all
    by_start: dict[str, list[str]]  # long names by their first halves
    starts: tuple[str, ...]
    near_starts: Sequence[int]

    def within(self, word: str) -> list[str]:
        """Give all skeletons near to a skeleton, itself included."""
        length = len(word)
        if not NAME_LETTERS_MIN <= length <= _NAME_LETTERS_MAX:
            return []
        kinds = _letters(word)
        found: set[str] = set()
        for of in range(max(length - 2, NAME_LETTERS_MIN), length + 3):
            if abs(of - length) <= edits_allowed(of):
                for names in self._sharing_half(word, of):
                    found |= _near(word, kinds, names)
        if length >= _LONG_LETTERS - 2:
            for start in self._near_starts(word):
                found |= _near(word, kinds, self.by_start[start])
        return sorted(found)

    def _sharing_half(self, word: str, of: int) -> Iterator[list[str]]:
        half = of // 2
        if of < _LONG_LETTERS:
            yield self.by_half.get(f"{of}{word[:half]}", [])
        yield self.by_half.get(f"{of}-{word[half + 1 - of :]}", [])

    def _near_starts(self, word: str) -> set[str]:
        """Give the first halves that the word begins with, but for one edit."""
        nearest, farthest = (len(word) - 2) // 2, (len(word) + 2) // 2
        variants = {
            variant
            for half in range(nearest - 1, farthest + 2)
            for variant in _without_one(word[:half])
        }
        found: set[str] = set()
        for variant in variants:
            key = _variant_key(variant)
            at = bisect_left(self.near_starts, key)
            while at < len(self.near_starts) and self.near_starts[at] < key + _STARTS_MAX:
                found.add(self.starts[self.near_starts[at] - key])
                at += 1
        return {start for start in found if nearest <= len(start) <= farthest}


def near_names(phrases: Iterable[str]) -> NearNames:
    """Index phrases; those with digits and those too short to be mistyped are left out."""
    by_bones: dict[str, tuple[str, ...]] = {}
    for phrase in phrases:
        bones = skeleton(phrase)
        if NAME_LETTERS_MIN <= len(bones) <= _NAME_LETTERS_MAX and bones.isalpha():
            known = by_bones.get(bones, ())
            by_bones[phrase if phrase == bones else bones] = (*known, phrase)
    by_half: dict[str, list[str]] = {}
    by_start: dict[str, list[str]] = {}
    for bones in by_bones:
        _file(by_half, by_start, bones)
    starts = tuple(by_start)
    assert len(starts) < _STARTS_MAX
    keys = [
        _variant_key(variant) + number
        for number, start in enumerate(starts)
        for variant in _without_one(start)
    ]
    keys.sort()
    return NearNames(by_bones, by_half, by_start, starts, array("q", keys))


def _file(by_half: dict[str, list[str]], by_start: dict[str, list[str]], name: str) -> None:
    of = len(name)
    half = of // 2
    # The letter after the cut is left out, lest swapping it with its neighbour spoil both halves.
    by_half.setdefault(f"{of}-{name[half + 1 :]}", []).append(name)
    if of < _LONG_LETTERS:
        by_half.setdefault(f"{of}{name[:half]}", []).append(name)
    else:
        by_start.setdefault(name[:half], []).append(name)


def _variant_key(variant: str) -> int:
    """Give the least key of a variant: its hash, with room for the number of a start."""
    return (hash(variant) & _HASH_BITS) * _STARTS_MAX


def _without_one(text: str) -> set[str]:
    return {text, *(text[:at] + text[at + 1 :] for at in range(len(text)))}


def _near(word: str, kinds: int, names: list[str]) -> set[str]:
    # An edit changes two kinds of letters at most. Comparing letter by letter is dearer.
    return {
        name
        for name in names
        if edits_allowed(len(name)) >= abs(len(name) - len(word))
        and (_letters(name) ^ kinds).bit_count() <= _KINDS_CHANGED_MAX
        and edited(word, name, edits_allowed(len(name)))
    }


def _letters(word: str) -> int:
    """Give which letters a word has, a bit each."""
    found = 0
    for letter in word:
        found |= 1 << (ord(letter) & 63)
    return found


def edited(word: str, name: str, most: int) -> bool:
    """Tell whether at most so many edits (0 to 2) make one of the other."""
    if abs(len(word) - len(name)) > most:
        return False
    if word == name:
        return True
    if most == 0:
        return False
    at, shorter = 0, min(len(word), len(name))
    while at < shorter and word[at] == name[at]:
        at += 1
    w, n = word[at:], name[at:]
    swapped = w[:2] == n[1::-1] if len(n) > 1 else False
    if most == 1:
        return w[1:] == n[1:] or w[1:] == n or w == n[1:] or (swapped and w[2:] == n[2:])
    return (
        edited(w[1:], n[1:], most - 1)
        or edited(w[1:], n, most - 1)
        or edited(w, n[1:], most - 1)
        or (swapped and edited(w[2:], n[2:], most - 1))
        or _swapped_around(w, n)
        or _swapped_around(n, w)
    )


def _swapped_around(longer: str, shorter: str) -> bool:
    """Tell whether two letters are swapped and one stands between them, nothing else."""
    return (
        len(longer) > 2  # noqa: PLR2004
        and len(shorter) > 1
        and longer[0] == shorter[1]
        and longer[2] == shorter[0]
        and longer[3:] == shorter[2:]
    )
