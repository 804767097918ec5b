"""The receiver of `entrepot listen`: it shows what comes, passes it on, and answers."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import aiohttp
import typer
from aiohttp import web
from yarl import URL

from entrepot import limits
from entrepot.contract.notifications import NotificationKind

HOST = "127.0.0.1"
PATH = "/entrepot-listen"
_JSON = "application/json"
_NAME = "entrepot listen"
_SHOWN_CHARS_MAX = 300
# Of the service's patience, what the program behind may use: our own answer takes time too.
_SHARE = 0.8
_OK = 200
_BAD_GATEWAY = 502


def is_ours(url: str) -> bool:
    """Tell whether a subscription's URL is that of a listener."""
    parts = URL(url)
    return parts.host == HOST and parts.path == PATH


async def nobody_listens(url: str) -> bool:
    """Tell whether the listener of a URL is gone."""
    try:
        _, writer = await asyncio.open_connection(HOST, URL(url).port)
    except OSError:
        return True
    writer.close()
    return False


class _Answer(NamedTuple):
    """What is answered, and what came of passing it on."""

    status: int
    content_type: str
    body: bytes


class Listener:
    """Hears notifications on a free port of this machine."""

    def __init__(self, forward: str | None, *, as_json: bool) -> None:
        """Pass on to a URL, if there is one."""
        self._forward = forward
        self._as_json = as_json
        self._session: aiohttp.ClientSession | None = None
        self.url = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Listen until the end of the block."""
        runner = web.ServerRunner(web.Server(self._hear))
        await runner.setup()
        async with aiohttp.ClientSession() as session:
            self._session = session
            try:
                site = web.TCPSite(runner, HOST, 0)
                await site.start()
                port = runner.addresses[0][1]
                self.url = f"http://{HOST}:{port}{PATH}"
                yield
            finally:
                await runner.cleanup()

    async def _hear(self, request: web.BaseRequest) -> web.Response:
        body = await request.read()
        began = time.perf_counter()
        notification = _decoded(body)
        is_ping = _kind(notification) == NotificationKind.PING
        accepted = _accept()
        answer = accepted
        if self._forward is not None:
            seconds_max = limits.PING_S_MAX if is_ping else limits.NOTIFICATION_S_MAX
            answer = await self._pass_on(self._forward, body, request, seconds_max * _SHARE)
        took_ms = round((time.perf_counter() - began) * 1000)
        if self._as_json:
            self._print_json(notification, answer, took_ms)
        else:
            self._print(notification, answer, took_ms)
        # Whoever is not there yet when we begin is there when the first order comes.
        sent = accepted if is_ping else answer
        return web.Response(
            status=sent.status, body=sent.body, headers={"Content-Type": sent.content_type}
        )

    async def _pass_on(
        self, url: str, body: bytes, request: web.BaseRequest, seconds_max: float
    ) -> _Answer:
        assert self._session is not None
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() in {"content-type", "user-agent"} or name.lower().startswith("webhook-")
        }
        try:
            async with self._session.post(
                url,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds_max),
            ) as response:
                content_type = response.headers.get("Content-Type", _JSON)
                return _Answer(response.status, content_type, await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            reason = {"error": {"type": "UNKNOWN", "message": f"{url}: {str(error) or 'time-out'}"}}
            return _Answer(_BAD_GATEWAY, _JSON, json.dumps(reason).encode())

    def _print(self, notification: Any, answer: _Answer, took_ms: int) -> None:  # noqa: ANN401 - JSON
        # Not through Rich: what is copied from a terminal must not be wrapped.
        moment = datetime.now(UTC).astimezone().strftime("%H:%M:%S")
        typer.echo(f"{moment}  {_kind(notification)}")
        typer.echo(f"  {json.dumps(notification, ensure_ascii=False)}")
        if self._forward is not None:
            said = answer.body.decode("utf-8", "replace").replace("\n", " ")
            typer.echo(f"  → {answer.status} in {took_ms} ms: {said[:_SHOWN_CHARS_MAX]}")

    def _print_json(self, notification: Any, answer: _Answer, took_ms: int) -> None:  # noqa: ANN401 - JSON
        line: dict[str, Any] = {"notification": notification}
        if self._forward is not None:
            line["answer"] = {
                "status": answer.status, "body": _decoded(answer.body), "tookMs": took_ms,
            }  # fmt: skip
        typer.echo(json.dumps(line, ensure_ascii=False))


def _accept() -> _Answer:
    taken = {"version": "1.0", "name": _NAME, "time": datetime.now(UTC).isoformat()}
    return _Answer(_OK, _JSON, json.dumps(taken).encode())


def _decoded(body: bytes) -> Any:  # noqa: ANN401 - any JSON, or text
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")


def _kind(notification: Any) -> str:  # noqa: ANN401 - any JSON
    return str(notification.get("notificationType")) if isinstance(notification, dict) else "?"
