from typing import Any

import pytest
from msgspec.structs import replace

from entrepot.domain.delivery.calendar import OwnDays
from entrepot.domain.delivery.goods import ParcelLimits
from entrepot.domain.network import CourierInterval, CourierZone, Lane, OpenHours, Tariff, zone_of
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
    NOVOSIBIRSK_WAREHOUSE,
    NOVOSIBIRSK_ZONE,
    RUSSIAN_OFFICE,
    TVER,
    VILLAGE,
    day,
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
        ({"lanes": (Lane(MOSCOW_WAREHOUSE, MOSCOW, 1, 2),)}, "carries no service"),
        ({"lanes": (Lane(MOSCOW_WAREHOUSE, MOSCOW, 1, 2, Tariff(1, 1, -1)),)}, "included"),
        ({"lanes": (Lane(MOSCOW_WAREHOUSE, MOSCOW, 1, 2, Tariff(1, 1, 0, 0)),)}, "divisor"),
        ({"warehouses": (replace(warehouse(), cut_offs=(900,) * 6),)}, "each day of the week"),
        (
            {"points": (replace(point(1, MOSCOW), parcel_limits=ParcelLimits(weight_g=0)),)},
            "limit that nothing keeps",
        ),
    ],
)
def test_a_network_that_contradicts_itself_is_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidNetworkError, match=message):
        build_network(1, described(**changes))


def test_own_days_win_over_the_calendar_and_work_over_closure() -> None:
    """Closed on an ordinary Friday and on a transferred Saturday; open on a Sunday."""
    friday, saturday, sunday, monday = day("06-05"), day("06-13"), day("06-07"), day("06-08")
    own = OwnDays(closed=frozenset({friday, saturday, sunday}), working=frozenset({sunday}))
    places = (
        replace(warehouse(calendar_id=RUSSIAN_OFFICE), own_days=own),
        warehouse(NOVOSIBIRSK_WAREHOUSE, calendar_id=RUSSIAN_OFFICE),
    )
    built = network(warehouses=places)
    days = built.warehouse_days
    ours, shared = days[MOSCOW_WAREHOUSE], days[NOVOSIBIRSK_WAREHOUSE]
    assert [ours.works(each) for each in (friday, saturday, sunday, monday)] == [
        False,
        False,
        True,
        True,
    ]
    assert [shared.works(each) for each in (friday, saturday, sunday)] == [True, True, False]
    assert shared is built.calendars[RUSSIAN_OFFICE]


def test_places_with_the_same_own_days_share_a_calendar() -> None:
    own = OwnDays(closed=frozenset({day("05-09")}))
    built = network(points=tuple(replace(point(id_, MOSCOW), own_days=own) for id_ in (1, 2)))
    assert built.point_days[1] is built.point_days[2]
    assert not built.point_days[1].works(day("05-09"))
    assert built.zone_days[MOSCOW_ZONE].works(day("05-09"))
