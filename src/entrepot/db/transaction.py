"""The database as this program uses it: reads, and the only place that commits.

A piece of work that changes something runs in `Database.transaction`; it is run again, whole,
when PostgreSQL asks for it, so it must do nothing but talk to its connection. READ COMMITTED
is set explicitly: a server's default must not decide what our locks mean.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

import asyncpg
from asyncpg.exceptions import InterfaceError, InternalClientError, PostgresError

from entrepot import limits
from entrepot.db.connection import Connection
from entrepot.db.figures import DatabaseFigures, PoolState
from entrepot.figures import Family
from entrepot.tracing import span

Result = TypeVar("Result")
Work = Callable[[Connection], Awaitable[Result]]

_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"

# Serialisation failure, deadlock, lock not available, cached plan must not change its result,
# prepared statement gone: nothing was decided, run the work again.
_REPEATED_SQLSTATES = frozenset({"40001", "40P01", "55P03", "0A000", "26000"})
_STALE_PLAN_SQLSTATES = frozenset({"0A000", "26000"})
_UNIQUE_VIOLATION = "23505"


class DatabaseUnavailable(Exception):  # noqa: N818 - a state of the world, not a mistake
    """The database cannot be asked, or did not say in time whether it committed."""


class OutcomeUnknown(DatabaseUnavailable):
    """The connection was lost when the commit may already have happened."""


class LostRaceError(Exception):
    """Another transaction was first with a unique key: roll back, read the winner, run again."""


def sqlstate(error: BaseException) -> str | None:
    """Give the SQLSTATE of an error, if it carries one."""
    return cast("str | None", getattr(error, "sqlstate", None))


def connection_was_lost(error: BaseException) -> bool:
    """Tell whether an error leaves open what the server did."""
    if isinstance(error, (OSError, TimeoutError, InterfaceError, InternalClientError)):
        return True
    state = sqlstate(error) or ""
    return state.startswith("08") or state in {"57P01", "57P02", "57P03", "25006"}


def repeated_key(error: BaseException) -> bool:
    """Tell whether a row was refused because its key is there already."""
    return sqlstate(error) == _UNIQUE_VIOLATION


def _cannot_serve(error: BaseException) -> bool:
    """Tell whether the server lacks disk, memory or connections, or was told to give up."""
    state = sqlstate(error) or ""
    return state.startswith("53") or state == "57014"


class Database:
    """A bounded pool of connections to one PostgreSQL database."""

    def __init__(self, pool: Any, name: str) -> None:  # noqa: ANN401 - asyncpg's pool is untyped
        """Use a pool made by `open_database`; its figures bear the name."""
        self._pool = pool
        self._figures = DatabaseFigures(name)

    def figures_told(self) -> list[Family]:
        """Tell what was counted."""
        return self._figures.told(PoolState(self._pool.get_size(), self._pool.get_idle_size()))

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection; each statement on it is its own transaction.

        Raises:
            DatabaseUnavailable: none could be had in time, or the server is gone, or it lacks
                what it needs (what was under way is rolled back).
        """
        lent = await self._acquire()
        try:
            yield cast("Connection", lent)
        except BaseException as error:
            # Giving back a connection in the middle of a statement would wait for that statement,
            # and its time-out would take the place of the cancellation.
            cancelled = isinstance(error, asyncio.CancelledError)
            if cancelled or connection_was_lost(error) or sqlstate(error) in _STALE_PLAN_SQLSTATES:
                lent.terminate()
            if _cannot_serve(error):
                raise DatabaseUnavailable(str(error)) from error
            raise
        finally:
            # A caller that was cancelled must not leak the connection it held: the pool shields
            # this by itself.
            await self._pool.release(lent, timeout=limits.POOL_ACQUIRE_S_MAX)

    async def _acquire(self) -> Any:  # noqa: ANN401 - asyncpg's connections are untyped
        figures = self._figures
        if figures.waiting >= limits.POOL_WAITING_MAX:
            message = f"{figures.waiting} wait for a connection"
            raise DatabaseUnavailable(message)
        began = time.perf_counter()
        figures.waiting += 1
        try:
            # The pool's own time-out makes a task, and so two turns of a loop that may be busy.
            async with asyncio.timeout(limits.POOL_ACQUIRE_S_MAX):
                return await self._pool.acquire()
        except (OSError, TimeoutError, PostgresError, InterfaceError) as error:
            raise DatabaseUnavailable(str(error)) from error
        finally:
            figures.waiting -= 1
            figures.acquire_s.observe(time.perf_counter() - began)

    async def read(self, work: Work[Result]) -> Result:
        """Run a read, once more when the connection turns out to be dead.

        Raises:
            DatabaseUnavailable: the server cannot be reached.
        """
        for attempt in range(limits.BATCH_REPEATS_MAX):
            try:
                async with self.connection() as connection:
                    return await work(connection)
            except Exception as error:  # sorted by SQLSTATE, the rest is raised again
                lost = connection_was_lost(error)
                if not lost and sqlstate(error) not in _REPEATED_SQLSTATES:
                    raise
                if attempt and lost:
                    raise DatabaseUnavailable(str(error)) from error
        message = "the database kept asking for a repetition"
        raise DatabaseUnavailable(message)

    async def transaction_once(self, work: Work[Result]) -> Result:
        """Run work in one transaction and commit; every error is the caller's to sort.

        Raises:
            OutcomeUnknown: the connection was lost at COMMIT.
        """
        with span("transaction"):
            return await self._in_transaction(work)

    async def _in_transaction(self, work: Work[Result]) -> Result:
        async with self.connection() as connection:
            await connection.execute(_BEGIN)
            try:
                result = await work(connection)
            except Exception:  # a cancelled one loses its connection, and the server rolls back
                self._figures.transactions["rolled_back"] += 1
                await _roll_back(connection)
                raise
            began = time.perf_counter()
            try:
                with span("commit"):
                    await connection.execute("COMMIT")
            except Exception as error:
                lost = connection_was_lost(error)
                self._figures.transactions["unknown" if lost else "rolled_back"] += 1
                if lost:
                    raise OutcomeUnknown(str(error)) from error
                raise
            self._figures.commit_s.observe(time.perf_counter() - began)
            self._figures.transactions["committed"] += 1
            return result

    async def transaction(self, work: Work[Result]) -> Result:
        """Run work in one transaction, again when PostgreSQL asks for it.

        `work` must be safe to run again after it has committed: it decides by what it reads.

        Raises:
            DatabaseUnavailable: it could not be brought to an end in time.
        """
        last: BaseException | None = None
        for attempt in range(limits.BATCH_REPEATS_MAX):
            try:
                return await self.transaction_once(work)
            except Exception as error:  # sorted by SQLSTATE, the rest is raised again
                if not may_repeat(error):
                    raise
                last = error
            await asyncio.sleep(0.01 * 2**attempt if attempt else 0)
        raise DatabaseUnavailable(str(last)) from last

    async def close(self) -> None:
        """Close every connection, waiting for those in use."""
        await self._pool.close()


