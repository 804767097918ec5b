"""The ASGI application: the operations, the pages beside them, and the boundary.

Every answer carries `X-Request-Id`; what goes wrong inside is logged with it and told to nobody.
A client that hangs up does not stop the handler: what it has begun is brought to its end.
"""

import itertools
import secrets
import time

import structlog

from entrepot.contract.errors import INTERNAL_ERROR, UNAVAILABLE
from entrepot.db.transaction import DatabaseUnavailable, connection_was_lost
from entrepot.figures import Family
from entrepot.fulfilment.group_commit import QueueFull
from entrepot.http.apis import Apis, other_method_reply
from entrepot.http.asgi import (
    WHOLE,
    AsgiApp,
    AsgiScope,
    ClientGone,
    Message,
    Receive,
    Reply,
    Send,
    refusal_reply,
    send_reply,
)
from entrepot.http.endpoint import Endpoint
from entrepot.http.life import Life
from entrepot.http.limiting import told_headers
from entrepot.http.matching import Matched
from entrepot.http.outstanding import OpenRequest, Outstanding
from entrepot.tracing import is_tracing, span

log = structlog.get_logger()


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

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan."""
        if scope["type"] == "lifespan":
            await self.life.run(receive, send)
            return
        assert scope["type"] == "http"
        request_id = f"{self._prefix}-{next(self._count):x}"
        matched = self._apis.match(scope["method"], scope["path"])
        if matched is None:
            await self._serve_page(scope, receive, send, request_id)
        elif isinstance(matched, Matched):
            await self._serve_operation(matched, scope, receive, send, request_id)
        else:
            reply = other_method_reply(scope["method"], matched)
            await send_reply(scope, send, reply, request_id)

    def figures(self) -> list[Family]:
        """Tell what this process has counted so far."""
        return [*self._outstanding.figures.told(len(self._outstanding)), *self.life.figures()]

    async def _serve_operation(
        self,
        matched: Matched[Endpoint],
        scope: AsgiScope,
        receive: Receive,
        send: Send,
        request_id: str,
    ) -> None:
        """Answer a request for an operation, in time."""
        outstanding = self._outstanding
        request = outstanding.begin(matched.route, scope, send, request_id)
        if request is None:
            refused = refusal_reply(UNAVAILABLE())
            headers = told_headers(matched.route, scope)
            await send_reply(scope, send, refused, request_id, headers)
            return
        try:
            if is_tracing():
                reply = await self._answer_traced(matched, scope, receive, request)
            else:
                reply = await self._answer(matched, scope, receive, request)
            if reply is not None:
                await outstanding.answer(request, reply)
        finally:
            outstanding.end(request)

    async def _answer_traced(
        self,
        matched: Matched[Endpoint],
        scope: AsgiScope,
        receive: Receive,
        request: OpenRequest,
    ) -> Reply | None:
        caller = dict(scope["headers"]).get(b"traceparent", b"").decode("latin-1")
        name = matched.route.operation_id
        with span(name, parent=caller, request_id=request.request_id):
            return await self._answer(matched, scope, receive, request)

    async def _answer(
        self,
        matched: Matched[Endpoint],
        scope: AsgiScope,
        receive: Receive,
        request: OpenRequest,
    ) -> Reply | None:
        """Answer a request for an operation: the boundary that no fault passes."""
        words = {"operation": matched.route.operation_id, "request_id": request.request_id}
        try:
            platform = self.life.platform
            if matched.route.places:
                # Before anything is spent on it: what turning away costs, placing lacks.
                platform.placing.admit(0)
            reply = await self._apis.answer(matched, platform, scope, receive)
        except ClientGone:
            log.debug("the client hung up", **words)
            return None
        except QueueFull:  # the queue tells of it, now and then
            return refusal_reply(UNAVAILABLE())
        except DatabaseUnavailable as error:
            log.warning("unavailable", reason=str(error), **words)
            return refusal_reply(UNAVAILABLE())
        except Exception as error:  # the one boundary
            log.exception("a request failed", **words)
            lost = connection_was_lost(error)
            return refusal_reply(UNAVAILABLE() if lost else INTERNAL_ERROR())
        if self._log_answers:
            elapsed_ms = round((time.perf_counter() - request.began) * 1000, 2)
            log.debug("answered", status=reply.http_status, elapsed_ms=elapsed_ms, **words)
        return reply

    async def _serve_page(
        self, scope: AsgiScope, receive: Receive, send: Send, request_id: str
    ) -> None:
        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", []),
                    (b"x-request-id", request_id.encode("ascii")),
                ]
            await send(message)

        scope.pop(WHOLE, None)  # pages know ASGI's messages only
        try:
            await self._pages(scope, receive, send_with_id)
        except Exception:  # answered already, by the pages' own handler
            log.exception("a request failed", path=scope["path"], request_id=request_id)
