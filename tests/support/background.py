"""An event loop in a thread, for fixtures that outlive the loop of a single test."""

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

Result = TypeVar("Result")

WAIT_S_MAX = 300.0


class BackgroundLoop:
    """Runs coroutines for callers that have no loop, and keeps contexts open for them."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._keepers: list[asyncio.Task[None]] = []

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(WAIT_S_MAX)

    def enter(self, context: AbstractAsyncContextManager[Result]) -> Result:
        """Open a context until `close`; it is opened and closed by one task, as some demand."""
        return self.run(self._enter(context))

    def close(self) -> None:
        self.run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _enter(self, context: AbstractAsyncContextManager[Result]) -> Result:
        entered: asyncio.Future[Result] = self._loop.create_future()

        async def keep() -> None:
            try:
                async with context as value:
                    entered.set_result(value)
                    await self._loop.create_future()  # until it is cancelled
            except BaseException as error:
                if not entered.done():
                    entered.set_exception(error)
                    return
                raise

        self._keepers.append(asyncio.create_task(keep()))
        return await entered

    async def _close(self) -> None:
        for keeper in reversed(self._keepers):
            keeper.cancel()
            await asyncio.wait([keeper])
