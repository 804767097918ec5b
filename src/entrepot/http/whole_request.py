"""A request that has arrived whole, as the connection that it came by hands it over."""

import asyncio
from typing import Protocol

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE
from uvicorn.server import ServerState

from entrepot.http.application import Target
from entrepot.http.asgi import Header, Headers, Message, Reply
from entrepot.http.request import Request


class Connection(Protocol):
    """What an answer needs of the connection that it goes out by."""

    client: tuple[str, int] | None
    flow: FlowControl
    server_state: ServerState
    transport: asyncio.Transport

    def write_at_once(self, whole: bytes) -> None:
        """Send a whole answer behind what was written before it."""
        ...

    def on_response_complete(self) -> None:
        """Go on with what waits behind the answer."""
        ...


_NOTHING: Headers = {}


class _Unheard:
    """Stands for the event that wakes who reads a body: of a whole request nobody does."""

    def set(self) -> None:
        """Wake nobody."""


class WholeRequest(Request):
    """A request that has arrived whole; for uvicorn the exchange that its connection is in.

    Hence the names that uvicorn asks for: `disconnected`, `keep_alive`, `response_complete`,
    `response_started`, and what tells that the body is complete.
    """

    __slots__ = ("_connection", "disconnected", "keep_alive", "response_complete", "task")

    more_body = False
    message_event = _Unheard()

    def __init__(self, target: Target, headers: list[Header], body: bytes, to: Connection) -> None:
        """Take what the parser found, and the way back."""
        super().__init__(
            target.matched, target.path, target.query_string, dict(headers), body, to.client
        )
        self._connection: Connection | None = to
        self.disconnected = False
        self.keep_alive = True
        self.response_complete = False
        self.task: asyncio.Task[None]

    @property
    def response_started(self) -> bool:
        """Tell whether some of the answer was sent: head and body are sent at once."""
        return self.response_complete

    async def receive(self) -> Message:
        """Give what is left to be read: nothing."""
        return {"type": "http.disconnect"}

    def let_go(self) -> None:
        """Hold on to nothing any more, since nothing works for it.

        A connection keeps its last request while it is idle: that may be many bodies. And as
        long as the request keeps the connection, too, both outlive it until garbage is collected.
        """
        self.headers, self.whole_body = _NOTHING, None
        self._connection = None
        del self.task

    async def send(self, reply: Reply) -> None:
        """Send the answer with one write.

        Names and values of our headers are our own, so nothing looks for line breaks in them.
        """
        connection = self._connection
        if connection is None:
            return
        if connection.flow.write_paused:
            await connection.flow.drain()
        if self.disconnected:
            return
        parts = [STATUS_LINE[reply.http_status]]
        for name, value in (
            *connection.server_state.default_headers, *reply.headers, *self.told_headers()
        ):  # fmt: skip
            parts += (name, b": ", value, b"\r\n")
        parts.append(
            b"content-type: %b\r\ncontent-length: %d\r\nx-request-id: %b\r\n%b\r\n%b"
            % (
                reply.content_type,
                len(reply.body),
                self.request_id.encode("ascii"),
                b"" if self.keep_alive else b"connection: close\r\n",
                reply.body,
            )
        )
        self.response_complete = True
        connection.write_at_once(b"".join(parts))
        if not self.keep_alive:
            connection.transport.close()
        connection.on_response_complete()
