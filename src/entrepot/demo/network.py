"""The delivery network of the demo world: the folder `world` beside this module.

Three warehouses, points and couriers in 26 towns. Every start of every version shows the same
world. What is rare on purpose is told in docs/guides/demo-world.md.
"""

from functools import cache
from pathlib import Path

from entrepot.domain.delivery.goods import ItemLimits, ParcelLimits
from entrepot.domain.network import NetworkDescription, OpenHours
from entrepot.network_files.folder import read_folder

WORLD = Path(__file__).with_name("world")

MOSCOW_WAREHOUSE, PETERSBURG_WAREHOUSE, NOVOSIBIRSK_WAREHOUSE = 501, 502, 503
WAREHOUSE_IDS = (MOSCOW_WAREHOUSE, PETERSBURG_WAREHOUSE, NOVOSIBIRSK_WAREHOUSE)
FIRST_POINT_ID, FIRST_ZONE_ID = 10_001, 2_001

GENEROUS_A_DAY = 20_000  # a demo, and a load test of it, should not run into a full point
GENEROUS_AN_INTERVAL = 10_000
FEW_A_DAY = 3

LARGE_GOODS = "LARGE"

_OPEN_DAILY = (OpenHours(9 * 60, 21 * 60),) * 7
# Every offer of `goods.SMALL_OFFERS` fits each locker, and so each point.
_POINT_LIMITS = ItemLimits(25_000, 1_200, 800, 500, 2_000)


@cache
def demo_network() -> NetworkDescription:
    """Describe the network."""
    return read_folder(WORLD)


def easy_point_ids(described: NetworkDescription) -> tuple[int, ...]:
    """Name the points that are open daily, take many parcels and are no lockers."""
    return tuple(
        point.id
        for point in described.points
        if point.hours == _OPEN_DAILY
        and point.daily_capacity == GENEROUS_A_DAY
        and point.limits == _POINT_LIMITS
        and point.parcel_limits == ParcelLimits()
    )
