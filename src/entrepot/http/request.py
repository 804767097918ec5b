"""A request for an operation, from its head to its answer.

One object for all that is known of it: every request makes one, and little else.
"""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from entrepot.http.asgi import AsgiScope, Header, Headers, Message, Receive, Reply, Send, send_reply
from entrepot.http.matching import Matched

if TYPE_CHECKING:
    from entrepot.http.endpoint import Endpoint
    from entrepot.http.limiting import Passage


class ClientGone(Exception):  # noqa: N818 - an event, nobody's mistake
    """The client hung up before its request was complete: there is nobody to answer."""


class Request(ABC):
    """What came over the wire, as far as an operation is concerned, and how to answer it.

    `whole_body` is there when all of the body has arrived; else it comes by `receive`. `passage`
    is the way through the limits that the request took, so that every answer can tell of them.
    `began` and `overdue_at` are moments of `time.perf_counter`.
    """

    __slots__ = (
        "answered", "began", "client", "endpoint", "headers", "overdue_at", "passage", "path",
        "query_string", "request_id", "values", "whole_body",
    )  # fmt: skip

    def __init__(
        self,
        matched: "Matched[Endpoint]",
        path: str,
        query_string: bytes,
        headers: Headers,
        whole_body: bytes | None,
        client: tuple[str, int] | None,
    ) -> None:
        """Begin unanswered."""
        self.endpoint, self.values = matched
        self.path = path
        self.query_string = query_string
        self.headers = headers
        self.whole_body = whole_body
        self.client = client
        self.request_id = ""
        self.began = self.overdue_at = 0.0
        self.answered = False
        self.passage: Passage | None = None

    def told_headers(self) -> tuple[Header, ...]:
        """Give what every answer tells: the operation's withdrawal, what is left of limits."""
        if self.passage is None:
            return self.endpoint.headers
        return self.endpoint.headers + self.passage.headers()

    @abstractmethod
    async def receive(self) -> Message:
        """Give the next part of a body that has not arrived whole, as an ASGI message."""

    @abstractmethod
    async def send(self, reply: Reply) -> None:
        """Send the one answer, with what every answer tells."""


class AsgiRequest(Request):
    """A request as any ASGI server hands it over."""

    __slots__ = ("_receive", "_send")

    def __init__(
        self, matched: "Matched[Endpoint]", scope: AsgiScope, receive: Receive, send: Send
    ) -> None:
        """Take a scope apart."""
        headers = dict(scope["headers"])
        path, query_string, client = scope["path"], scope["query_string"], scope.get("client")
        super().__init__(matched, path, query_string, headers, None, client)
        self._receive = receive
        self._send = send

    async def receive(self) -> Message:
        """Give the next part of the body."""
        return await self._receive()

    async def send(self, reply: Reply) -> None:
        """Send the answer."""
        await send_reply(self._send, reply, self.request_id, self.told_headers())
