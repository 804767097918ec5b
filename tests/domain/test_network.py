from typing import Any

import pytest

from entrepot.domain.network import CourierInterval, CourierZone, OpenHours, zone_of
from entrepot.domain.network_build import build_network
from entrepot.domain.regions import InvalidNetworkError

from .networks import (
    COUNTRY,
    EVERY_DAY,
    LARGE,
    MOSCOW,
    MOSCOW_REGION,
    MOSCOW_WAREHOUSE,
    MOSCOW_ZONE,
    NOVOSIBIRSK,
    NOVOSIBIRSK_ZONE,
    TVER,
    VILLAGE,
    described,
    lane,
    network,
    point,
    warehouse,
    zone,
)


@pytest.mark.parametrize(
    ("region_id", "zone_id"),
    [
        (MOSCOW_REGION, MOSCOW_ZONE),
        (VILLAGE, MOSCOW_ZONE),
        (NOVOSIBIRSK, NOVOSIBIRSK_ZONE),
        (TVER, None),
        (COUNTRY, None),
        (404, None),
    ],
)
def test_the_zone_of_a_region_is_that_of_the_nearest_above(
    region_id: int, zone_id: int | None
) -> None:
    found = zone_of(network(), region_id)
    assert (found.id if found else None) == zone_id


def test_a_nearer_zone_wins() -> None:
    made = network(zones=(zone(1, (MOSCOW_REGION,)), zone(2, (MOSCOW,))))
    found = zone_of(made, MOSCOW)
    assert found is not None
    assert found.id == 2


def overlapping_week() -> tuple[CourierZone, ...]:
    twice = (CourierInterval(600, 700, 1), CourierInterval(600, 700, 2))
    return (CourierZone(1, "Zone", (MOSCOW,), "UTC", EVERY_DAY, (twice,) * 7, LARGE),)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"warehouses": (warehouse(region_id=404),)}, "unknown region 404"),
        ({"warehouses": (warehouse(calendar_id=404),)}, "unknown calendar 404"),
        ({"warehouses": (warehouse(), warehouse())}, "warehouse id stands twice"),
        ({"warehouses": (warehouse(time_zone="Europe/Nowhere"),), "lanes": ()}, "time zone"),
        ({"warehouses": (warehouse(cut_off_minute=1500),)}, "cut-off"),
        ({"points": (point(1, MOSCOW, capacity=-1),)}, "capacity"),
        ({"points": (point(1, MOSCOW, hours=(None,)),)}, "hours"),
        ({"points": (point(1, MOSCOW, hours=(OpenHours(700, 600),) * 7),)}, "no interval"),
        ({"zones": (zone(1, (MOSCOW,)), zone(2, (MOSCOW,)))}, "share region"),
        ({"zones": (zone(1, ()),)}, "no region"),
        ({"zones": overlapping_week()}, "interval stands twice"),
        ({"lanes": (lane(404, MOSCOW, 1, 2, 1, 1),)}, "unknown warehouse"),
        ({"lanes": (lane(MOSCOW_WAREHOUSE, MOSCOW, 2, 1, 1, 1),)}, "transit"),
        ({"lanes": (lane(MOSCOW_WAREHOUSE, MOSCOW, 1, 2, 0, 1),)}, "price"),
        ({"lanes": (lane(MOSCOW_WAREHOUSE, MOSCOW, 1, 2, 1, 1),) * 2}, "twice"),
    ],
)
def test_a_network_that_contradicts_itself_is_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidNetworkError, match=message):
        build_network(1, described(**changes))
