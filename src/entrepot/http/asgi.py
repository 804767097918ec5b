"""ASGI as this package speaks it: its types, and one way to send an answer."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import msgspec

from entrepot.contract.errors import Refusal

AsgiScope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
AsgiApp: TypeAlias = Callable[[AsgiScope, Receive, Send], Awaitable[None]]
Header: TypeAlias = tuple[bytes, bytes]
Headers: TypeAlias = dict[bytes, bytes]


class Reply(msgspec.Struct, frozen=True, gc=False):
    """An answer ready to be sent, with what headers it has of its own."""

    http_status: int
    body: bytes
    headers: tuple[Header, ...] = ()
    content_type: bytes = b"application/json"


def refusal_reply(refusal: Refusal) -> Reply:
    """Put a refusal into the contract's envelope."""
    return Reply(refusal.http_status, msgspec.json.encode(refusal.envelope()))


async def send_reply(
    send: Send, reply: Reply, request_id: str, headers: tuple[Header, ...] = ()
) -> None:
    """Send an answer, with headers beside its own, as ASGI's two messages."""
    all_headers = [
        (b"content-type", reply.content_type),
        (b"content-length", b"%d" % len(reply.body)),
        (b"x-request-id", request_id.encode("ascii")),
        *reply.headers,
        *headers,
    ]
    status = reply.http_status
    await send({"type": "http.response.start", "status": status, "headers": all_headers})
    await send({"type": "http.response.body", "body": reply.body})
