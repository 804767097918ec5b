"""A line of an address in pieces: names that the tree of regions knows, markers, words, breaks."""

import msgspec

from entrepot.contract.enums import RegionType
from entrepot.domain.address_words import BREAK, Marker, Sense, is_number
from entrepot.domain.regions import Region

SETTLEMENTS = frozenset({RegionType.CITY, RegionType.VILLAGE, RegionType.CITY_DISTRICT})
SET_ASIDE = "-"  # in the place of a mention that a marker showed to be no settlement
POSTCODE_DIGITS = 6


class Mention(msgspec.Struct):
    """A name in a line and the regions that it may mean: none, where it lies elsewhere."""

    at: int
    regions: tuple[Region, ...]
    marked: bool = False  # a marker says that it is a settlement
    small: bool = False  # a marker says that it is no town, as a rule
    loose: bool = False  # named by an okrug: may lie beside the settlement
    near: bool = False  # mistyped, or shortened
    names: int = 1  # how many different names a mistyped one is near to, places elsewhere included
    far: bool = False  # mistyped more than once
    other_form: bool = False  # Новосибирска, Кирова: rather a form of the name than a mistake
    postcode: bool = False
    part: bool = False  # of a longer name that is not known

    @property
    def names_settlement(self) -> bool:
        """Whether it may be a settlement; a place elsewhere counts as one."""
        return not self.regions or any(region.type in SETTLEMENTS for region in self.regions)


class Reading(msgspec.Struct):
    """A line in pieces: a mention, a marker, or the word itself (numbers and breaks too)."""

    pieces: list[Mention | Marker | str]
    postcodes: list[Mention] = []
    doubtful: bool = False  # a name goes on with a word that may belong to a longer one
    unknown_settlement: bool = False
    unknown_subject: bool = False
    unknown_district: bool = False

    def mention(self, at: int) -> Mention | None:
        """Give the mention that stands there."""
        piece = self.pieces[at] if 0 <= at < len(self.pieces) else None
        return piece if isinstance(piece, Mention) else None

    def mentions(self) -> list[Mention]:
        """Give all mentions, those of postcodes last."""
        return [piece for piece in self.pieces if isinstance(piece, Mention)] + self.postcodes

    def names(self, at: int) -> bool:
        """Tell whether a mention or a plain word stands there."""
        return self.plain(at) or self.mention(at) is not None

    def plain(self, at: int) -> bool:
        """Tell whether a word stands there that is neither name, marker nor number."""
        piece = self.pieces[at] if 0 <= at < len(self.pieces) else None
        return isinstance(piece, str) and piece not in (BREAK, SET_ASIDE) and not is_number(piece)

    def number(self, at: int) -> bool:
        """Tell whether a number stands there."""
        piece = self.pieces[at] if 0 <= at < len(self.pieces) else None
        return isinstance(piece, str) and is_number(piece)

    def ends(self, at: int) -> bool:
        """Tell whether the line or a part of it ends there."""
        return not 0 <= at < len(self.pieces) or self.pieces[at] == BREAK

    def drop(self, at: int) -> None:
        """Set a mention aside."""
        if self.mention(at) is not None:
            self.pieces[at] = SET_ASIDE

    def house(self, at: int) -> bool:
        """Tell whether a house number comes there, or after a break."""
        if at < len(self.pieces) and self.pieces[at] == BREAK:
            at += 1
        piece = self.pieces[at] if at < len(self.pieces) else None
        if isinstance(piece, Marker):
            return piece.sense is Sense.HOUSE or piece.short
        return isinstance(piece, str) and is_number(piece) and len(piece) < POSTCODE_DIGITS

    def unknown_place(self, at: int) -> bool:
        """Tell whether a word stands there that may be a settlement of which nothing is known."""
        if not self.plain(at):
            return False
        first = last = at
        while self.plain(first - 1):
            first -= 1
        while self.plain(last + 1):
            last += 1
        if self._marker(first - 1):
            return False  # ул. Ленина
        return not (self._marker(last + 1) or self.number(last + 1))  # Ленина ул., Ленина 5

    def _marker(self, at: int) -> bool:
        return 0 <= at < len(self.pieces) and isinstance(self.pieces[at], Marker)
