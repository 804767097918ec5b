"""The load generator: a process of its own that places orders over many connections.

It must not take the processor from what it measures, so it does little: requests are prepared
as bytes, one request is under way on each connection, and of an answer no more is read than its
status and whether it is complete. Being woken costs as much as an answer itself, so where only
few answers are there it waits a moment for more of them. That counts as the service's time: a
latency begins before its order is sent and ends when the answer has been noticed. What the
generator used of the processor is in its result.

    python -m entrepot.bench.load < order > result      (both JSON)
"""

import contextlib
import select
import socket
import sys
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from entrepot.bench.processor_time import cpu_difference_s, machine_cpu_s, tree_cpu_s
from entrepot.bench.shape import Request

ANSWER_BYTES_MAX = 65_536
ANSWER_S_MAX = 30.0
CONNECT_PAUSE_S = 0.001
"""Between connections: workers that share a socket accept what comes while they are idle, and
one that is given all at once takes them all."""
POLL_S_MAX = 0.1
GATHER_S = 0.001
"""How long more answers are waited for: a thirtieth of what an order takes over 256 connections."""
CONNECTIONS_PER_FEW = 8
"""Answers are few when fewer than one connection of so many has one. Where no more connections
than that ask, nothing is few: each order goes out as soon as the last one is answered."""

_OK = b"200"
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


class LoadOrder(msgspec.Struct, frozen=True):
    """What to do: which requests, in turns, to which port, over how many connections, how long.

    The processor time of the trees of `watched` processes is taken over the measured time.
    """

    port: int
    requests: tuple[Request, ...]
    connections: int
    warm_up_s: float
    seconds: float
    watched: dict[str, int]


class LoadResult(msgspec.Struct, frozen=True):
    """What came of it. `placed` counts all orders, the rest tells of the measured time.

    `failure` is the first answer that was not 200, or what else went wrong.
    """

    placed: int
    answered: int
    seconds: float
    p50_ms: float
    p99_ms: float
    generator_cpu_s: float
    machine_cpu_s: float | None
    watched_cpu_s: dict[str, float | None]
    failure: str | None = None


class LoadFailed(Exception):  # noqa: N818 - told in a sentence
    """The service does not keep up its side of the conversation."""


class Connection:
    """A connection with one request under way; its `number` tells it from the others."""

    __slots__ = ("number", "receive", "send", "sent_at", "socket", "unread")

    def __init__(self, port: int, number: int) -> None:
        try:
            self.socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S_MAX)
        except OSError as error:
            raise LoadFailed(f"connection {number} cannot be made: {error}") from error
        self.number = number
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.receive: Callable[[int], bytes] = self.socket.recv
        self.send: Callable[[bytes], int] = self.socket.send
        self.sent_at = 0.0
        self.unread = b""


class Answer(NamedTuple):
    """A whole answer.

    Its `start` goes up to and with the length of its body, its `rest` is how many bytes there are
    from the end of its head on. Another answer with this start, whose head ends so many bytes
    before its own end, is whole too and has the same status.
    """

    text: bytes
    start: bytes
    rest: int

    @property
    def status(self) -> bytes:
        """The three digits."""
        return self.text[9:12]

    @property
    def shown(self) -> str:
        """The answer as text, whatever is in it."""
        return self.text.decode("utf-8", "replace")


