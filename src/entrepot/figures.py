"""What a process counts about itself, for whoever asks: numbers, and spreads of durations.

Each part keeps its own figures and adds to them with a few bytecodes; nothing is computed, named
or written before somebody asks. A process tells them as `Family` values; the supervisor gathers
those of all its workers and writes them for Prometheus.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

# From a remembered answer to the call's time-out.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)

Labels: TypeAlias = tuple[str, ...]


class Spread:
    """How observed values spread over fixed bounds; a value on a bound lies below it."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...] = SECONDS) -> None:
        """Begin with nothing observed."""
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Numbers(msgspec.Struct, frozen=True, tag="numbers"):
    """Numbers of one kind: counts since the process began, or what is so at this moment."""

    name: str
    about: str
    kind: Literal["count", "gauge"]
    labels: Labels
    samples: list[tuple[Labels, float]]


class Spreads(msgspec.Struct, frozen=True, tag="spreads"):
    """Spreads of one kind: labels, how many fell into each interval, and the sum of all."""

    name: str
    about: str
    labels: Labels
    bounds: tuple[float, ...]
    samples: list[tuple[Labels, list[int], float]]


Family: TypeAlias = Numbers | Spreads


def count(name: str, about: str, value: float) -> Numbers:
    """Tell one count."""
    return Numbers(name, about, "count", (), [((), value)])


def gauge(name: str, about: str, value: float) -> Numbers:
    """Tell what is so now."""
    return Numbers(name, about, "gauge", (), [((), value)])


def counts(name: str, about: str, label: str, values: Mapping[str, float]) -> Numbers:
    """Tell counts by one label."""
    return Numbers(name, about, "count", (label,), [((k,), v) for k, v in values.items()])


def spread(name: str, about: str, observed: Spread) -> Spreads:
    """Tell one spread."""
    samples: list[tuple[Labels, list[int], float]] = [((), observed.counts, observed.total)]
    return Spreads(name, about, (), observed.bounds, samples)


def spreads(name: str, about: str, label: str, observed: Mapping[str, Spread]) -> Spreads:
    """Tell spreads by one label; all have the same bounds."""
    bounds = next(iter(observed.values())).bounds if observed else SECONDS
    return Spreads(
        name, about, (label,), bounds, [((k,), s.counts, s.total) for k, s in observed.items()]
    )


class WorkFigures:
    """Figures of the duties of a process, by their names."""

    __slots__ = ("done", "failures", "late_s", "seconds")

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self.done: defaultdict[str, int] = defaultdict(int)
        self.failures: defaultdict[str, int] = defaultdict(int)
        self.seconds: defaultdict[str, Spread] = defaultdict(Spread)
        self.late_s: dict[str, float] = {}

    def told(self) -> list[Family]:
        """Tell everything counted."""
        late: list[tuple[Labels, float]] = [((name,), late) for name, late in self.late_s.items()]
        return [
            counts("entrepot_work_done", "Things done later, by duty.", "duty", self.done),
            counts("entrepot_work_failures", "Attempts that failed.", "duty", self.failures),
            spreads("entrepot_work_seconds", "Time one attempt takes.", "duty", self.seconds),
            Numbers(
                "entrepot_work_late_seconds",
                "For how long the first of what is due has been due.",
                "gauge",
                ("duty",),
                late,
            ),
        ]
