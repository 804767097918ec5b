"""What the HTTP side of a process counts: answers, how long they took, what was turned away."""

from collections import defaultdict

from entrepot.figures import Family, Numbers, Spread, count, counts, gauge, spreads


class HttpFigures:
    """Figures of the operations' answers."""

    __slots__ = ("answers", "late", "seconds", "turned_away")

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self.answers: defaultdict[tuple[str, int], int] = defaultdict(int)
        self.seconds: defaultdict[str, Spread] = defaultdict(Spread)
        self.late: defaultdict[str, int] = defaultdict(int)
        self.turned_away = 0

    def answered(self, operation_id: str, http_status: int, elapsed_s: float) -> None:
        """Count one answer."""
        self.answers[operation_id, http_status] += 1
        self.seconds[operation_id].observe(elapsed_s)

    def told(self, in_progress: int) -> list[Family]:
        """Tell everything counted."""
        answers: list[tuple[tuple[str, ...], float]] = [
            ((name, str(status)), n) for (name, status), n in self.answers.items()
        ]
        return [
            Numbers(
                "entrepot_requests",
                "Answers by operation and HTTP status.",
                "count",
                ("operation", "status"),
                answers,
            ),
            spreads(
                "entrepot_request_seconds",
                "Time from a request's head to its answer.",
                "operation",
                self.seconds,
            ),
            gauge("entrepot_requests_in_progress", "Requests being worked on.", in_progress),
            counts(
                "entrepot_requests_late",
                "Requests that were told 503 because they took too long.",
                "operation",
                self.late,
            ),
            count(
                "entrepot_requests_turned_away",
                "Requests told 503 at once because too many were being worked on.",
                self.turned_away,
            ),
        ]
