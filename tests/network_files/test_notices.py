"""What a planner is told of a network that is valid: each notice names the places."""

from datetime import date

import msgspec
import pytest

from entrepot.domain.delivery.calendar import calendar
from entrepot.domain.network import Gps, NetworkDescription
from entrepot.domain.network_build import build_network
from entrepot.domain.regions import Region
from entrepot.network_files.notices import find_notices
from tests.domain.networks import (
    COUNTRY,
    EVERY_DAY,
    KHIMKI,
    MOSCOW,
    MOSCOW_POINT,
    MOSCOW_REGION,
    MOSCOW_WAREHOUSE,
    MOSCOW_ZONE,
    TVER,
    described,
    lane,
    point,
    regions,
    warehouse,
    zone,
)

TODAY = date(2026, 6, 2)
NEVER = 9


def notices(network: NetworkDescription) -> dict[str, tuple[int, ...]]:
    found = find_notices(build_network(1, network), TODAY)
    return {each.what: each.ids for each in found}


def far_away() -> NetworkDescription:
    there = point(MOSCOW_POINT, MOSCOW)
    address = msgspec.structs.replace(there.address, gps=Gps(37.6, 55.7))  # exchanged
    return described(points=(msgspec.structs.replace(there, address=address),))


CASES: list[tuple[str, NetworkDescription, int]] = [
    (
        "Warehouses whose calendar never works",
        described(
            calendars=(*described().calendars, calendar(NEVER, "Never", days_off=range(7))),
            warehouses=(warehouse(calendar_id=NEVER), *described().warehouses[1:]),
        ),
        MOSCOW_WAREHOUSE,
    ),
    (
        "Pickup points that are never open",
        described(points=(point(MOSCOW_POINT, MOSCOW, hours=(None,) * 7),)),
        MOSCOW_POINT,
    ),
    (
        "Courier zones without a day of delivery",
        described(
            zones=(msgspec.structs.replace(zone(MOSCOW_ZONE, (MOSCOW_REGION,)), week=((),) * 7),)
        ),
        MOSCOW_ZONE,
    ),
    (
        "Pickup points that take no parcels (daily_capacity 0)",
        described(points=(point(MOSCOW_POINT, MOSCOW, capacity=0),)),
        MOSCOW_POINT,
    ),
    (
        "Courier zones that no warehouse can send to",
        described(
            zones=(zone(MOSCOW_ZONE, (MOSCOW_REGION,)),),
            lanes=(
                msgspec.structs.replace(lane(MOSCOW_WAREHOUSE, COUNTRY, 1, 2), courier=None),
                *(
                    msgspec.structs.replace(each, courier=None)
                    for each in described().lanes
                    if each.region_id != COUNTRY or each.warehouse_id != MOSCOW_WAREHOUSE
                ),
            ),
        ),
        MOSCOW_ZONE,
    ),
    (
        "Calendars that nothing uses",
        described(calendars=(*described().calendars, calendar(NEVER, "Spare"))),
        NEVER,
    ),
    (
        "Regions with the name of a sister: addresses there cannot be told apart",
        described(
            regions=(*regions(), Region(950, MOSCOW_REGION, "химки", regions()[5].type)),
        ),
        950,
    ),
    (
        "Pickup points more than 500 km from their region: are latitude and longitude exchanged?",
        far_away(),
        MOSCOW_POINT,
    ),
]


@pytest.mark.parametrize(("what", "network", "id_"), CASES, ids=[case[0][:40] for case in CASES])
def test_a_planner_is_told(what: str, network: NetworkDescription, id_: int) -> None:
    assert id_ in notices(network)[what]
    assert what not in notices(described()) or id_ not in notices(described())[what]


def test_a_calendar_whose_years_have_run_out() -> None:
    found = find_notices(build_network(1, described()), date(2027, 6, 2))
    (run_out,) = (each for each in found if each.what.startswith("Calendars in use that know no"))
    assert EVERY_DAY not in run_out.ids
    assert str(run_out).endswith(f": {', '.join(map(str, run_out.ids))}.")


def test_many_places_are_counted_and_some_named() -> None:
    made = described(points=tuple(point(1_000 + n, TVER, capacity=0) for n in range(25)))
    found = find_notices(build_network(1, made), TODAY)
    (closed,) = (each for each in found if "daily_capacity" in each.what)
    assert (closed.count, len(closed.ids)) == (25, 10)
    assert str(closed).endswith("1009 and 15 more.")
    assert KHIMKI not in closed.ids
