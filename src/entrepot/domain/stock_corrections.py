"""Correcting stock: what is asked, and what becomes of it. Nothing here does I/O.

Stock lies in piles. Pieces that live orders hold are on the FIT pile, so that pile can never be
corrected below what is held.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

import msgspec

from entrepot.domain.stock import StockKey


class Pile(StrEnum):
    """Where a piece lies; the piles are disjoint. FIT holds the sound ones, held or free."""

    FIT = "FIT"
    DEFECT = "DEFECT"
    QUARANTINE = "QUARANTINE"
    EXPIRED = "EXPIRED"
    UTILIZATION = "UTILIZATION"


class SetTo(msgspec.Struct, frozen=True, gc=False):
    """Make the pile this large, whatever it was."""

    pieces: int


class ChangeBy(msgspec.Struct, frozen=True, gc=False):
    """Add this many pieces; negative takes away."""

    pieces: int


class Correction(msgspec.Struct, frozen=True, gc=False):
    """One pile of one offer in one warehouse, and what to do with it."""

    key: StockKey
    pile: Pile
    change: SetTo | ChangeBy


class Balance(msgspec.Struct, frozen=True, gc=False):
    """A stock row as it is; one that does not exist has nothing."""

    held: int = 0
    piles: Mapping[Pile, int] = {}


class Movement(NamedTuple):
    """What a correction did to a pile: pieces added, and how many lie there now."""

    key: StockKey
    pile: Pile
    delta: int
    pieces: int


class BelowHeld(NamedTuple):
    """A correction that would leave fewer sound pieces than live orders hold."""

    key: StockKey
    asked: int
    held: int


class BelowZero(NamedTuple):
    """A correction that would take more from a pile than lies there."""

    key: StockKey
    pile: Pile
    present: int
    asked: int


class AboveMost(NamedTuple):
    """A correction to more pieces than a pile may have."""

    key: StockKey
    pile: Pile
    asked: int


Objection = BelowHeld | BelowZero | AboveMost


class Corrected(NamedTuple):
    """What the corrections come to: movements, or the objections of which one suffices."""

    movements: tuple[Movement, ...]
    objections: tuple[Objection, ...]


def correct(
    balances: Mapping[StockKey, Balance], corrections: Sequence[Correction], pieces_max: int
) -> Corrected:
    """Decide corrections in their order; each sees what the earlier ones left.

    All or nothing is the caller's to keep: when there are objections, none may be carried out.
    """
    piles: dict[tuple[StockKey, Pile], int] = {}
    objections: list[Objection] = []
    for key, pile, change in map(msgspec.structs.astuple, corrections):
        balance = balances.get(key, Balance())
        present = piles.get((key, pile), balance.piles.get(pile, 0))
        asked = change.pieces if isinstance(change, SetTo) else present + change.pieces
        if asked < 0:
            objections.append(BelowZero(key, pile, present, asked))
        elif asked > pieces_max:
            objections.append(AboveMost(key, pile, asked))
        else:
            piles[key, pile] = asked
    for (key, pile), asked in piles.items():
        held = balances.get(key, Balance()).held
        if pile is Pile.FIT and asked < held:
            objections.append(BelowHeld(key, asked, held))
    movements = (
        Movement(key, pile, asked - balances.get(key, Balance()).piles.get(pile, 0), asked)
        for (key, pile), asked in piles.items()
    )
    return Corrected(tuple(each for each in movements if each.delta), tuple(objections))
