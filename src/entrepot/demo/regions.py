"""Regions of the demo world: Russia from the country to villages, and its neighbours.

Ids up to 300,000 are those of the contract's region tree, so that examples written for it name
the same places; ids from `OWN_ID` on are ours, for places whose id there we do not know.
Coordinates are those of the town, to a kilometre or so.
"""

from entrepot.demo.network import demo_network
from entrepot.domain.regions import Region

OWN_ID = 900_000
RUSSIA = 225
MOSCOW, MOSCOW_AND_REGION = 213, 1
SAINT_PETERSBURG, LENINGRAD_REGION = 2, 10174
NOVOSIBIRSK, NOVOSIBIRSK_REGION = 65, 11316


def demo_regions() -> tuple[Region, ...]:
    """Give the regions."""
    return demo_network().regions
