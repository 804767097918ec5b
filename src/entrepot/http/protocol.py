"""uvicorn's HTTP protocol, with bounds on what comes before a body.

The application bounds bodies; of a request's head it hears only when that is complete. Without
these bounds anybody could fill the memory with one header, or hold connections with half a line.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from entrepot import limits
from entrepot.contract.errors import HEAD_TOO_BIG, NOT_HTTP, Refusal
from entrepot.http.asgi import WHOLE, Header, refusal_reply

# Where the fields behind a chunked body go: nothing here asks for any, and whoever checked the
# headers in front of the service has not seen them.
_TRAILERS: deque[Header] = deque(maxlen=0)


class _TooManyWaitError(Exception):
    """A client asks and asks and does not wait for answers."""


class _JoinedWrites:
    """A transport that sends what is written within one turn of the loop with one system call.

    uvicorn writes the head and the body of an answer one after the other; on a socket each
    write costs more than everything else that is done to answer.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the transport has
        return getattr(self._transport, name)

    def write(self, part: bytes) -> None:
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(part)

    def write_at_once(self, whole: bytes) -> None:
        """Send a whole answer behind what was written before it."""
        self._flush()
        self._transport.write(whole)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._parts:
            self._transport.write(b"".join(self._parts))
            self._parts.clear()


class _Whole:
    """A request that has arrived whole (`asgi.WholeRequest`)."""

    __slots__ = ("_cycle", "_protocol")

    def __init__(self, cycle: RequestResponseCycle, protocol: "BoundedHttp") -> None:
        self._cycle = cycle
        self._protocol = protocol

    def body(self) -> bytes:
        return bytes(self._cycle.body)

    def answer(self, http_status: int, headers: Iterable[Header], body: bytes) -> bool:
        """Do what uvicorn does with the two messages of an answer, which takes it 10 µs.

        Names and values of our headers are our own, so nothing looks for line breaks in them.
        """
        cycle, protocol = self._cycle, self._protocol
        if cycle.disconnected:
            return True  # there is nobody to send it to
        if (
            not cycle.keep_alive
            or cycle.response_started
            or cycle.scope["method"] == "HEAD"
            or protocol.flow.write_paused
        ):
            return False
        parts = [STATUS_LINE[http_status]]
        for name, value in (*protocol.server_state.default_headers, *headers):
            parts += (name, b": ", value, b"\r\n")
        parts += (b"\r\n", body)
        cycle.response_started = True
        cycle.waiting_for_100_continue = False
        protocol.joined.write_at_once(b"".join(parts))
        cycle.response_complete = True
        cycle.message_event.set()
        cycle.on_response()
        return True


class BoundedHttp(HttpToolsProtocol):
    """One connection; what is too large, too slow or too much ends it."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - uvicorn's own
        """Await the first head."""
        super().__init__(*arguments, **named)
        self._in_head = True
        self._at_rest = True
        self._begun = 0
        self._head_bytes = 0
        self._frame_bytes = 0
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        self.joined = _JoinedWrites(transport, self.loop)
        super().connection_made(self.joined)  # type: ignore[arg-type]
        self._wait_at_most(limits.HEAD_READ_S_MAX)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._forget_patience()
        super().connection_lost(exc)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Answer who has asked and will ask no more; hang up on who has left in the middle."""
        latest: RequestResponseCycle | None = self.cycle
        if latest is None or latest.response_complete or not self._at_rest:
            return None
        latest.keep_alive = False  # the last answer ends the connection
        return True

    def data_received(self, data: bytes) -> None:
        """Take what came, and end the connection when its head is over the bounds."""
        if self.transport.is_closing():
            return  # what was under way when a head was refused
        was_at_rest, self._begun = self._at_rest, 0
        self._frame_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if not self._in_head:
            self._behind_a_head()
            return
        # Of data that also brought the end of another request, how much is head is not known.
        if self._begun == 0 or (was_at_rest and self._begun == 1):
            self._head_bytes += len(data)
        if self._head_bytes > limits.HEAD_BYTES_MAX:
            self._end_with(HEAD_TOO_BIG(max_kb=limits.HEAD_BYTES_MAX // 1024))
        else:
            self._wait_at_most(limits.HEAD_READ_S_MAX)

    def _behind_a_head(self) -> None:
        """Bound what comes after a head: a body, what frames it, and what is none of it."""
        answered = self.cycle.response_complete
        if not self._at_rest:
            if self._frame_bytes > limits.HEAD_BYTES_MAX:
                self.transport.close()  # sizes of chunks, trailers: nobody has so many
            elif answered:
                self._wait_at_most(limits.BODY_READ_S_MAX)  # the application reads it no more
            else:
                self._forget_patience()
            return
        self._forget_patience()
        # Any data stops uvicorn's timer; a line break, or the rest of a body, is no new request.
        if answered and self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_message_begin(self) -> None:
        """Note that a head begins."""
        if len(self.pipeline) >= limits.PIPELINED_REQUESTS_MAX:
            raise _TooManyWaitError
        self._in_head = True
        self._at_rest = False
        self._begun += 1
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that a head is complete, and good: until then no request is there."""
        super().on_headers_complete()
        self._in_head = False
        self.headers = _TRAILERS  # type: ignore[assignment]

    def on_body(self, body: bytes) -> None:
        """Note that a body goes on."""
        self._frame_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the next head may begin, and tell the application that all is there."""
        self._at_rest = True
        self._frame_bytes = 0
        self._forget_patience()
        self.scope[WHOLE] = _Whole(self.cycle, self)  # type: ignore[literal-required]
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with what waits, and read no more before all of it has been begun."""
        super().on_response_complete()
        if self.pipeline:
            self.flow.pause_reading()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's, in plain text
        """Refuse what is no HTTP, in the contract's envelope."""
        self._end_with(NOT_HTTP())

    def _end_with(self, refusal: Refusal) -> None:
        """Answer with a refusal and end the connection.

        Without an answer when an earlier request of the connection still waits for its own, for
        which it would be taken, and when this one has been answered before its body ended.
        """
        if not self._has_no_place_for_an_answer():
            body = refusal_reply(refusal).body
            head = (
                f"HTTP/1.1 {refusal.http_status} Bad Request\r\n"
                "content-type: application/json\r\n"
                f"content-length: {len(body)}\r\n"
                f"x-request-id: {secrets.token_hex(9)}\r\n"
                "connection: close\r\n\r\n"
            )
            self.transport.write(head.encode("ascii") + body)
        self.transport.close()

    def _has_no_place_for_an_answer(self) -> bool:
        """Tell whether an answer sent now would be taken for that of another request."""
        current: RequestResponseCycle | None = self.cycle
        if current is None:
            return False
        in_its_body = not self._in_head and not self._at_rest
        if current.response_complete:
            return in_its_body
        return not in_its_body or current.response_started or bool(self.pipeline)

    def _wait_at_most(self, seconds: float) -> None:
        """Give up unless what is being waited for is there in time, counted from the first call."""
        if self._patience is None:
            self._patience = self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        self._patience = None
        if not self.transport.is_closing():
            self.transport.close()

    def _forget_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
