import pytest

from entrepot.contract.money import kopecks_of, roubles


@pytest.mark.parametrize("kopecks", [0, 1, 29, 99, 100, 101, 57_635, 199_999, 10**11])
def test_what_is_written_is_read_as_the_same(kopecks: int) -> None:
    assert kopecks_of(roubles(kopecks)) == kopecks


@pytest.mark.parametrize(
    ("price", "kopecks"),
    [
        (0.1 + 0.2, 30),
        (3 * 1.1, 330),
        (sum([0.7] * 100), 7_000),
        (sum([99_999.99] * 100), 999_999_900),
        (19.999, None),
        (0.005, None),
        (600_000.004, None),
        (999_999_999.995, None),
    ],
)
def test_noise_of_sums_is_no_part_of_a_price_but_thousandths_are(
    price: float, kopecks: int | None
) -> None:
    assert kopecks_of(price) == kopecks
