"""Read and decode the body of a request: bounded, JSON only, refused in the contract's words."""

import asyncio
import time
from typing import Any

import msgspec

from entrepot import limits
from entrepot.contract.errors import (
    BODY_MISSING,
    BODY_TOO_BIG,
    CONTENT_TYPE,
    ILLEGAL_INPUT,
    MALFORMED_JSON,
    UNEXPECTED_END,
    Refusal,
)
from entrepot.http.asgi import Headers
from entrepot.http.explain import explain_body
from entrepot.http.request import ClientGone, Request

_JSON = b"application/json"
_UTF_8 = {"", "utf-8", "utf8"}
_TRUNCATED = "Input data was truncated"
_NUL_ESCAPED = b"\\u0000"


async def read_body(request: Request, bytes_max: int) -> bytes | Refusal:
    """Read a body of at most so many bytes, declared or chunked.

    Raises:
        ClientGone: the client hung up before it had sent everything.
    """
    headers = request.headers
    declared = headers.get(b"content-length", b"").strip()
    if not (int(declared) if declared.isdigit() else b"transfer-encoding" in headers):
        return b""
    refusal = _refuse_media(headers)
    if refusal is not None:
        return refusal
    if declared.isdigit() and int(declared) > bytes_max:
        return _too_big(int(declared), bytes_max)
    body = request.whole_body
    if body is not None:  # nearly always: no timer for what will not wait
        return body if len(body) <= bytes_max else _too_big(len(body), bytes_max)
    # A slow body is bounded by itself: waiting for it is no time of ours.
    began = time.perf_counter()
    request.overdue_at += limits.BODY_READ_S_MAX
    try:
        async with asyncio.timeout(limits.BODY_READ_S_MAX):
            return await _receive_all(request, bytes_max)
    except TimeoutError:
        return UNEXPECTED_END()
    finally:
        request.overdue_at -= limits.BODY_READ_S_MAX - (time.perf_counter() - began)


class BodyDecoder:
    """Decodes bodies of one type."""

    def __init__(self, declared: type[msgspec.Struct], *, required: bool) -> None:
        """Prepare what every request needs."""
        self._declared = declared
        self._required = required
        self._decoder = msgspec.json.Decoder(declared)

    def decode(self, body: bytes) -> msgspec.Struct | Refusal | None:
        """Decode a body; None stands for an absent one that may be absent."""
        if not body:
            return BODY_MISSING() if self._required else None
        try:
            decoded = self._decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return self._explain(error, body)
        if _NUL_ESCAPED in body:
            return _refuse_nul(body) or decoded
        return decoded

    def _explain(
        self, error: msgspec.DecodeError | UnicodeDecodeError | RecursionError, body: bytes
    ) -> Refusal:
        if not isinstance(error, msgspec.ValidationError):
            return _malformed(error)
        try:
            plain = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            return _malformed(fault)
        return explain_body(error, self._declared, plain)


async def _receive_all(request: Request, bytes_max: int) -> bytes | Refusal:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > bytes_max:
            return _too_big(size, bytes_max)
        if not message.get("more_body"):
            return b"".join((*chunks, chunk)) if chunks else chunk
        chunks.append(chunk)


def _refuse_media(headers: Headers) -> Refusal | None:
    """Refuse what is not plain JSON; a body without a type is taken for it."""
    content_type = headers.get(b"content-type", _JSON)
    encoding = headers.get(b"content-encoding", b"identity").decode("latin-1")
    if content_type == _JSON and encoding == "identity":
        return None
    text = content_type.decode("latin-1")
    if encoding.strip().lower() != "identity":
        return CONTENT_TYPE(content_type=f"{text} in Content-Encoding {encoding}")
    media, _, parameters = text.partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('" ')
    is_json = media.strip().lower() == _JSON.decode() and charset in _UTF_8
    return None if is_json else CONTENT_TYPE(content_type=text)


def _too_big(size: int, bytes_max: int) -> Refusal:
    return BODY_TOO_BIG(max_kb=bytes_max // 1024, size_mb=f"{size / 1024**2:.2f}")


def _malformed(error: Exception) -> Refusal:
    if isinstance(error, RecursionError):
        return MALFORMED_JSON(message="nested too deeply")
    if isinstance(error, UnicodeDecodeError):
        return MALFORMED_JSON(message="not UTF-8")
    text = str(error)
    return UNEXPECTED_END() if text == _TRUNCATED else MALFORMED_JSON(message=text)


def _refuse_nul(body: bytes) -> Refusal | None:
    """Refuse the one character that JSON can write and PostgreSQL cannot store."""
    for path, text in _texts("", msgspec.json.decode(body)):
        if "\0" in text:
            shown = text.replace("\0", "\\u0000")[:100]
            return ILLEGAL_INPUT(path=path, reason="U+0000 is not allowed", value=shown)
    return None


def _texts(path: str, value: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - any JSON
    """List every text of a decoded body with its path; bounded by the body's own size."""
    found: list[tuple[str, str]] = []
    waiting = [(path, value)]
    while waiting:
        at, one = waiting.pop()
        if isinstance(one, str):
            found.append((at, one))
        elif isinstance(one, dict):
            waiting.extend((f"{at}.{key}" if at else str(key), part) for key, part in one.items())
        elif isinstance(one, list):
            waiting.extend((f"{at}[{index}]", part) for index, part in enumerate(one))
    return found
