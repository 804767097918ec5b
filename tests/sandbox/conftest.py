"""A sandbox over HTTP, and one for races."""

import pytest

from entrepot.demo.seed import DemoWorld
from tests.http.shopping import Shop
from tests.races.conftest import ours, p1, p2, races_template, theirs, url
from tests.support.client import Client

__all__ = ["ours", "p1", "p2", "races_template", "theirs", "url"]


@pytest.fixture
def shop(client: Client, world: DemoWorld) -> Shop:
    """The first demo business, shopping."""
    return Shop(client, world.first)
