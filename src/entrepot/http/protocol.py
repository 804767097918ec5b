"""uvicorn's HTTP protocol, with bounds on what comes before a body, and a short way.

The application bounds bodies; of a request's head it hears only when that is complete. Without
these bounds anybody could fill the memory with one header, or hold connections with half a line.

The short way is for a request for an operation that has arrived whole, which nearly every one
does: it is handed to the application as it is, without ASGI's scope and messages. Whatever is not
the usual case (a page, a body still on its way, pipelining, HTTP/1.0, `Expect`) goes through
uvicorn's own way.
"""

import asyncio
import secrets
from collections import deque
from typing import Any

import httptools
import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from entrepot import limits
from entrepot.contract.errors import HEAD_TOO_BIG, NOT_HTTP, Refusal
from entrepot.http.application import Application, Target
from entrepot.http.asgi import Header, refusal_reply
from entrepot.http.whole_request import WholeRequest

log = structlog.get_logger()

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
            self._loop.call_soon(self.flush)
        self._parts.append(part)

    def write_at_once(self, whole: bytes) -> None:
        """Send a whole answer behind what was written before it."""
        self.flush()
        if not self._transport.is_closing():
            self._transport.write(whole)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def flush(self) -> None:
        """Send what is there; who has hung up gets nothing, and is nobody's fault."""
        if self._parts:
            if not self._transport.is_closing():
                self._transport.write(b"".join(self._parts))
            self._parts.clear()


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
        self._idle_since: float | None = None
        # Whether the parser is stopping for a request that wishes for another protocol.
        self._wishes_other = False
        # The request whose head is complete and that may yet arrive whole, and what came of it.
        self._coming: Target | None = None
        self._head: list[Header] = []
        self._body: list[bytes] = []
        # Any ASGI application can be served; ours alone knows the short way.
        app = self.config.app
        self._application = app if isinstance(app, Application) else None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        self._joined = _JoinedWrites(transport, self.loop)
        super().connection_made(self._joined)  # type: ignore[arg-type]
        self._wait_at_most(limits.HEAD_READ_S_MAX)

    def write_at_once(self, whole: bytes) -> None:
        """Send a whole answer behind what was written before it."""
        self._joined.write_at_once(whole)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._forget_patience()
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
        super().connection_lost(exc)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Answer who has asked and will ask no more; hang up on who has left in the middle."""
        latest: RequestResponseCycle | None = self.cycle
        if latest is None or latest.response_complete or not self._at_rest:
            self._joined.flush()  # or the connection is closed before
            return None
        latest.keep_alive = False  # the last answer ends the connection
        return True

    def data_received(self, data: bytes) -> None:
        """Take what came, and end the connection when its head is over the bounds."""
        if self.transport.is_closing():
            return  # what was under way when a head was refused
        was_at_rest, self._begun = self._at_rest, 0
        self._frame_bytes += len(data)
        self._unset_keepalive_if_required()
        try:
            self._parse(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.logger.warning("Invalid HTTP request received.")
            self._end_with(NOT_HTTP())
        if self.transport.is_closing():
            return
        if self._coming is not None:
            self._go_on_by_messages()
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

    def _parse(self, data: bytes) -> None:
        """Let the parser hear of everything that came; not of a wish for another protocol.

        Of a request with one it takes the body for the other protocol's, and so for the next
        request. There is none, and then such a request is one like any other (RFC 9110, 7.8).
        Java's client wishes for HTTP/2 with the first request of each connection.
        """
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as stopped:
                if not self._wishes_other:
                    raise  # CONNECT
                (head_bytes,) = stopped.args
                data = self._head_without_wish() + data[head_bytes:]
                self._wishes_other = False
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            else:
                return

    def _head_without_wish(self) -> bytes:
        """Write a head that was read, once more."""
        lines = [b"%b: %b\r\n" % header for header in self.headers if header[0] != b"upgrade"]
        method, version = self.parser.get_method(), self.parser.get_http_version().encode("ascii")
        return b"%b %b HTTP/%b\r\n%b\r\n" % (method, self.url, version, b"".join(lines))

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
        # Any data ends the idle time; a line break, or the rest of a body, is no new request.
        if answered and self._idle_since is None:
            self._begin_idle()

    def on_message_begin(self) -> None:
        """Note that a head begins."""
        if len(self.pipeline) >= limits.PIPELINED_REQUESTS_MAX:
            raise _TooManyWaitError
        self._in_head = True
        self._at_rest = False
        self._begun += 1
        self._head_bytes = 0
        self.url = b""
        self.expect_100_continue = False
        self.headers = []

    def on_headers_complete(self) -> None:
        """Note that a head is complete, and good: until then no request is there."""
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self._wishes_other = True
            return
        latest: RequestResponseCycle | None = self.cycle
        if latest is None or latest.response_complete:
            self._coming = self._find_target()
        if self._coming is None:
            self._begin_messages()
        else:
            self._head = self.headers
        self._in_head = False
        self.headers = _TRAILERS  # type: ignore[assignment]

    def on_body(self, body: bytes) -> None:
        """Note that a body goes on."""
        self._frame_bytes = 0
        if self._coming is None:
            super().on_body(body)
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """Note that the next head may begin, and begin with a request that is there whole."""
        if self._wishes_other:
            return
        self._at_rest = True
        self._frame_bytes = 0
        self._forget_patience()
        if self._coming is None:
            super().on_message_complete()
            return
        assert self._application is not None, "who found the target"
        request = WholeRequest(self._coming, self._head, b"".join(self._body), self)
        self._coming, self._head = None, []  # an idle connection keeps nothing of it
        self._body.clear()
        self.cycle = request  # type: ignore[assignment]
        request.task = self.loop.create_task(self._serve(request, self._application))
        self.tasks.add(request.task)

    def on_response_complete(self) -> None:
        """Go on with what waits, and read no more before all of it has been begun."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if not self.pipeline:
            self._begin_idle()
            return
        self._start_asgi_task(*self.pipeline.pop())
        if self.pipeline:
            self.flow.pause_reading()

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection if it was idle for long.

        One timer serves many requests: making and cancelling one for each costs more than to
        look, now and then, how long nothing came.
        """
        self.timeout_keep_alive_task = None
        if self._idle_since is None:
            return
        left_s = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left_s <= 0:
            super().timeout_keep_alive_handler()
        else:
            self._look_idle_in(left_s)

    def _unset_keepalive_if_required(self) -> None:
        """Note that the connection is not idle: uvicorn's hook for whatever arrives."""
        self._idle_since = None

    def _begin_idle(self) -> None:
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_idle_in(self.timeout_keep_alive)

    def _look_idle_in(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    def _find_target(self) -> Target | None:
        """Find the operation that is asked for, in the usual way of asking."""
        application, parser = self._application, self.parser
        if (
            application is None
            or parser.get_http_version() != "1.1"
            or not parser.should_keep_alive()
            or self.expect_100_continue
        ):
            return None
        return application.find(parser.get_method(), self.url)

    def _begin_messages(self) -> None:
        """Let uvicorn make of the head what ASGI wants."""
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url = url
        for name, value in headers:
            super().on_header(name, value)
        super().on_headers_complete()

    def _go_on_by_messages(self) -> None:
        """Go uvicorn's way after all: the body of a request is still on its way."""
        self._coming, self.headers = None, self._head
        self._begin_messages()
        self.headers = _TRAILERS  # type: ignore[assignment]
        super().on_body(b"".join(self._body))
        self._body.clear()

    async def _serve(self, request: WholeRequest, application: Application) -> None:
        try:
            await application.serve(request)
        except Exception:  # told to nobody, as there is no way to any more
            log.exception("an answer could not be sent", request_id=request.request_id)
        finally:
            self.tasks.discard(request.task)
            if not request.response_complete:
                self.transport.close()
            request.let_go()

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
        if current is None or self._coming is not None:
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
