"""Lines of a basket into the parcels of given warehouses, at the lowest price.

Which warehouses to take is `choose`'s question; this one is asked for each set of them. Lines
are first put one by one where each costs least; then every other division is tried, but for
those that cannot become cheaper.
"""

from collections.abc import Sequence
from typing import NamedTuple

from entrepot.domain.delivery.goods import Load, ParcelLimits
from entrepot.domain.delivery.lanes import GRAMS_PER_KG, begun_kilograms
from entrepot.domain.network import Tariff

_LINES_TRIED_MAX = 40  # beyond, all divisions are not tried: nobody would wait for it


class Steps:
    """How much may still be tried: what bounds a search, whatever it searches for."""

    def __init__(self, left: int) -> None:
        """Allow so many steps."""
        self.left = left
        self.ran_out = False

    def take(self, count: int = 1) -> bool:
        """Take steps; False, now and ever after, when there are not enough."""
        if self.left < count:
            self.left = 0
            self.ran_out = True
            return False
        self.left -= count
        return True


class Box(NamedTuple):
    """The parcel of one warehouse before anything is in it."""

    tariff: Tariff
    limits: ParcelLimits


class PackedLine(NamedTuple):
    """A line, which is never divided, and the boxes that it may go into, ascending."""

    load: Load
    options: tuple[int, ...]


class Packing(NamedTuple):
    """What the parcels cost together, and in which box each line is."""

    kopecks: int
    boxes: tuple[int, ...]


def pack(lines: Sequence[PackedLine], boxes: Sequence[Box], steps: Steps) -> Packing | None:
    """Find the division with the lowest price; None when none keeps the limits.

    Each box is paid for. When `steps` run out (they tell), the answer is the best that was
    found so far, which may be None although there is a division.
    """
    # What cannot be chosen first, then the heaviest: a full box is met early.
    order = sorted(
        range(len(lines)),
        key=lambda at: (len(lines[at].options) > 1, -lines[at].load.weight_g, at),
    )
    search = _Search([lines[at] for at in order], boxes, steps)
    search.put_one_by_one()
    search.try_others()
    if search.found is None:
        return None
    chosen = dict(zip(order, search.found, strict=True))
    return Packing(search.kopecks, tuple(chosen[at] for at in range(len(lines))))


class _Search:
    """One packing while it is looked for. `found` has the box of each line, best so far."""

    def __init__(self, lines: Sequence[PackedLine], boxes: Sequence[Box], steps: Steps) -> None:
        self.lines = lines
        self.boxes = boxes
        self.steps = steps
        self.found: list[int] | None = None
        self.kopecks = 0
        self._loads = [Load(0, 0)] * len(boxes)
        self._kilograms = [0] * len(boxes)
        self._chosen: list[int] = []

    def put_one_by_one(self) -> None:
        """Put each line where it makes the least difference to the price."""
        for line in self.lines:
            cheapest: tuple[int, int, Load, int] | None = None
            for at in line.options:
                load, kilograms = self._with(at, line)
                if load is None:
                    continue
                more = (kilograms - self._kilograms[at]) * self.boxes[at].tariff.per_kg_kopecks
                if cheapest is None or more < cheapest[0]:
                    cheapest = more, at, load, kilograms
            if cheapest is None:
                break
            _, at, self._loads[at], self._kilograms[at] = cheapest
            self._chosen.append(at)
        self.steps.take(sum(len(line.options) for line in self.lines))
        if len(self._chosen) == len(self.lines):
            self._keep()

    def try_others(self) -> None:
        """Try every division that may be cheaper than what was found."""
        self._loads = [Load(0, 0)] * len(self.boxes)
        self._kilograms = [0] * len(self.boxes)
        self._chosen = []
        fixed = sum(len(line.options) == 1 for line in self.lines)
        for line in self.lines[:fixed]:
            (at,) = line.options
            load, kilograms = self._with(at, line)
            if load is None:
                return
            self._loads[at], self._kilograms[at] = load, kilograms
            self._chosen.append(at)
        free = self.lines[fixed:]
        if len(free) > _LINES_TRIED_MAX:
            self.steps.ran_out = self.steps.ran_out or not self._is_hopeless(_total(free))
            return
        # What is still to be put from each line on: what the bound on the price reckons with.
        remaining = {
            number: _total(self.lines[number:]) for number in range(fixed, len(self.lines) + 1)
        }
        self._try(fixed, remaining)

    def _try(self, number: int, remaining: dict[int, Load]) -> None:
        rest = remaining[number]
        if self._is_hopeless(rest) or not self.steps.take():
            return
        if number == len(self.lines):
            self._keep()
            return
        line = self.lines[number]
        for at in line.options:
            load, kilograms = self._with(at, line)
            if load is None:
                continue
            before = self._loads[at], self._kilograms[at]
            self._loads[at], self._kilograms[at] = load, kilograms
            self._chosen.append(at)
            self._try(number + 1, remaining)
            self._chosen.pop()
            self._loads[at], self._kilograms[at] = before

    def _with(self, at: int, line: PackedLine) -> tuple[Load | None, int]:
        """Give what a box holds with a line more, and its paid kilograms; None: too much."""
        held, more = self._loads[at], line.load
        load = Load(held.weight_g + more.weight_g, held.volume_mm3 + more.volume_mm3)
        box = self.boxes[at]
        if not box.limits.admit(load):
            return None, 0
        return load, begun_kilograms(box.tariff, load.weight_g, load.volume_mm3)

    def _keep(self) -> None:
        self.found = self._chosen.copy()
        self.kopecks = self._price()

    def _price(self) -> int:
        return sum(
            box.tariff.base_kopecks + kilograms * box.tariff.per_kg_kopecks
            for box, kilograms in zip(self.boxes, self._kilograms, strict=True)
        )

    def _is_hopeless(self, rest: Load) -> bool:
        """Tell whether nothing cheaper can come of what is put already.

        The rest first fills the kilograms that are paid for; each further one costs at least
        the lowest price of a kilogram.
        """
        if self.found is None:
            return False
        weight_g, volume_mm3 = rest.weight_g, rest.volume_mm3
        volume_of_kg = 1
        for box, load, kilograms in zip(self.boxes, self._loads, self._kilograms, strict=True):
            paid_g = kilograms * GRAMS_PER_KG + box.tariff.included_g
            weight_g -= paid_g - load.weight_g
            volume_mm3 -= paid_g * box.tariff.mm3_per_g - load.volume_mm3
            volume_of_kg = max(volume_of_kg, box.tariff.mm3_per_g * GRAMS_PER_KG)
        further = max(0, -(-weight_g // GRAMS_PER_KG), -(-volume_mm3 // volume_of_kg))
        cheapest = min(box.tariff.per_kg_kopecks for box in self.boxes)
        return self._price() + further * cheapest >= self.kopecks


def _total(lines: Sequence[PackedLine]) -> Load:
    return Load(
        sum(line.load.weight_g for line in lines), sum(line.load.volume_mm3 for line in lines)
    )
