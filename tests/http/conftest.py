"""Fixtures of tests over HTTP."""

import pytest

from entrepot.demo.seed import DemoWorld
from entrepot.operations.call import Platform
from tests.support.orders import OrderBook


@pytest.fixture
def book(platform: Platform, world: DemoWorld) -> OrderBook:
    """The campaign of the first demo business, to write orders into by SQL."""
    return OrderBook(platform.database, world.first.business_id, world.first.campaign_id)


@pytest.fixture
def other_book(platform: Platform, world: DemoWorld) -> OrderBook:
    """The campaign of the second demo business."""
    return OrderBook(platform.database, world.second.business_id, world.second.campaign_id)
