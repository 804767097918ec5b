"""A proxy in front of PostgreSQL that stops, or cuts, a connection at a statement it is told.

Races are provoked at a named point with it, not by sleeping: `stop_before("INSERT INTO slot")`
holds the next such statement back before the server sees it, `stop_after("COMMIT")` lets the
server carry it out and holds its answer back. What is held is then released or cut off.
"""

import asyncio
import contextlib
import struct
import tempfile
import urllib.parse
from collections.abc import AsyncIterator
from pathlib import Path

WAIT_S_MAX = 20.0
_SOCKET = ".s.PGSQL.5432"
_QUERY, _PARSE, _BIND, _READY = b"Q", b"P", b"B", b"Z"


class Gate:
    """A point in the conversation of one connection with the server."""

    def __init__(self, text: str, *, answered: bool, skip: int) -> None:
        self.text = text
        self.answered = answered
        self.skip = skip
        self._reached = asyncio.Event()
        self._verdict: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.stranded = False

    async def reached(self) -> None:
        """Wait until a connection stands at the gate."""
        async with asyncio.timeout(WAIT_S_MAX):
            await self._reached.wait()

    def release(self) -> None:
        """Let the connection go on, if it is still there."""
        self._decide(go_on=True)

    def cut(self) -> None:
        """Break the connection off, towards both ends."""
        self._decide(go_on=False)

    def strand(self) -> None:
        """Break the connection off towards the client alone: the server hears nothing of it."""
        self.stranded = True
        self._decide(go_on=False)

    def _decide(self, *, go_on: bool) -> None:
        if not self._verdict.done():  # cancelled when the connection ended by itself
            self._verdict.set_result(go_on)

    async def pass_through(self) -> bool:
        """Stand at the gate; tells whether to go on."""
        self._reached.set()
        return await self._verdict


class Wire:
    """The proxy: where it listens, what went through it, and its gates."""

    def __init__(self, url: str, listening_url: str) -> None:
        self._server = _address(url)
        self.url = listening_url
        self.statements: list[str] = []
        self._gates: list[Gate] = []
        self._broken = False
        self._conversations: set[asyncio.Task[None]] = set()
        self._stranded: list[asyncio.StreamWriter] = []

    def stop_before(self, text: str, *, skip: int = 0) -> Gate:
        """Hold back the next statement that begins so, after `skip` others."""
        return self._gate(Gate(text, answered=False, skip=skip))

    def stop_after(self, text: str, *, skip: int = 0) -> Gate:
        """Hold back the server's answer to the next statement that begins so."""
        return self._gate(Gate(text, answered=True, skip=skip))

    def _gate(self, gate: Gate) -> Gate:
        self._gates.append(gate)
        return gate

    def break_off(self) -> None:
        """End every conversation and begin none, until `mend`."""
        self._broken = True
        self._hang_up()

    def mend(self) -> None:
        """Carry connections again."""
        self._broken = False

    def match(self, statement: str) -> Gate | None:
        """Note a statement; gives the gate it must stop at. A gate stops one statement."""
        self.statements.append(statement)
        for gate in self._gates:
            if statement.lstrip().startswith(gate.text):
                if gate.skip == 0:
                    self._gates.remove(gate)
                    return gate
                gate.skip -= 1
        return None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either end closes it."""
        task = asyncio.current_task()
        assert task is not None
        self._conversations.add(task)
        try:
            if not self._broken:
                await self._carry(reader, writer)
        except asyncio.CancelledError:
            pass  # streams log the cancellation of a task of theirs as an error
        finally:
            self._conversations.discard(task)
            writer.transport.abort()

    async def close(self) -> None:
        """End every conversation."""
        self.break_off()
        await asyncio.gather(*self._conversations, return_exceptions=True)
        for to_server in self._stranded:
            to_server.transport.abort()

    def _hang_up(self) -> None:
        for conversation in self._conversations:
            conversation.cancel()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if isinstance(self._server, str):
            upstream = await asyncio.open_unix_connection(self._server)
        else:
            upstream = await asyncio.open_connection(*self._server)
        conversation = _Conversation(self, reader, writer, *upstream)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(conversation.forward_statements())
                group.create_task(conversation.forward_answers())
        except* _Stranded:
            self._stranded.append(upstream[1])
        except* (ConnectionError, asyncio.IncompleteReadError, _Cut):
            pass
        finally:
            if upstream[1] not in self._stranded:
                upstream[1].transport.abort()


class _Cut(Exception):  # noqa: N818 - the end of a conversation, not an error
    """The connection is to be broken off."""


class _Stranded(_Cut):
    """The server shall not hear of it."""


class _Conversation:
    """One connection, in PostgreSQL's protocol version 3."""

    def __init__(
        self,
        wire: Wire,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> None:
        self._wire = wire
        self._client, self._to_client = client, to_client
        self._server, self._to_server = server, to_server
        self._prepared: dict[bytes, str] = {}
        self._awaited: Gate | None = None

    async def forward_statements(self) -> None:
        (length,) = struct.unpack("!i", await self._client.readexactly(4))
        opening = await self._client.readexactly(length - 4)
        self._to_server.write(struct.pack("!i", length) + opening)
        while True:
            head = await self._client.readexactly(5)
            body = await self._client.readexactly(struct.unpack("!i", head[1:])[0] - 4)
            gate = self._gate_of(head[:1], body)
            if gate is not None and gate.answered:
                self._awaited = gate
            elif gate is not None and not await gate.pass_through():
                raise _Stranded if gate.stranded else _Cut
            self._to_server.write(head + body)
            await self._to_server.drain()

    async def forward_answers(self) -> None:
        held_back = b""
        while True:
            head = await self._server.readexactly(5)
            body = await self._server.readexactly(struct.unpack("!i", head[1:])[0] - 4)
            held_back += head + body
            gate = self._awaited
            if gate is not None:
                if head[:1] != _READY:
                    continue
                self._awaited = None
                if not await gate.pass_through():
                    raise _Stranded if gate.stranded else _Cut
            self._to_client.write(held_back)
            held_back = b""
            await self._to_client.drain()

    def _gate_of(self, kind: bytes, body: bytes) -> Gate | None:
        if kind == _QUERY:
            return self._wire.match(body.rstrip(b"\0").decode())
        if kind == _PARSE:
            name, statement, _ = body.split(b"\0", 2)
            self._prepared[name] = statement.decode()
        elif kind == _BIND:
            _portal, name, _ = body.split(b"\0", 2)
            return self._wire.match(self._prepared[name])
        return None


@contextlib.asynccontextmanager
async def wire_to(url: str) -> AsyncIterator[Wire]:
    """Run a proxy in front of the server of a URL."""
    with tempfile.TemporaryDirectory(prefix="entrepot-wire-") as folder:
        parts = urllib.parse.urlsplit(url)
        account = parts.netloc.rpartition("@")[0]
        listening_url = parts._replace(
            netloc=f"{account}@" if account else "", query=f"host={folder}"
        )
        wire = Wire(url, listening_url.geturl())
        listener = await asyncio.start_unix_server(wire.serve, str(Path(folder) / _SOCKET))
        try:
            yield wire
        finally:
            listener.close()
            await wire.close()


def _address(url: str) -> str | tuple[str, int]:
    """Where a server listens: the path of its socket, or host and port."""
    parts = urllib.parse.urlsplit(url)
    query = dict(urllib.parse.parse_qsl(parts.query))
    host = query.get("host") or parts.hostname or "localhost"
    port = int(query.get("port") or parts.port or 5432)
    return str(Path(host) / f".s.PGSQL.{port}") if host.startswith("/") else (host, port)