def may_repeat(error: BaseException) -> bool:
    """Tell whether a transaction that failed so may be run again."""
    return (
        isinstance(error, (LostRaceError, OutcomeUnknown))
        or connection_was_lost(error)
        or sqlstate(error) in _REPEATED_SQLSTATES
    )


async def _roll_back(connection: Connection) -> None:
    try:
        await connection.execute("ROLLBACK")
    except (OSError, TimeoutError, PostgresError, InterfaceError):
        # The server rolls back what it cannot hear from any more; the pool drops the connection.
        cast("Any", connection).terminate()


async def _keep_as_it_is(_connection: Connection) -> None:
    # Nothing here sets session state, and every transaction is ended by `transaction_once`:
    # asyncpg's reset between uses would be a round trip for nothing.
    return


async def open_database(
    url: str,
    *,
    connections_max: int = limits.POOL_CONNECTIONS_MAX,
    statement_s_max: float = limits.STATEMENT_S_MAX,
    pool_name: str = "general",
) -> Database:
    """Open a pool on a database.

    Raises:
        DatabaseUnavailable: the server does not answer.
    """
    try:
        pool = await asyncpg.create_pool(  # type: ignore[no-untyped-call]
            url,
            min_size=1,
            max_size=connections_max,
            command_timeout=statement_s_max,
            timeout=limits.POOL_ACQUIRE_S_MAX,
            max_inactive_connection_lifetime=300,
            reset=_keep_as_it_is,
            server_settings={
                "application_name": "entrepot",
                # A connection may be lost without the server's hearing of it.
                "idle_in_transaction_session_timeout": f"{limits.SILENCE_MS_MAX}ms",
                "jit": "off",
                "lock_timeout": f"{limits.LOCK_WAIT_MS_MAX}ms",
                "timezone": "UTC",
            },
        )
    except (OSError, TimeoutError, PostgresError, InterfaceError) as error:
        raise DatabaseUnavailable(str(error)) from error
    return Database(pool, pool_name)
