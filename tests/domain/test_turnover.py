import pytest

from entrepot.contract.enums import Turnover
from entrepot.domain.turnover import turnover_rate


@pytest.mark.parametrize(
    ("fit", "sold", "turnover", "days"),
    [
        (10, 0, Turnover.NO_SALES, None),
        (0, 0, Turnover.NO_SALES, None),
        (0, 5, Turnover.VERY_HIGH, 0.0),
        (449, 300, Turnover.VERY_HIGH, 44.9),
        (450, 300, Turnover.HIGH, 45.0),
        (999, 300, Turnover.HIGH, 99.9),
        (1000, 300, Turnover.ALMOST_LOW, 100.0),
        (1199, 300, Turnover.ALMOST_LOW, 119.9),
        (1200, 300, Turnover.LOW, 120.0),
        (1_000_000_000, 1, Turnover.LOW, 30_000_000_000.0),
    ],
)
def test_grades_are_the_contract_s(
    fit: int, sold: int, turnover: Turnover, days: float | None
) -> None:
    assert turnover_rate(fit, sold) == (turnover, days)
