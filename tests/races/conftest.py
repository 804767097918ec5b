"""A world of its own for each race, and a look into the books after each."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from entrepot.db.migrate import migrate
from tests.races.books import assert_books_agree
from tests.races.world import Process, Shop, World, make_world, process
from tests.support.databases import Databases


@pytest.fixture(scope="session", autouse=True)
def brief_logs() -> None:
    """Faults are provoked here; pages of local variables would take longer than the races."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ]
    )


@pytest.fixture(scope="session")
def races_template(databases: Databases) -> Iterator[tuple[str, World]]:
    """A database with the world of the races, to be cloned."""
    url = databases.create_empty()

    async def make() -> World:
        await migrate(url)
        return await make_world(url)

    yield url, asyncio.run(make())
    databases.drop(url)


@pytest.fixture
def ours(races_template: tuple[str, World]) -> Shop:
    """Our shop."""
    return races_template[1].ours


@pytest.fixture
def theirs(races_template: tuple[str, World]) -> Shop:
    """The other shop of the same operator."""
    return races_template[1].theirs


@pytest.fixture
def url(databases: Databases, races_template: tuple[str, World]) -> Iterator[str]:
    """A database of the test's own, at the beginning of the world."""
    made = databases.clone(races_template[0])
    yield made
    databases.drop(made)


@pytest.fixture
async def p1(url: str) -> AsyncIterator[Process]:
    """A worker process; when the test is over the books must agree."""
    async with process(url) as made:
        yield made
    await assert_books_agree(url)


@pytest.fixture
async def p2(url: str) -> AsyncIterator[Process]:
    """Another worker process."""
    async with process(url) as made:
        yield made
