"""The bench's receiver: a process of its own that accepts every notification, and counts.

python -m entrepot.bench.receiver        (prints its port; a GET is answered with the count)
"""

import asyncio
import sys
from typing import cast

import uvloop

_ACCEPTANCE = b'{"version":"1","name":"bench","time":"2026-01-01T00:00:00Z"}'
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_ACCEPTED = _HEAD % len(_ACCEPTANCE) + _ACCEPTANCE


class _Conversation(asyncio.Protocol):
    """A connection; requests follow each other on it."""

    heard = 0

    def __init__(self) -> None:
        self._unread = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Of uvloop's, which does not derive from it.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while (end := self._unread.find(b"\r\n\r\n")) >= 0:
            whole = end + 4 + _content_length(self._unread[:end])
            if len(self._unread) < whole:
                return
            answer = self._answer(self._unread[:4])
            self._unread = self._unread[whole:]
            assert self._transport is not None
            self._transport.write(answer)

    def _answer(self, method: bytes) -> bytes:
        if method == b"POST":
            _Conversation.heard += 1
            return _ACCEPTED
        count = b"%d" % _Conversation.heard
        return _HEAD % len(count) + count


def _content_length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(b"content-length: ")
    return 0 if at < 0 else int(lowered[at + 16 :].partition(b"\r")[0])


async def _receive() -> None:
    server = await asyncio.get_running_loop().create_server(_Conversation, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_receive())
