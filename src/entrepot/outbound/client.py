"""The HTTP client of everything Entrepot sends: it calls only what it may, and believes nobody.

No redirects, no proxies, no cookies, bounded answers, and a time-out over everything.
"""

import asyncio
import socket
import ssl
from typing import Any, NamedTuple

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from entrepot import limits
from entrepot.domain.notification_answers import Judged, Reason, failed, judge_answer
from entrepot.outbound.addresses import AddressForbidden, Reach, check_address

# Of the time for a whole request, what may go into the connection: less than all, so that it is
# this limit that is met when nobody is there, and the log says so.
_CONNECT_SHARE = 0.9
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}


class Request(NamedTuple):
    """What to send where, and how long it may take."""

    url: str
    body: bytes
    headers: dict[str, str]
    seconds_max: float


class Outbound:
    """Sends requests; one instance a process, made inside its event loop."""

    def __init__(self, reach: Reach, resolver: AbstractResolver | None = None) -> None:
        """Call what `reach` allows; names are resolved by the system unless a resolver is given."""
        self._sessions = {
            "https": _session(reach, resolver, encrypted=True),
            "http": _session(reach, resolver, encrypted=False),
        }

    async def post(self, request: Request) -> Judged:
        """Send a notification and judge the answer; what goes wrong is part of it."""
        try:
            url = URL(request.url, encoded=True)
            async with self._sessions[url.scheme].post(
                url,
                data=request.body,
                headers={**_HEADERS, **request.headers},
                timeout=aiohttp.ClientTimeout(
                    total=request.seconds_max, connect=request.seconds_max * _CONNECT_SHARE
                ),
                allow_redirects=False,
            ) as response:
                body = await _read(response)
                if body is None:
                    response.close()
                    detail = f"more than {limits.NOTIFICATION_ANSWER_BYTES_MAX} bytes"
                    return failed(Reason.CANT_PARSE_RESPONSE, detail)
                content_type = response.headers.get("Content-Type", "")
                return judge_answer(response.status, content_type, body)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return failed(*_cause(error))

    async def close(self) -> None:
        """Close every connection."""
        for session in self._sessions.values():
            await session.close()


def _session(
    reach: Reach, resolver: AbstractResolver | None, *, encrypted: bool
) -> aiohttp.ClientSession:
    def make_socket(info: Any) -> socket.socket:  # noqa: ANN401 - aiohttp's tuple of an address
        family, kind, protocol, _, address = info
        check_address(address[0], reach, encrypted=encrypted)
        return socket.socket(family, kind, protocol)

    connector = aiohttp.TCPConnector(
        resolver=resolver,
        socket_factory=make_socket,
        limit=0,  # bounded by who sends: see DELIVERY_LANES_PER_PROCESS_MAX
        keepalive_timeout=limits.OUTBOUND_KEEP_ALIVE_S,
        ssl=ssl.create_default_context() if encrypted else True,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        headers={"User-Agent": "Entrepot"},
    )


async def _read(response: aiohttp.ClientResponse) -> bytes | None:
    """Read an answer to its end; None when it is too long."""
    received = b""
    async for chunk in response.content.iter_any():
        received += chunk
        if len(received) > limits.NOTIFICATION_ANSWER_BYTES_MAX:
            return None
    return received


def _cause(error: Exception) -> tuple[Reason, str]:
    match error:
        case aiohttp.ClientSSLError():
            return Reason.SSL_ERROR, str(error)
        case aiohttp.ConnectionTimeoutError():
            return Reason.CONNECTION_TIMED_OUT, "no connection in time"
        case asyncio.TimeoutError():
            return Reason.READ_TIMED_OUT, "no answer in time"
        case aiohttp.ClientConnectorError() if _is_forbidden(error.os_error):
            return Reason.ADDRESS_FORBIDDEN, error.os_error.strerror or str(error)
        case aiohttp.ClientConnectorError():
            return Reason.CONNECTION_REFUSED, str(error)
        case _:
            return Reason.HTTP, str(error) or type(error).__name__


def _is_forbidden(error: OSError) -> bool:
    return isinstance(error, AddressForbidden) or error.errno == AddressForbidden("").errno
