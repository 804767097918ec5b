"""Requests that no client library would send."""

import asyncio
import urllib.parse

from tests.support import evidence

ANSWER_S_MAX = 10.0


async def connect(base_url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection to a service."""
    parts = urllib.parse.urlsplit(base_url)
    return await asyncio.open_connection(parts.hostname, parts.port)


def request_bytes(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """Write a request; names of headers have underscores for hyphens."""
    sent = {"Host": "test", "Content-Length": str(len(body))}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in sent.items() if v)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


async def send(base_url: str, *parts: bytes, pause_s: float = 0.0) -> bytes:
    """Send bytes, in pieces with pauses; gives the first answer's head and what came with it."""
    reader, writer = await connect(base_url)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_s)
        async with asyncio.timeout(ANSWER_S_MAX):
            head = await reader.readuntil(b"\r\n\r\n")
            answer = head + await reader.read(65_536)
            evidence.saw_raw(answer)
            return answer
    finally:
        writer.close()
