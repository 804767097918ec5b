"""The requests of a process that are not answered yet: how many, and since when.

A client gives up after ten seconds (`limits.CALL_S_MAX`). Whatever still works for it then is
not stopped, for what it has begun must come to its end; but the client is told 503, so that it
knows what it knows after a lost connection: nothing.
"""

import asyncio
import time

import structlog

from entrepot import limits
from entrepot.contract.errors import UNAVAILABLE
from entrepot.http.asgi import Reply, refusal_reply
from entrepot.http.figures import HttpFigures
from entrepot.http.request import Request

log = structlog.get_logger()

_LOOK_S = 0.5
_TOO_LATE = refusal_reply(UNAVAILABLE())


class Outstanding:
    """All of them, and the one look-out for those that take too long."""

    def __init__(self) -> None:
        """Begin with none."""
        self.figures = HttpFigures()
        self._open: set[Request] = set()
        self._looking: asyncio.TimerHandle | None = None
        self._late_answers: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """Count the requests being worked on, those answered too late included."""
        return len(self._open)

    def begin(self, request: Request) -> bool:
        """Take a request in; False when there are as many as can be."""
        if len(self._open) >= limits.REQUESTS_AT_ONCE_MAX:
            self.figures.turned_away += 1
            return False
        request.began = time.perf_counter()
        request.overdue_at = request.began + (request.endpoint.answer_s_max or limits.CALL_S_MAX)
        self._open.add(request)
        if self._looking is None:
            self._looking = asyncio.get_running_loop().call_later(_LOOK_S, self._look)
        return True

    async def answer(self, request: Request, reply: Reply) -> None:
        """Send an answer, unless it comes too late."""
        if not request.answered:
            request.answered = True
            elapsed_s = time.perf_counter() - request.began
            self.figures.answered(request.endpoint.operation_id, reply.http_status, elapsed_s)
            await request.send(reply)

    def end(self, request: Request) -> None:
        """Forget a request: nothing works for it any more."""
        self._open.discard(request)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = time.perf_counter()
        for request in self._open:
            if request.overdue_at <= now and not request.answered:
                log.warning(
                    "a request took too long",
                    operation=request.endpoint.operation_id,
                    request_id=request.request_id,
                )
                self.figures.late[request.endpoint.operation_id] += 1
                task = loop.create_task(self.answer(request, _TOO_LATE))
                self._late_answers.add(task)
                task.add_done_callback(self._late_answers.discard)
        self._looking = loop.call_later(_LOOK_S, self._look) if self._open else None
