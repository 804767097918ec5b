"""A shop's server that hears notifications: real HTTP, and it can misbehave in many ways."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

Behaviour = Callable[["Heard", asyncio.StreamWriter], Awaitable[None]]

NAME = b'{"version": "1.0", "name": "Shop", "time": "2026-06-01T00:00:00Z"}'


class Heard(NamedTuple):
    """A notification as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """What it says."""
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        """What it is about."""
        return str(self.json["notificationType"])


def answer(
    status: int, body: bytes = b"", content_type: str = "application/json", *extra: str
) -> Behaviour:
    """Answer everything with this."""

    async def behave(_heard: Heard, writer: asyncio.StreamWriter) -> None:
        head = [
            f"HTTP/1.1 {status} Whatever",
            f"Content-Type: {content_type}",
            f"Content-Length: {len(body)}",
            *extra,
        ]
        writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)

    return behave


accept = answer(200, NAME)


def raw(content: bytes) -> Behaviour:
    """Write bytes and close the connection."""

    async def behave(_heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        writer.close()

    return behave


async def say_nothing(_heard: Heard, _writer: asyncio.StreamWriter) -> None:
    """Hold the connection and never answer."""
    await asyncio.Event().wait()


class Receiver:
    """What came, and how the next one is answered."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.behave: Behaviour = accept
        self.port = 0
        self._talks: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        """Where it hears."""
        return f"http://127.0.0.1:{self.port}/hook?shop=1"

    @property
    def told(self) -> list[Heard]:
        """What came but PINGs."""
        return [heard for heard in self.heard if heard.kind != "PING"]

    @property
    def kinds(self) -> list[str]:
        """The kinds of what came, but PINGs."""
        return [heard.kind for heard in self.told]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            while (heard := await _read(reader)) is not None:
                self.heard.append(heard)
                await self.behave(heard, writer)
                await writer.drain()
                if writer.is_closing():
                    return
        except ConnectionError:
            return
        finally:
            self._talks.discard(task)
            writer.close()

    def hang_up(self) -> None:
        """End every conversation."""
        for task in self._talks:
            task.cancel()


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """Hear notifications on a free port."""
    made = Receiver()
    server = await asyncio.start_server(made.talk, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        made.hang_up()
        await server.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Heard | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        # Values are kept as they are but for names: signatures are told apart by case.
        for line in lines:
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    except asyncio.IncompleteReadError:
        return None
    return Heard(first.split(" ")[1], headers, body)
