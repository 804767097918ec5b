"""The world of the races serves here too: shops, a network, and a way to place orders."""

from collections.abc import AsyncIterator

import pytest

from entrepot.db.transaction import Database
from tests.races.conftest import ours, races_template, theirs, url
from tests.races.world import Process, process

__all__ = ["database", "ours", "placing", "races_template", "theirs", "url"]


@pytest.fixture
async def placing(url: str) -> AsyncIterator[Process]:
    """A worker process's way to place and confirm orders."""
    async with process(url) as made:
        yield made


@pytest.fixture
async def database(placing: Process) -> Database:
    """The database that `placing` works on."""
    return placing.database
