"""The load generator that does not wait: orders at a fixed rate, whatever becomes of them.

Orders come at their times, as buyers do. How long one took is counted from the moment it was
due, so that a service which stalls cannot hide it by keeping the generator waiting.

    python -m entrepot.bench.paced < order > result      (both JSON)
"""

import contextlib
import sys
import time

import msgspec

from entrepot.bench.load import (
    ANSWER_S_MAX,
    POLL_S_MAX,
    Load,
    LoadFailed,
    LoadOrder,
    percentile,
)

_ACCEPTED, _REFUSED = b"200", b"503"


class PacedOrder(msgspec.Struct, frozen=True):
    """A load, and how many orders of it are due a second."""

    load: LoadOrder
    per_second: float


class PacedResult(msgspec.Struct, frozen=True):
    """What became of the orders. `accepted` counts all of them, the rest the measured time.

    `failure` is the first answer that was neither 200 nor 503, or what else went wrong.
    """

    accepted: int = 0
    offered_per_second: float = 0.0
    accepted_per_second: float = 0.0
    refused_per_second: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    refused_p99_ms: float = 0.0
    failure: str | None = None


class _Answers:
    """How long those took that were accepted, and those that were refused."""

    def __init__(self) -> None:
        self.accepted: list[float] = []
        self.refused: list[float] = []


class _Paced(Load):
    """Connections that are free, and orders that fall due."""

    def __init__(self, order: PacedOrder) -> None:
        super().__init__(order.load)
        self._per_second = order.per_second
        self._free = list(self.connections.values())

    def run(self, seconds: float) -> _Answers:
        """Offer orders for a time."""
        answers = _Answers()
        clock = time.perf_counter
        began = now = clock()
        sent = 0
        while now < began + seconds:
            due = int((now - began) * self._per_second) + 1
            while sent < due and self._free:
                self.send(self._free.pop(), began + sent / self._per_second)
                sent += 1
            self._gather(answers, 0.001)
            now = clock()
        return answers

    def finish(self) -> _Answers:
        """Wait for the answers that are owed."""
        answers = _Answers()
        until = time.perf_counter() + ANSWER_S_MAX
        while len(self._free) < len(self.connections):
            if time.perf_counter() > until:
                raise LoadFailed(f"orders had no answer after {ANSWER_S_MAX:.0f} s")
            self._gather(answers, POLL_S_MAX)
        return answers

    def _gather(self, answers: _Answers, wait_s: float) -> None:
        for connection, answer in self.receive(wait_s):
            self._free.append(connection)
            took = time.perf_counter() - connection.sent_at
            if answer.status == _ACCEPTED:
                answers.accepted.append(took)
            elif answer.status == _REFUSED:
                answers.refused.append(took)
            elif self.failure is None:
                self.failure = answer.shown


def offer_orders(order: PacedOrder) -> PacedResult:
    """Carry out a load.

    Raises:
        LoadFailed: the service stopped answering.
    """
    with contextlib.closing(_Paced(order)) as load:
        before = load.run(order.load.warm_up_s)
        sent_before, started = load.number, time.perf_counter()
        measured = load.run(order.load.seconds)
        seconds = time.perf_counter() - started
        sent = load.number - sent_before
        after = load.finish()
        measured.accepted.sort()
        measured.refused.sort()
        return PacedResult(
            accepted=sum(len(part.accepted) for part in (before, measured, after)),
            offered_per_second=sent / seconds,
            accepted_per_second=len(measured.accepted) / seconds,
            refused_per_second=len(measured.refused) / seconds,
            p50_ms=percentile(measured.accepted, 0.50) * 1e3,
            p99_ms=percentile(measured.accepted, 0.99) * 1e3,
            refused_p99_ms=percentile(measured.refused, 0.99) * 1e3,
            failure=load.failure,
        )


def main() -> None:
    """Read the order from stdin, write the result to stdout."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=PacedOrder)
    try:
        result = offer_orders(order)
    except LoadFailed as error:
        result = PacedResult(failure=str(error))
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main()
