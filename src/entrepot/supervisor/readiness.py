"""Ask the service whether it answers, as any client would: over its socket."""

import asyncio
from collections.abc import Mapping

import msgspec

from entrepot.db.start_refused import StartRefused

READY_S_MAX = 120.0
"""A database that recovers from a crash may keep the first answer waiting."""
ANSWER_S_MAX = 10.0
POLL_S = 0.05
HTTP_OK = 200


class Answer(msgspec.Struct, frozen=True):
    status: int
    body: bytes


async def ask(
    address: tuple[str, int],
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Answer:
    """One request on a connection of its own.

    Raises:
        OSError: nobody answered, or not in HTTP.
        TimeoutError: not in time.
    """
    host, port = address
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close"]
    lines += [f"Content-Length: {len(body)}", *(f"{k}: {v}" for k, v in (headers or {}).items())]
    async with asyncio.timeout(ANSWER_S_MAX):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            answer = await reader.read()
        finally:
            writer.close()
    head, _, content = answer.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    if len(words) < 2 or not words[1].isdigit():  # noqa: PLR2004 - "HTTP/1.1 200 …"
        raise ConnectionError("the answer is not HTTP")
    return Answer(int(words[1]), content)


async def wait_until_ready(address: tuple[str, int]) -> None:
    """Wait until `/readyz` answers 200.

    Raises:
        StartRefused: it does not in time.
    """
    last = "no answer"
    try:
        async with asyncio.timeout(READY_S_MAX):
            while True:
                try:
                    answer = await ask(address, "GET", "/readyz")
                except OSError as error:
                    last = str(error)
                else:
                    if answer.status == HTTP_OK:
                        return
                    last = answer.body.decode("utf-8", "replace")
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise StartRefused(
            f"The service is not ready after {READY_S_MAX:.0f} s. /readyz says: {last}"
        ) from None
