"""Picking: which orders go onto one cart, and where a piece that was scanned belongs.

A pick list is of one business: two businesses may sell the same bar code, and a scan must name
one offer. Its orders share a walk through the warehouse, each has a tote on the cart.
"""

from collections.abc import Collection, Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

import msgspec

from entrepot.contract import operator_errors as errors
from entrepot.contract.errors import Refusal


class WorkStep(StrEnum):
    """Where the warehouse is with an order.

    WAITING for a pick list; PICKING and PICKED; ASIDE, since a piece is missing; PACKED and
    HANDED_OVER as the order's own stages say; PUT_BACK after a cancelled order's goods went back
    to their shelves.
    """

    WAITING = "WAITING"
    PICKING = "PICKING"
    PICKED = "PICKED"
    ASIDE = "ASIDE"
    PACKED = "PACKED"
    HANDED_OVER = "HANDED_OVER"
    PUT_BACK = "PUT_BACK"


class Candidate(msgspec.Struct, frozen=True):
    """An order that waits. `stops` are where its goods lie: shelves, or offers without one."""

    order_id: int
    shipment_day: date
    pieces: int
    stops: frozenset[str]


class PickLine(msgspec.Struct, frozen=True, kw_only=True):
    """An item of an order on a pick list.

    `wanted` is false for an order that is put aside, cancelled or further on already.
    """

    order_id: int
    tote: int
    step: WorkStep
    wanted: bool
    position: int
    offer_id: str
    offer_name: str
    shelf: str | None
    count: int
    picked: int

    @property
    def left(self) -> int:
        """Pieces that are still to be picked."""
        return self.count - self.picked if self.wanted else 0


class Stop(NamedTuple):
    """A shelf with one offer to be taken from it, and for whom."""

    shelf: str | None
    offer_id: str
    offer_name: str
    lines: tuple[PickLine, ...]


def choose_orders(
    candidates: Sequence[Candidate], until_day: date, orders_max: int, pieces_max: int
) -> tuple[Candidate, ...]:
    """Choose the orders of a pick list: the most urgent, and those that add the fewest stops.

    Args:
        candidates: orders that wait, the most urgent first.
        until_day: today; nothing is taken of later days, unless the first is of a later one.
        orders_max: totes on a cart.
        pieces_max: pieces on a cart; an order of more goes alone.
    """
    if not candidates:
        return ()
    first, *others = candidates
    last_day = max(until_day, first.shipment_day)
    chosen, stops, pieces = [first], set(first.stops), first.pieces
    waiting = [one for one in others if one.shipment_day <= last_day]
    while len(chosen) < orders_max:
        fitting = [one for one in waiting if pieces + one.pieces <= pieces_max]
        if not fitting:
            break
        nearest = min(fitting, key=lambda one: len(one.stops - stops))
        waiting.remove(nearest)
        chosen.append(nearest)
        stops |= nearest.stops
        pieces += nearest.pieces
    return tuple(chosen)


def walk(lines: Collection[PickLine]) -> tuple[Stop, ...]:
    """Order what is on a list by the walk: shelf by shelf, what has none at the end."""
    stops: dict[tuple[bool, str, str], list[PickLine]] = {}
    for line in lines:
        key = (line.shelf is None, line.shelf or "", line.offer_id)
        stops.setdefault(key, []).append(line)
    return tuple(
        Stop(of_stop[0].shelf, of_stop[0].offer_id, of_stop[0].offer_name, tuple(of_stop))
        for _, of_stop in sorted(stops.items())
    )


def place_pieces(
    lines: Sequence[PickLine], offer_id: str, pieces: int, order_id: int | None
) -> PickLine | Refusal:
    """Tell which line pieces that were scanned are for; the first tote that lacks so many.

    With an order, only that one's.
    """
    of_offer = [
        line for line in lines if line.offer_id == offer_id and order_id in (None, line.order_id)
    ]
    if not of_offer:
        return errors.WRONG_ITEM(scanned=offer_id)
    fitting = next((line for line in of_offer if line.left >= pieces), None)
    if fitting is not None:
        return fitting
    most = max(line.left for line in of_offer)
    return errors.TOO_MANY(offer_id=offer_id, left=most, pieces=pieces)
