"""The life of one process's platform: opened by the server's lifespan, closed in reverse."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from entrepot.db.start_refused import StartRefused
from entrepot.db.transaction import DatabaseUnavailable
from entrepot.figures import Family
from entrepot.http.asgi import Receive, Send
from entrepot.http.health import Readiness, check_readiness
from entrepot.operations.call import Platform

OpenPlatform = Callable[[], AbstractAsyncContextManager[Platform]]


class Life:
    """Holds the platform between the start and the end of the process."""

    def __init__(self, open_platform: OpenPlatform) -> None:
        """Open nothing yet."""
        self._open_platform = open_platform
        self._platform: Platform | None = None
        self._stopping = False

    @property
    def platform(self) -> Platform:
        """Everything an operation may reach.

        Raises:
            DatabaseUnavailable: the process has not started yet, or has ended.
        """
        if self._platform is None:
            message = "the process is starting or stopping"
            raise DatabaseUnavailable(message)
        return self._platform

    def figures(self) -> list[Family]:
        """Tell what the platform has counted; nothing before it is open."""
        return [] if self._platform is None else self._platform.figures()

    async def readiness(self) -> Readiness:
        """Tell whether requests are welcome."""
        return await check_readiness(self._platform, stopping=self._stopping)

    def stop_being_ready(self) -> None:
        """Ask to be sent no more requests; those that come are still answered."""
        self._stopping = True

    async def run(self, receive: Receive, send: Send) -> None:
        """Speak ASGI's lifespan protocol."""
        await receive()
        try:
            async with self._open_platform() as platform:
                self._platform = platform
                await send({"type": "lifespan.startup.complete"})
                await receive()
                self._stopping = True
                self._platform = None
        except (StartRefused, DatabaseUnavailable) as refused:
            if self._stopping:
                raise
            await send({"type": "lifespan.startup.failed", "message": str(refused)})
            return
        await send({"type": "lifespan.shutdown.complete"})
