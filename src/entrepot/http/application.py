"""The ASGI application: the operations, the pages beside them, and the boundary.

Every answer carries `X-Request-Id`; what goes wrong inside is logged with it and told to nobody.
A client that hangs up does not stop the handler: what it has begun is brought to its end.
"""

import functools
import itertools
import secrets
import time
import urllib.parse
from typing import NamedTuple

import httptools
import structlog

from entrepot import limits
from entrepot.contract.errors import INTERNAL_ERROR, UNAVAILABLE
from entrepot.db.transaction import DatabaseUnavailable, connection_was_lost
from entrepot.figures import Family
from entrepot.fulfilment.group_commit import QueueFull
from entrepot.http.apis import Apis, other_method_reply
from entrepot.http.asgi import (
    AsgiApp,
    AsgiScope,
    Message,
    Receive,
    Reply,
    Send,
    refusal_reply,
    send_reply,
)
from entrepot.http.endpoint import Endpoint
from entrepot.http.life import Life
from entrepot.http.matching import Matched
from entrepot.http.outstanding import Outstanding
from entrepot.http.request import AsgiRequest, ClientGone, Request
from entrepot.tracing import is_tracing, span

log = structlog.get_logger()


class Target(NamedTuple):
    """What a request asks for that is for an operation."""

    matched: Matched[Endpoint]
    path: str
    query_string: bytes


class Application:
    """One process's ASGI application."""

    def __init__(self, apis: Apis, pages: AsgiApp, life: Life, *, log_answers: bool) -> None:
        """Put the parts together; nothing is opened before the lifespan begins."""
        self._apis = apis
        self._pages = pages
        self.life = life
        self._log_answers = log_answers
        self._outstanding = Outstanding()
        # Unique over processes and restarts, and cheaper than a random one for each request.
        self._prefix = secrets.token_hex(6)
        self._count = itertools.count(1)
        self._recall = functools.lru_cache(limits.PATHS_REMEMBERED_MAX)(self._find)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan."""
        if scope["type"] == "lifespan":
            await self.life.run(receive, send)
            return
        assert scope["type"] == "http"
        matched = self._apis.match(scope["method"], scope["path"])
        if matched is None:
            await self._serve_page(scope, receive, send)
        elif isinstance(matched, Matched):
            await self.serve(AsgiRequest(matched, scope, receive, send))
        else:
            reply = other_method_reply(scope["method"], matched)
            await send_reply(send, reply, self._new_id())

    def find(self, method: bytes, url: bytes) -> Target | None:
        """Find what a request for an operation asks for; None for everything else.

        Raises:
            httptools.HttpParserInvalidURLError: it is no URL.
        """
        often = len(url) <= limits.PATH_REMEMBERED_CHARS_MAX and b"?" not in url
        return self._recall(method, url) if often else self._find(method, url)

    async def serve(self, request: Request) -> None:
        """Answer a request for an operation, in time."""
        outstanding = self._outstanding
        request.request_id = self._new_id()
        if not outstanding.begin(request):
            await request.send(refusal_reply(UNAVAILABLE()))
            return
        try:
            reply = await (self._answer_traced if is_tracing() else self._answer)(request)
            if reply is not None:
                await outstanding.answer(request, reply)
        finally:
            outstanding.end(request)

    def figures(self) -> list[Family]:
        """Tell what this process has counted so far."""
        return [*self._outstanding.figures.told(len(self._outstanding)), *self.life.figures()]

    def _new_id(self) -> str:
        return f"{self._prefix}-{next(self._count):x}"

    def _find(self, method: bytes, url: bytes) -> Target | None:
        parsed = httptools.parse_url(url)
        path = parsed.path.decode("ascii")
        if "%" in path:
            path = urllib.parse.unquote(path)
        matched = self._apis.match(method.decode("ascii"), path)
        return Target(matched, path, parsed.query or b"") if isinstance(matched, Matched) else None

    async def _answer_traced(self, request: Request) -> Reply | None:
        caller = request.headers.get(b"traceparent", b"").decode("latin-1")
        name = request.endpoint.operation_id
        with span(name, parent=caller, request_id=request.request_id):
            return await self._answer(request)

    async def _answer(self, request: Request) -> Reply | None:
        """Answer a request for an operation: the boundary that no fault passes."""
        endpoint = request.endpoint
        try:
            platform = self.life.platform
            if endpoint.places:
                # Before anything is spent on it: what turning away costs, placing lacks.
                platform.placing.admit(0)
            reply = await self._apis.answer(request, platform)
        except ClientGone:
            log.debug("the client hung up", **_words(request))
            return None
        except QueueFull:  # the queue tells of it, now and then
            return refusal_reply(UNAVAILABLE())
        except DatabaseUnavailable as error:
            log.warning("unavailable", reason=str(error), **_words(request))
            return refusal_reply(UNAVAILABLE())
        except Exception as error:  # the one boundary
            log.exception("a request failed", **_words(request))
            lost = connection_was_lost(error)
            return refusal_reply(UNAVAILABLE() if lost else INTERNAL_ERROR())
        if self._log_answers:
            elapsed_ms = round((time.perf_counter() - request.began) * 1000, 2)
            words = _words(request)
            log.debug("answered", status=reply.http_status, elapsed_ms=elapsed_ms, **words)
        return reply

    async def _serve_page(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        request_id = self._new_id()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", []),
                    (b"x-request-id", request_id.encode("ascii")),
                ]
            await send(message)

        try:
            await self._pages(scope, receive, send_with_id)
        except Exception:  # answered already, by the pages' own handler
            log.exception("a request failed", path=scope["path"], request_id=request_id)


def _words(request: Request) -> dict[str, str]:
    """Say in the log which request it was."""
    return {"operation": request.endpoint.operation_id, "request_id": request.request_id}
