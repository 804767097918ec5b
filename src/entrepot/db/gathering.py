"""Questions of one kind, gathered: what is asked while one flight is under way makes the next."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

Question = TypeVar("Question", bound=Hashable)


class Gathering(Generic[Question]):
    """One flight at a time; equal questions of one flight are asked once."""

    def __init__(
        self, fly: Callable[[list[Question]], Coroutine[Any, Any, None]], questions_max: int
    ) -> None:
        """Ask nothing yet.

        Args:
            fly: asks some questions and notes the answers where they belong.
            questions_max: how many may be asked in one flight.
        """
        self._fly = fly
        self._questions_max = questions_max
        self._waiting: dict[Question, asyncio.Future[None]] = {}
        self._flying: asyncio.Task[None] | None = None

    def join(self, question: Question) -> asyncio.Future[None]:
        """Have a question asked by the next flight; the future is done when it is answered.

        Whoever awaits it shields it: it is shared, and nobody need await it at all.
        """
        future = self._waiting.get(question)
        if future is None:
            future = asyncio.get_running_loop().create_future()
            future.add_done_callback(_look_at_failure)
            self._waiting[question] = future
        if self._flying is None:
            self._flying = asyncio.create_task(self._fly_all())
        return future

    async def finish(self) -> None:
        """Wait until nothing is asked any more."""
        while self._flying is not None:
            await asyncio.wait([self._flying])

    async def _fly_all(self) -> None:
        try:
            while self._waiting:
                taken = list(self._waiting)[: self._questions_max]
                futures = [self._waiting.pop(question) for question in taken]
                await _answer(futures, self._fly(taken))
        finally:
            self._flying = None


async def _answer(futures: list[asyncio.Future[None]], flight: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(flight)
    await asyncio.wait([task])
    error = task.exception()
    for future in futures:
        if error is None:
            future.set_result(None)
        else:  # whoever waits is told; the next flight may succeed
            future.set_exception(error)


def _look_at_failure(future: asyncio.Future[None]) -> None:
    if not future.cancelled():
        future.exception()
