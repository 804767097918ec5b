"""The load generator: a process of its own that places orders over many connections.

It must not take the processor from what it measures, so it does little: requests are prepared
as bytes, one request is under way on each connection, of an answer only the status and the
length are read. About 9 µs of a processor for each order; what it used is in its result.

    python -m entrepot.bench.load < order > result      (both JSON)
"""

import contextlib
import selectors
import socket
import sys
import time
from collections.abc import Callable
from typing import cast

import msgspec

from entrepot.bench.processor_time import cpu_difference_s, machine_cpu_s, tree_cpu_s
from entrepot.bench.shape import Request

ANSWER_BYTES_MAX = 65_536
ANSWER_S_MAX = 30.0
CONNECT_PAUSE_S = 0.001
"""Between connections: workers that share a socket accept what comes while they are idle, and
one that is given all at once takes them all."""


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


class Load:
    """All connections, and the numbers of the orders."""

    def __init__(self, order: LoadOrder) -> None:
        self.requests = order.requests
        self.number = 0
        self.failure: str | None = None
        self.selector = selectors.DefaultSelector()
        for number in range(1, order.connections + 1):
            connection = Connection(order.port, number)
            self.selector.register(connection.socket, selectors.EVENT_READ, connection)
            time.sleep(CONNECT_PAUSE_S)

    def close(self) -> None:
        for connection in self.connections():
            connection.socket.close()
        self.selector.close()

    def connections(self) -> list[Connection]:
        return [cast("Connection", key.data) for key in self.selector.get_map().values()]

    def start(self) -> None:
        for connection in self.connections():
            self._send(connection, time.perf_counter())

    def drive(self, seconds: float) -> list[float]:
        """Place orders for a time; gives how many seconds each answer took."""
        latencies: list[float] = []
        clock = time.perf_counter
        until = clock() + seconds
        while clock() < until:
            for key, _ in self.selector.select(0.1):
                connection = key.data
                if not self._answered(connection):
                    continue
                now = clock()
                latencies.append(now - connection.sent_at)
                self._send(connection, now)
        return latencies

    def drain(self) -> int:
        """Wait for the answers that are owed; gives their number."""
        remaining = owed = len(self.connections())
        until = time.perf_counter() + ANSWER_S_MAX
        while remaining:
            if time.perf_counter() > until:
                raise LoadFailed(f"{remaining} requests had no answer after {ANSWER_S_MAX:.0f} s")
            for key, _ in self.selector.select(0.1):
                remaining -= self._answered(key.data)
        return owed

    def _send(self, connection: Connection, now: float) -> None:
        self.number += 1
        request = self.requests[self.number % len(self.requests)].numbered(self.number)
        connection.sent_at = now
        try:
            connection.send(request)
        except OSError as error:
            raise self._broken(connection, f"cannot send an order: {error}") from error

    def _answered(self, connection: Connection) -> bool:
        """Read what is there; tell whether an answer is complete."""
        answer = self._received(connection)
        if answer is None:
            return False
        if answer[9:12] != b"200" and self.failure is None:
            self.failure = answer.decode("utf-8", "replace")
        return True

    def _received(self, connection: Connection) -> bytes | None:
        """Read what is there; gives an answer when it is complete."""
        try:
            received = connection.receive(ANSWER_BYTES_MAX)
        except OSError as error:
            raise self._broken(connection, f"cannot be read: {error}") from error
        if not received:
            raise self._broken(connection, "was closed by the service")
        if connection.unread:
            received = connection.unread + received
        if not _is_complete(received):
            connection.unread = received
            return None
        connection.unread = b""
        return received

    def _broken(self, connection: Connection, what: str) -> LoadFailed:
        waited_s = time.perf_counter() - connection.sent_at
        told = (
            f"connection {connection.number} of {len(self.connections())} {what} "
            f"({waited_s:.2f} s after its last order, {self.number} orders sent in all)"
        )
        # A service that fails closes the connection: what it answered before says more.
        return LoadFailed(f"{told}, after the answer: {self.failure}" if self.failure else told)


def _is_complete(answer: bytes) -> bool:
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    at = answer.find(b"content-length: ", 0, end)
    if at < 0:
        raise LoadFailed(f"an answer without content-length: {answer[:end]!r}")
    line_end = answer.find(b"\r", at)
    return len(answer) >= end + 4 + int(answer[at + 16 : line_end])


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
