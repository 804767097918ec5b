"""ASGI as this package speaks it: its types, and one way to send an answer."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Protocol, TypeAlias

import msgspec

from entrepot.contract.errors import Refusal

AsgiScope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
AsgiApp: TypeAlias = Callable[[AsgiScope, Receive, Send], Awaitable[None]]
Header: TypeAlias = tuple[bytes, bytes]
Headers: TypeAlias = dict[bytes, bytes]


# Where our protocol puts a `WholeRequest` into the scope of each request that has arrived whole.
WHOLE = "entrepot.whole"


class WholeRequest(Protocol):
    """A request that has arrived with its body; it can be read and answered without messages.

    Reading never waits. What ASGI does with a task's turn and two messages for each request
    this does with two calls.
    """

    def body(self) -> bytes:
        """Give the body."""
        ...

    def answer(self, http_status: int, headers: Iterable[Header], body: bytes) -> bool:
        """Send a whole answer, and nothing after it; False where ASGI's messages must be used."""
        ...


class Reply(msgspec.Struct, frozen=True, gc=False):
    """An answer ready to be sent, with what headers it has of its own."""

    http_status: int
    body: bytes
    headers: tuple[Header, ...] = ()
    content_type: bytes = b"application/json"


class Request(msgspec.Struct, frozen=True, gc=False):
    """What came over the wire, as far as an operation is concerned.

    `whole` is there when the body has arrived: reading it will not wait.
    """

    path: str
    query_string: bytes
    headers: Headers
    receive: Receive
    whole: WholeRequest | None


class ClientGone(Exception):  # noqa: N818 - an event, nobody's mistake
    """The client hung up before its request was complete: there is nobody to answer."""


def refusal_reply(refusal: Refusal) -> Reply:
    """Put a refusal into the contract's envelope."""
    return Reply(refusal.http_status, msgspec.json.encode(refusal.envelope()))


async def send_reply(
    scope: AsgiScope, send: Send, reply: Reply, request_id: str, headers: tuple[Header, ...] = ()
) -> None:
    """Send an answer to the request of this scope, with headers beside its own."""
    status, body = reply.http_status, reply.body
    all_headers = [
        (b"content-type", reply.content_type),
        (b"content-length", b"%d" % len(body)),
        (b"x-request-id", request_id.encode("ascii")),
        *reply.headers,
        *headers,
    ]
    # Taken out: it holds the scope, and a circle is freed by a garbage collection only.
    whole: WholeRequest | None = scope.pop(WHOLE, None)
    if whole is None or not whole.answer(status, all_headers, body):
        await send({"type": "http.response.start", "status": status, "headers": all_headers})
        await send({"type": "http.response.body", "body": body})
