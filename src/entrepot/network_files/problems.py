"""What is wrong with the files of a network, each fault with its file, line, column and value."""

import msgspec

from entrepot import limits

_SHOWN_CHARS_MAX = 60


class Problem(msgspec.Struct, frozen=True):
    """Something wrong at a line counted from 1; line 0 is the file as a whole."""

    file: str
    line: int
    column: str | None
    value: str | None
    reason: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return (
            f"{place}: {self.column}: {self.reason}" if self.column else f"{place}: {self.reason}"
        )


class Problems:
    """Collects problems: the first ones whole, of the others the number."""

    def __init__(self) -> None:
        """Start with none."""
        self._kept: list[Problem] = []
        self._count = 0

    def __len__(self) -> int:
        """Count all of them, those not kept as well."""
        return self._count

    @property
    def kept(self) -> tuple[Problem, ...]:
        """Those kept, in the order in which they were found."""
        return tuple(self._kept)

    def add(
        self,
        file: str,
        line: int,
        reason: str,
        *,
        column: str | None = None,
        value: str | None = None,
    ) -> None:
        """Name a problem; `reason` is what a person reads."""
        self._count += 1
        if len(self._kept) < limits.NETWORK_PROBLEMS_KEPT_MAX:
            self._kept.append(Problem(file, line, column, value, reason))


class InvalidFilesError(Exception):
    """The files of a network that cannot be taken as they are.

    `count` is the number of all problems, of which `problems` may hold only the first.
    """

    def __init__(self, problems: Problems, order: tuple[str, ...]) -> None:
        """Take what was collected; files are named in this order."""
        self.count = len(problems)
        places = {file: place for place, file in enumerate(order)}
        self.problems = tuple(
            sorted(problems.kept, key=lambda each: (places.get(each.file, len(places)), each.line))
        )
        super().__init__(f"{self.count} problems")


def shown(text: str) -> str:
    """Quote what stands in a file, cut to a length that a line of a terminal bears."""
    return repr(text if len(text) <= _SHOWN_CHARS_MAX else text[: _SHOWN_CHARS_MAX - 1] + "…")
