"""One process that answers requests, started with three file descriptors as its arguments.

On the first, a socket, it accepts connections. The second, a pipe, brings its orders, and its end
of file means that the supervisor is gone: then the worker ends too, so that no port stays taken.
Over the third, a socket, the supervisor asks what the worker has counted.
"""

import asyncio
import ctypes
import gc
import importlib
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import uvicorn
import uvloop

from entrepot.figures import Family
from entrepot.http.protocol import BoundedHttp
from entrepot.settings import Settings
from entrepot.supervisor.figures_link import tell_figures
from entrepot.supervisor.listening import BACKLOG
from entrepot.supervisor.logs import configure_logging
from entrepot.supervisor.orders import WorkerOrders, orders_from_line
from entrepot.tracing import start_tracing

GRACE_S_MAX = 15
"""What a request in flight gets to finish in when the service stops; clients give up after 10."""
ORPHAN_S_MAX = 2.0
"""What it gets when the supervisor has gone, and with it, soon, the embedded database."""
KEEP_ALIVE_S = 75
"""Longer than the minute for which usual proxies and clients keep an idle connection."""
PR_SET_PDEATHSIG = 1
OPEN_FILES_MAX = 65_536
"""Connections, mostly; there are never so many."""
GARBAGE_THRESHOLDS = (50_000, 20, 100)
"""Requests leave few cycles behind; Python's own thresholds cost a sixteenth of the time."""


class Application(Protocol):
    """An ASGI application that counts what it does."""

    def figures(self) -> list[Family]: ...

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...  # noqa: ANN401


def main() -> None:
    socket_fd, pipe_fd, figures_fd = map(int, sys.argv[1:])
    _die_with_parent()
    _allow_connections()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    # Unbuffered: closing a buffered pipe would wait for the thread that reads from it, for ever.
    with os.fdopen(pipe_fd, "rb", buffering=0) as pipe:
        line = pipe.readline()
        if not line:
            return  # the supervisor went before it could say anything
        orders = orders_from_line(line)
        configure_logging(orders.settings)
        if orders.settings.traces_endpoint is not None:
            start_tracing(orders.settings.traces_endpoint)
        app = _make_app(orders)
        server = uvicorn.Server(_config(app))
        # A thread, not the loop: it must also end a worker whose loop is stuck.
        threading.Thread(target=_end_with_supervisor, args=(pipe, server), daemon=True).start()
        listener = socket.socket(fileno=socket_fd)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(server, listener, socket.socket(fileno=figures_fd), app))


async def _serve(
    server: uvicorn.Server, listener: socket.socket, link: socket.socket, app: Application
) -> None:
    telling = asyncio.create_task(tell_figures(link, app.figures), name="figures")
    try:
        await server.serve(sockets=[listener])
    finally:
        telling.cancel()


def _make_app(orders: WorkerOrders) -> Application:
    module, _, name = orders.app.partition(":")
    create_app: Callable[[Settings, str], Application] = getattr(
        importlib.import_module(module), name
    )
    return create_app(orders.settings, orders.database_url)


def _config(app: Application) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        interface="asgi3",
        http=BoundedHttp,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S_MAX,
    )


def _die_with_parent() -> None:
    """Ask Linux for a signal when the supervisor dies: a belt beside the pipe's braces."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


def _allow_connections() -> None:
    """Open as many files as the system lets us; shells often allow 1,024, a queue is longer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES_MAX if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES_MAX)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _end_with_supervisor(pipe: Any, server: uvicorn.Server) -> None:  # noqa: ANN401
    pipe.read()
    server.should_exit = True
    time.sleep(ORPHAN_S_MAX)
    os._exit(1)


if __name__ == "__main__":
    main()
