"""What placing counts: batches, how long commands wait for one, and what became of them."""

from collections import defaultdict

from entrepot.contract.errors import Refusal
from entrepot.domain.placement import Outcome
from entrepot.figures import SIZES, Family, Spread, counts, gauge, spread


class PlacingFigures:
    """Figures of one queue."""

    __slots__ = ("batch_commands", "batch_s", "outcomes", "turned_away", "wait_s")

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self.batch_commands = Spread(SIZES)
        self.batch_s = Spread()
        self.wait_s = Spread()
        self.outcomes: defaultdict[str, int] = defaultdict(int)
        self.turned_away: defaultdict[str, int] = defaultdict(int)

    def came_to(self, outcome: Outcome | Exception) -> None:
        """Count what became of one command."""
        if isinstance(outcome, Refusal):
            self.outcomes[outcome.code] += 1
        else:
            self.outcomes[type(outcome).__name__] += 1

    def told(self, waiting_commands: int, waiting_bytes: int) -> list[Family]:
        """Tell everything counted."""
        return [
            spread(
                "entrepot_placing_batch_commands",
                "Commands in one batch, which is one transaction.",
                self.batch_commands,
            ),
            spread(
                "entrepot_placing_batch_seconds",
                "Time from taking a batch to its outcomes, its commit included.",
                self.batch_s,
            ),
            spread(
                "entrepot_placing_wait_seconds",
                "Time a command waits until a batch takes it.",
                self.wait_s,
            ),
            counts(
                "entrepot_placing_outcomes",
                "Commands by what became of them: Placed, a refusal's code, or a fault.",
                "outcome",
                self.outcomes,
            ),
            counts(
                "entrepot_placing_turned_away",
                "Commands told 503 before they were tried, by reason.",
                "reason",
                self.turned_away,
            ),
            gauge("entrepot_placing_queue_commands", "Commands that wait.", waiting_commands),
            gauge("entrepot_placing_queue_bytes", "Size of what waits.", waiting_bytes),
        ]
