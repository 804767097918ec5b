import pytest

from entrepot.contract.enums import RegionType
from entrepot.domain.regions import InvalidNetworkError, Region, grow

from .networks import COUNTRY, KHIMKI, MOSCOW, MOSCOW_REGION, VILLAGE, regions

TREE = grow(regions())


def test_a_chain_goes_up_to_the_root() -> None:
    assert [region.id for region in TREE.chain(VILLAGE)] == [
        VILLAGE,
        KHIMKI,
        MOSCOW_REGION,
        COUNTRY,
    ]
    assert TREE.chain(404) == ()


def test_children_are_sorted_by_name() -> None:
    assert [region.id for region in TREE.children[MOSCOW_REGION]] == [MOSCOW, KHIMKI]
    assert VILLAGE not in TREE.children


@pytest.mark.parametrize("name", ["Москва", "москва", " МОСКВА "])
def test_names_are_found_whatever_their_case(name: str) -> None:
    assert [region.id for region in TREE.named(name)] == [MOSCOW]


def test_e_and_yo_are_one_letter() -> None:
    tree = grow([Region(1, None, "Королёв", RegionType.CITY)])
    assert [region.id for region in tree.named("Королев")] == [1]


def test_a_region_without_coordinates_has_those_above_it() -> None:
    assert TREE.coordinates(VILLAGE) == (55.89, 37.43)
    assert TREE.coordinates(COUNTRY) is None


@pytest.mark.parametrize(
    ("faulty", "message"),
    [
        ([(1, None), (1, None)], "twice"),
        ([(1, 2)], "unknown parent 2"),
        ([(1, 2), (2, 1)], "deeper"),
        ([(1, 1)], "deeper"),
        ([(n, n - 1 or None) for n in range(1, 40)][::-1], "deeper"),
    ],
)
def test_a_tree_that_is_none_is_refused(faulty: list[tuple[int, int | None]], message: str) -> None:
    with pytest.raises(InvalidNetworkError, match=message):
        grow(Region(id_, parent, "Имя", RegionType.OTHER) for id_, parent in faulty)
