"""Turnover: for how many days the sound pieces of an offer last at the pace they sell."""

from typing import NamedTuple

from entrepot.contract.enums import Turnover

# Sales are counted over this many days: long enough for slow goods, short enough to follow a
# season, and the span that the contract's lists of orders cover.
TURNOVER_WINDOW_DAYS = 30

# From how many days on each grade holds (the contract's TurnoverType), the slowest first.
_GRADES = (
    (120, Turnover.LOW),
    (100, Turnover.ALMOST_LOW),
    (45, Turnover.HIGH),
    (0, Turnover.VERY_HIGH),
)


class TurnoverRate(NamedTuple):
    """A grade, and the days it stands for; none when nothing was sold."""

    turnover: Turnover
    days: float | None


def turnover_rate(fit: int, sold: int) -> TurnoverRate:
    """Rate an offer by its sound pieces and those sold in the window."""
    if sold == 0:
        return TurnoverRate(Turnover.NO_SALES, None)
    days = fit * TURNOVER_WINDOW_DAYS / sold
    grade = next(grade for least, grade in _GRADES if days >= least)
    return TurnoverRate(grade, round(days, 1))
