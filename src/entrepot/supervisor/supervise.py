"""Run the service: workers on one socket, until a signal asks for the end."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import structlog

from entrepot.settings import Settings
from entrepot.supervisor.listening import Listeners, reachable_address
from entrepot.supervisor.metrics_page import serve_metrics
from entrepot.supervisor.orders import WorkerOrders
from entrepot.supervisor.readiness import wait_until_ready
from entrepot.supervisor.workers import Workers

log = structlog.get_logger("entrepot.supervisor")


async def supervise(
    listeners: Listeners, orders: WorkerOrders, *, on_ready: Callable[[], Awaitable[None]]
) -> None:
    """Serve until SIGTERM or SIGINT, then let requests in flight finish; a second signal hurries.

    Args:
        listeners: from `listen`; closed at the end.
        orders: what each worker is told; its settings say how many there are.
        on_ready: awaited once, when the service answers.

    Raises:
        StartRefused: the workers do not come to answer.
    """
    stop, hurry = asyncio.Event(), asyncio.Event()
    _on_signals(stop, hurry)
    workers = Workers(listeners, orders)
    metrics = await _metrics(orders.settings, workers)
    workers.start(orders.settings.workers)
    try:
        ready = asyncio.create_task(wait_until_ready(reachable_address(listeners)))
        stopped = asyncio.create_task(_wait(stop))
        first: list[asyncio.Future[None]] = [ready, stopped, workers.given_up]
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        if workers.given_up.done():
            workers.given_up.result()
        if ready.done():
            ready.result()
            workers.confirm_ready()
            await on_ready()
        ready.cancel()
        await stopped
        log.info("stopping", hint="requests in flight are finished; a second signal ends them")
    finally:
        for listener in listeners:  # the workers close theirs: from now on nobody is let in
            listener.close()
        if metrics is not None:
            metrics.close()
        await workers.stop(hurry)


async def _metrics(settings: Settings, workers: Workers) -> asyncio.Server | None:
    if settings.metrics_port is None:
        return None
    return await serve_metrics(settings.metrics_host, settings.metrics_port, workers)


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


def _on_signals(stop: asyncio.Event, hurry: asyncio.Event) -> None:
    def ask() -> None:
        (hurry if stop.is_set() else stop).set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask)