class Load:
    """All connections by their descriptors, and the numbers of the orders."""

    def __init__(self, order: LoadOrder) -> None:
        self.requests = order.requests
        self.number = 0
        self.failure: str | None = None
        self.connections: dict[int, Connection] = {}
        self.epoll = select.epoll()
        for number in range(1, order.connections + 1):
            connection = Connection(order.port, number)
            self.connections[connection.socket.fileno()] = connection
            self.epoll.register(connection.socket, select.EPOLLIN)
            time.sleep(CONNECT_PAUSE_S)

    def close(self) -> None:
        for connection in self.connections.values():
            connection.socket.close()
        self.epoll.close()

    def start(self) -> None:
        for connection in self.connections.values():
            self.send(connection, time.perf_counter())

    def drive(self, seconds: float) -> list[float]:
        """Place orders for a time; gives how many seconds each answer took.

        Nothing is looked up or called in here that need not be: it runs for each order.
        """
        latencies: list[float] = []
        connections, requests, count = self.connections, self.requests, len(self.requests)
        clock, poll, number = time.perf_counter, self.epoll.poll, self.number
        few = len(connections) // CONNECTIONS_PER_FEW
        start, rest = _HEAD_END, 0  # no answer is like this
        until = clock() + seconds
        while True:
            ready = poll(POLL_S_MAX)
            now = clock()
            if now >= until:
                return latencies
            for descriptor, _ in ready:
                connection = connections[descriptor]
                try:
                    received = connection.receive(ANSWER_BYTES_MAX)
                    if (
                        connection.unread
                        or not received.startswith(start)
                        or not received.startswith(_HEAD_END, -rest)
                    ):
                        answer = self._whole(connection, received)
                        if answer is None:
                            continue
                        self._note_failure(answer)
                        start, rest = answer.start, answer.rest
                    latencies.append(now - connection.sent_at)
                    connection.sent_at = now
                    self.number = number = number + 1
                    connection.send(requests[number % count].numbered(number))
                except OSError as error:
                    raise self._broken(connection, f"cannot be used: {error}") from error
            if len(ready) < few:
                time.sleep(GATHER_S)

    def drain(self) -> int:
        """Wait for the answers that are owed; gives their number."""
        remaining = owed = len(self.connections)
        until = time.perf_counter() + ANSWER_S_MAX
        while remaining:
            if time.perf_counter() > until:
                raise LoadFailed(f"{remaining} requests had no answer after {ANSWER_S_MAX:.0f} s")
            for _, answer in self.receive(POLL_S_MAX):
                self._note_failure(answer)
                remaining -= 1
        return owed

    def send(self, connection: Connection, now: float) -> None:
        """Send the next order; how long it takes is counted from `now`."""
        self.number += 1
        request = self.requests[self.number % len(self.requests)].numbered(self.number)
        connection.sent_at = now
        try:
            connection.send(request)
        except OSError as error:
            raise self._broken(connection, f"cannot be used: {error}") from error

    def receive(self, wait_s: float) -> Iterator[tuple[Connection, Answer]]:
        """Give the answers that are complete, with their connections, after waiting for some."""
        for descriptor, _ in self.epoll.poll(wait_s):
            connection = self.connections[descriptor]
            try:
                received = connection.receive(ANSWER_BYTES_MAX)
            except OSError as error:
                raise self._broken(connection, f"cannot be used: {error}") from error
            answer = self._whole(connection, received)
            if answer is not None:
                yield connection, answer

    def _whole(self, connection: Connection, received: bytes) -> Answer | None:
        """Give the answer when this completes it; else keep what is there of it."""
        if not received:
            raise self._broken(connection, "was closed by the service")
        text = connection.unread + received
        connection.unread = text
        end = text.find(_HEAD_END)
        if end < 0:
            return None
        at = text.find(_LENGTH, 0, end)
        if at < 0:
            raise self._broken(connection, f"had an answer without content-length: {text[:end]!r}")
        length_end = text.index(b"\r", at)
        rest = len(_HEAD_END) + int(text[at + len(_LENGTH) : length_end])
        if len(text) < end + rest:
            return None
        if len(text) > end + rest:
            raise self._broken(connection, f"had more than an answer: {text!r}")
        connection.unread = b""
        return Answer(text, text[: length_end + 1], rest)

    def _note_failure(self, answer: Answer) -> None:
        if answer.status != _OK and self.failure is None:
            self.failure = answer.shown

    def _broken(self, connection: Connection, what: str) -> LoadFailed:
        waited_s = time.perf_counter() - connection.sent_at
        told = (
            f"connection {connection.number} of {len(self.connections)} {what} "
            f"({waited_s:.2f} s after its last order, {self.number} orders sent in all)"
        )
        # A service that fails closes the connection: what it answered before says more.
        return LoadFailed(f"{told}, after the answer: {self.failure}" if self.failure else told)


def place_orders(order: LoadOrder) -> LoadResult:
    """Carry out a load.

    Raises:
        LoadFailed: the service stopped answering.
    """
    with contextlib.closing(Load(order)) as load:
        return _carry_out(load, order)


def _carry_out(load: Load, order: LoadOrder) -> LoadResult:
    load.start()
    warmed_up = load.drive(order.warm_up_s)
    before = {name: tree_cpu_s(pid) for name, pid in order.watched.items()}
    machine_before = machine_cpu_s()
    own_before, started = time.process_time(), time.perf_counter()
    latencies = load.drive(order.seconds)
    own, seconds = time.process_time() - own_before, time.perf_counter() - started
    machine = cpu_difference_s(machine_before, machine_cpu_s())
    after = {name: tree_cpu_s(pid) for name, pid in order.watched.items()}
    placed = len(warmed_up) + len(latencies) + load.drain()
    latencies.sort()
    return LoadResult(
        placed=placed,
        answered=len(latencies),
        seconds=seconds,
        p50_ms=percentile(latencies, 0.50) * 1e3,
        p99_ms=percentile(latencies, 0.99) * 1e3,
        generator_cpu_s=own,
        machine_cpu_s=machine,
        watched_cpu_s={name: cpu_difference_s(before[name], after[name]) for name in order.watched},
        failure=load.failure,
    )


def percentile(ascending: list[float], part: float) -> float:
    """The value below which this part of the values lies; 0 when there are none."""
    return ascending[min(int(len(ascending) * part), len(ascending) - 1)] if ascending else 0.0


def main() -> None:
    """Read the order from stdin, write the result to stdout."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=LoadOrder)
    try:
        result = place_orders(order)
    except LoadFailed as error:
        result = LoadResult(0, 0, 0.0, 0.0, 0.0, 0.0, None, {}, failure=str(error))
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main()
