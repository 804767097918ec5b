"""A program that loads the world's network, larger: to be killed while it does.

Arguments: the database, the capacity of the narrow point, how many further regions to load.
It prints a line for each step, and the result last.
"""

import asyncio
import sys

import msgspec

from entrepot import limits
from entrepot.contract.enums import RegionType
from entrepot.db.network_load import LoadProgress, LoadResult, load_network
from entrepot.db.transaction import open_database
from entrepot.domain.network import NetworkDescription
from entrepot.domain.regions import Region
from tests.domain import networks
from tests.races.world import NARROW_POINT, described

FIRST_FURTHER_REGION = 1_000_001


def with_capacity(capacity: int, *, regions: int = 0) -> NetworkDescription:
    """Give the world's network with other room at the narrow point, and further regions."""
    network = described()
    others = tuple(point for point in network.points if point.id != NARROW_POINT)
    narrow = networks.point(NARROW_POINT, networks.MOSCOW, capacity=capacity)
    further = tuple(
        Region(number, networks.MOSCOW_REGION, f"Деревня {number}", RegionType.VILLAGE)
        for number in range(FIRST_FURTHER_REGION, FIRST_FURTHER_REGION + regions)
    )
    return msgspec.structs.replace(
        network, points=(*others, narrow), regions=(*network.regions, *further)
    )


def _tell(step: LoadProgress | LoadResult) -> None:
    sys.stdout.write(f"{step}\n")
    sys.stdout.flush()


async def _load(url: str, network: NetworkDescription) -> None:
    database = await open_database(url, connections_max=1)
    _tell(await load_network(database, network, _tell))
    await database.close()


if __name__ == "__main__":
    limits.NETWORK_ROWS_PER_WRITE_MAX = 500  # many moments to be killed at
    asyncio.run(_load(sys.argv[1], with_capacity(int(sys.argv[2]), regions=int(sys.argv[3]))))
