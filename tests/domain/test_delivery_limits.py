"""Goods against places and carriers, and what the shop pays: a planner's cases."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.domain.delivery.goods import (
    NO_PARCEL_LIMITS,
    Goods,
    ItemLimits,
    Load,
    ParcelLimits,
    takes_kind,
)
from entrepot.domain.delivery.lanes import lane_between, tariff_of, tariff_price
from entrepot.domain.delivery.routes import Routes
from entrepot.domain.delivery.slot import PlaceKind
from entrepot.domain.destination import Place, ToAddress, ToPoint, find_place
from entrepot.domain.network import Lane, Network, Tariff

from .networks import (
    COUNTRY,
    KHIMKI,
    MOSCOW,
    MOSCOW_POINT,
    MOSCOW_REGION,
    MOSCOW_WAREHOUSE,
    NOVOSIBIRSK,
    SMALL,
    TVER,
    VILLAGE,
    at,
    network,
    point,
)

NETWORK = network()
NOW = at("2026-06-02 10:00")


@pytest.mark.parametrize(
    ("sides", "weight_g", "fits"),
    [
        ((600, 400, 200), 15_000, True),
        ((200, 400, 600), 15_000, True),  # turned
        ((601, 100, 100), 100, False),
        ((600, 400, 201), 100, False),  # the sum of the sides
        ((600, 401, 100), 100, False),
        ((100, 100, 100), 15_001, False),
    ],
)
def test_limits_of_an_item(sides: tuple[int, int, int], weight_g: int, fits: bool) -> None:
    assert SMALL.fit(Goods(weight_g, *sides)) is fits
    assert SMALL.fit_all([Goods(1, 1, 1, 1), Goods(weight_g, *sides)]) is fits


@given(st.permutations([120, 350, 800]), st.permutations([300, 800, 400]))
def test_goods_are_turned_as_they_fit_best(sides: list[int], limits: list[int]) -> None:
    length, width, height = sides
    assert ItemLimits(1000, limits[0], limits[1], limits[2], 2000).fit(
        Goods(10, length, width, height)
    )


@pytest.mark.parametrize(
    ("limits", "load", "admitted"),
    [
        (NO_PARCEL_LIMITS, Load(10**9, 10**12, 10**12), True),
        (ParcelLimits(weight_g=5_000), Load(5_000, 10**9), True),
        (ParcelLimits(weight_g=5_000), Load(5_001, 1), False),
        (ParcelLimits(volume_mm3=10_000), Load(1, 10_001), False),
        (ParcelLimits(value_kopecks=100_00), Load(1, 1, 100_00), True),
        (ParcelLimits(value_kopecks=100_00), Load(1, 1, 100_01), False),
        (ParcelLimits(value_kopecks=100_00), Load(1, 1), True),  # nobody knows what it is worth
    ],
)
def test_limits_of_a_parcel(limits: ParcelLimits, load: Load, admitted: bool) -> None:
    assert limits.admit(load) is admitted


some_limits = st.builds(ParcelLimits, *[st.none() | st.integers(1, 5) for _ in range(3)])
loads = st.builds(Load, st.integers(0, 6), st.integers(0, 6), st.none() | st.integers(0, 6))


@given(some_limits, some_limits, loads)
def test_limits_together_admit_what_each_admits(
    place: ParcelLimits, carrier: ParcelLimits, load: Load
) -> None:
    both = place.within(carrier)
    assert both.admit(load) == (place.admit(load) and carrier.admit(load))


def test_a_route_keeps_the_limits_of_place_and_carrier() -> None:
    carrier = ItemLimits(5_000, 300, 300, 300, 700)
    kept = point(MOSCOW_POINT, MOSCOW)
    made = network(
        points=(msgspec.structs.replace(kept, parcel_limits=ParcelLimits(20_000, None, 500_00)),),
        lanes=(
            Lane(
                *(MOSCOW_WAREHOUSE, MOSCOW_REGION, 0, 1, Tariff(1, 1), None, carrier),
                parcel_limits=ParcelLimits(10_000, 9_000_000),
            ),
        ),
    )
    route = Routes(made, now=NOW, days_ahead=14).find(
        MOSCOW_WAREHOUSE, place_of(ToPoint(MOSCOW_POINT), made)
    )
    assert route is not None
    assert route.parcel_limits == ParcelLimits(10_000, 9_000_000, 500_00)
    assert route.carries(Goods(5_000, 300, 200, 100))
    assert not route.carries(Goods(5_001, 300, 200, 100))


@pytest.mark.parametrize(
    ("kinds", "kind", "taken"),
    [
        (frozenset(), "GENERAL", True),
        (frozenset(), "FROZEN", True),
        (frozenset({"FROZEN"}), "FROZEN", True),
        (frozenset({"FROZEN"}), "GENERAL", False),
        (frozenset({"FROZEN", "GENERAL"}), "GENERAL", True),
    ],
)
def test_kinds_of_goods(kinds: frozenset[str], kind: str, taken: bool) -> None:
    assert takes_kind(kinds, kind) is taken


PLAIN = Tariff(15_000, 1_000)
PARCEL_MACHINE = Tariff(9_900, 2_500, included_g=3_000)
FREIGHT = Tariff(50_000, 700, mm3_per_g=4_000)


@pytest.mark.parametrize(
    ("tariff", "weight_g", "volume_mm3", "expected", "because"),
    [
        (PLAIN, 1, 1, 16_000, "a kilogram is begun"),
        (PLAIN, 1_000, 1, 16_000, "and full"),
        (PLAIN, 1_001, 1, 17_000, "the second is begun"),
        (PLAIN, 500, 20_000_000, 19_000, "twenty litres weigh four kilograms"),
        (PLAIN, 4_000, 20_000_000, 19_000, "and are as heavy as that"),
        (PLAIN, 4_001, 20_000_000, 20_000, "the heavier of the two counts"),
        (PLAIN, 500, 5_000_001, 17_000, "a cubic millimetre beyond a kilogram"),
        (PARCEL_MACHINE, 3_000, 1, 9_900, "three kilograms are included"),
        (PARCEL_MACHINE, 3_001, 1, 12_400, "and not a gram more"),
        (PARCEL_MACHINE, 100, 20_000_000, 12_400, "also of volumetric weight"),
        (FREIGHT, 500, 20_000_000, 53_500, "five kilograms at four litres to a kilogram"),
    ],
)
def test_what_the_shop_pays(
    tariff: Tariff, weight_g: int, volume_mm3: int, expected: int, because: str
) -> None:
    assert tariff_price(tariff, weight_g, volume_mm3) == expected, because


@pytest.mark.parametrize(
    ("region_id", "base_kopecks"),
    [(MOSCOW, 15_000), (KHIMKI, 15_000), (VILLAGE, 15_000), (TVER, 20_000)],
)
def test_the_lane_of_the_nearest_region_above(region_id: int, base_kopecks: int) -> None:
    lane = lane_between(NETWORK, MOSCOW_WAREHOUSE, region_id)
    assert lane is not None
    assert lane.pickup is not None
    assert lane.pickup.base_kopecks == base_kopecks


def test_a_lane_of_the_region_itself_goes_before_that_of_its_parent() -> None:
    own = Lane(MOSCOW_WAREHOUSE, KHIMKI, 1, 1, pickup=Tariff(77, 1))
    made = network(lanes=(*network_lanes(), own))
    assert lane_between(made, MOSCOW_WAREHOUSE, VILLAGE) == own
    assert lane_between(made, MOSCOW_WAREHOUSE, MOSCOW) != own


def test_each_service_has_its_tariff() -> None:
    lane = Lane(MOSCOW_WAREHOUSE, MOSCOW_REGION, 0, 1, pickup=PARCEL_MACHINE, courier=PLAIN)
    made = network(lanes=(lane,))
    tariffs = []
    for destination in (ToPoint(MOSCOW_POINT), ToAddress("Москва, Арбат, 1")):
        place = place_of(destination, made)
        route = Routes(made, now=NOW, days_ahead=14).find(MOSCOW_WAREHOUSE, place)
        assert route is not None
        tariffs.append(route.tariff)
    assert tariffs == [PARCEL_MACHINE, PLAIN]


@pytest.mark.parametrize("kind", PlaceKind)
def test_a_service_without_tariff_is_not_carried(kind: PlaceKind) -> None:
    pickup, courier = (None, PLAIN) if kind is PlaceKind.POINT else (PLAIN, None)
    lane = Lane(MOSCOW_WAREHOUSE, MOSCOW_REGION, 0, 1, pickup, courier)
    made = network(lanes=(lane,))
    assert tariff_of(lane, kind) is None
    for destination in (ToPoint(MOSCOW_POINT), ToAddress("Москва, Арбат, 1")):
        place = place_of(destination, made)
        route = Routes(made, now=NOW, days_ahead=14).find(MOSCOW_WAREHOUSE, place)
        assert (route is None) == (place.kind is kind)


def test_without_a_lane_the_distance_decides() -> None:
    lane = lane_between(NETWORK, MOSCOW_WAREHOUSE, NOVOSIBIRSK)
    assert lane is not None
    assert 3 <= lane.transit_days_min < lane.transit_days_max <= 7  # some 2,800 km
    near = lane_between(network(lanes=()), MOSCOW_WAREHOUSE, KHIMKI)
    assert near is not None
    assert near.pickup is not None
    assert lane.pickup is not None
    assert near.pickup.base_kopecks < lane.pickup.base_kopecks
    assert lane.pickup == lane.courier
    assert lane_between(NETWORK, MOSCOW_WAREHOUSE, COUNTRY) is None


def place_of(destination: ToPoint | ToAddress, made: Network) -> Place:
    place = find_place(made, destination)
    assert isinstance(place, Place)
    return place


def network_lanes() -> tuple[Lane, ...]:
    return tuple(NETWORK.lanes.values())
