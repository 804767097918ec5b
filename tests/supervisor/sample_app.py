"""An application that shows what the supervisor does to it."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

from entrepot.figures import Family, count
from entrepot.settings import Settings

Send = Callable[[dict[str, Any]], Awaitable[None]]


class SampleApp:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._asked = 0

    def figures(self) -> list[Family]:
        return [count("sample_requests", "How often it was asked.", self._asked)]

    async def __call__(
        self, scope: dict[str, Any], receive: Callable[..., Any], send: Send
    ) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        self._asked += 1
        match scope["path"]:
            case "/slow":
                await asyncio.sleep(float(scope["query_string"] or b"1"))
            case "/stuck":
                time.sleep(float(scope["query_string"] or b"1"))  # noqa: ASYNC251 - on purpose
            case "/die":
                os._exit(7)
        await _answer(send, f"{os.getpid()} {self._settings.log_level}".encode())


def create_app(settings: Settings, database_url: str) -> SampleApp:
    if database_url == "fail at start":
        raise RuntimeError("as the test asked")
    return SampleApp(settings)


async def _lifespan(receive: Callable[..., Any], send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _answer(send: Send, body: bytes) -> None:
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
