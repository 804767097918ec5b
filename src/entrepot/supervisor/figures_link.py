"""How a worker tells its supervisor what it has counted: a pair of sockets, no files.

The supervisor sends the number of its question in a line, the worker answers with a line that
begins with it: its figures as JSON. A worker whose loop is stuck does not answer, and that is an
answer too; what it says later is not taken for the answer to the next question. The sockets end
with their processes.
"""

import asyncio
import resource
import socket
import time
from collections.abc import Callable

import msgspec

from entrepot.figures import Family, Spread, count, gauge, spread

FIGURES_BYTES_MAX = 16 * 1024 * 1024
ANSWER_S_MAX = 2.0
BEAT_S = 0.25
PAGES_FIELD = 1
"""Which number of /proc/self/statm counts the pages in memory."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Family]).decode


class Pulse:
    """How late a worker's loop is: the time that other work keeps a due one waiting."""

    def __init__(self) -> None:
        """Begin to measure, on the running loop."""
        self.late_s = Spread()
        self._task = asyncio.create_task(self._beat(), name="pulse")

    async def _beat(self) -> None:
        while True:
            due = time.perf_counter() + BEAT_S
            await asyncio.sleep(BEAT_S)
            self.late_s.observe(max(0.0, time.perf_counter() - due))


async def tell_figures(link: socket.socket, figures: Callable[[], list[Family]]) -> None:
    """Answer whoever asks over the link, for as long as the other end is there."""
    reader, writer = await asyncio.open_connection(sock=link)
    pulse = Pulse()
    while question := await reader.readline():
        told = _encode([*figures(), *_of_the_process(pulse)])
        writer.write(question.strip() + b" " + told + b"\n")
        await writer.drain()


class FiguresLink:
    """The supervisor's end of one worker's link."""

    def __init__(self) -> None:
        """Make the pair; `worker_end` goes to the worker."""
        self._own, self.worker_end = socket.socketpair()
        self._own.setblocking(False)
        self._asking = asyncio.Lock()
        self._questions = 0
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self) -> list[Family] | None:
        """Give a worker's figures; None when it does not answer in time."""
        async with self._asking:
            try:
                async with asyncio.timeout(ANSWER_S_MAX):
                    return await self._ask()
            except (OSError, TimeoutError):
                return None

    def close(self) -> None:
        """End the link."""
        self.worker_end.close()
        if self._streams is not None:
            self._streams[1].close()
        self._own.close()

    async def _ask(self) -> list[Family]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(sock=self._own, limit=FIGURES_BYTES_MAX)
        reader, writer = self._streams
        self._questions += 1
        writer.write(b"%d\n" % self._questions)
        while line := await reader.readline():
            question, _, told = line.partition(b" ")
            if int(question) == self._questions:
                return _decode(told)
        raise ConnectionResetError


def _of_the_process(pulse: Pulse) -> list[Family]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return [
        count(
            "entrepot_process_cpu_seconds",
            "Processor time, the kernel's for it included.",
            used.ru_utime + used.ru_stime,
        ),
        gauge("entrepot_process_resident_bytes", "Memory in use.", _resident_bytes()),
        spread(
            "entrepot_loop_late_seconds",
            "How late the event loop comes to what is due; what every request waits.",
            pulse.late_s,
        ),
    ]


def _resident_bytes() -> int:
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - in a hurry
            return int(file.read().split()[PAGES_FIELD]) * resource.getpagesize()
    except OSError:  # not Linux
        return 0
