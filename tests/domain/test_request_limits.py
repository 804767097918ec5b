"""Figures of limits: tiers, own ones, windows, and what is counted."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from entrepot.contract.enums import SubscriptionLevel
from entrepot.contract.request_limits import (
    SHARED_PARALLEL,
    Budget,
    ElementCounter,
    OwnLimit,
    RequestLimit,
    figures_of,
    per_hour,
    per_minute,
)
from entrepot.db.request_budgets import window_end

REPORT = RequestLimit(none=Budget(1, 120), medium=Budget(1, 60))


@pytest.mark.parametrize(
    ("level", "amount"),
    [
        (SubscriptionLevel.NONE, 100),
        (SubscriptionLevel.LIGHT, 100),
        (SubscriptionLevel.MEDIUM, 600),
    ],
)
def test_a_subscription_decides_the_tier(level: SubscriptionLevel, amount: int) -> None:
    limit = per_minute(100, medium=600)
    assert figures_of("any", limit, level, {}).budget == Budget(amount, 60)
    assert limit.of(level).period == "minute"
    assert REPORT.of(level).period == ("minute" if amount == 600 else "2 minutes")


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, (10, 4, True)),
        ({"other": OwnLimit(1, 1)}, (10, 4, True)),
        ({"any": OwnLimit(7, None)}, (7, 4, True)),
        ({"any": OwnLimit(None, 9)}, (10, 9, False)),
        ({SHARED_PARALLEL: OwnLimit(None, 20)}, (10, 20, True)),
        ({SHARED_PARALLEL: OwnLimit(None, 20), "any": OwnLimit(0, 9)}, (0, 9, False)),
    ],
)
def test_figures_of_its_own_come_first(
    own: dict[str, OwnLimit], expected: tuple[int, int, bool]
) -> None:
    found = figures_of("any", per_hour(10), SubscriptionLevel.NONE, own)
    assert (found.budget.amount, found.parallel, found.shared) == expected


def test_an_operation_with_its_own_parallel_figure_is_counted_alone() -> None:
    shared = {SHARED_PARALLEL: OwnLimit(None, 20)}
    found = figures_of("any", per_hour(10, parallel=6), SubscriptionLevel.NONE, shared)
    assert (found.parallel, found.shared) == (6, False)


@pytest.mark.parametrize(
    ("moment", "window_s", "end"),
    [
        ((8, 59, 59, 999_999), 3600, (9, 0)),
        ((9, 0, 0, 0), 3600, (10, 0)),
        ((8, 59, 30, 0), 60, (9, 0)),
        ((8, 58, 0, 0), 120, (9, 0)),
        ((8, 59, 59, 0), 120, (9, 0)),
        ((9, 0, 0, 0), 120, (9, 2)),
    ],
)
def test_windows_are_aligned_to_the_clock(
    moment: tuple[int, int, int, int], window_s: int, end: tuple[int, int]
) -> None:
    asked = datetime(2026, 5, 4, *moment, tzinfo=UTC)
    assert window_end(asked, window_s) == datetime(2026, 5, 4, *end, tzinfo=UTC)


class _Offer(msgspec.Struct):
    offer_id: str


class _Warehouse(msgspec.Struct):
    offers: tuple[_Offer, ...] | None


class _Result(msgspec.Struct):
    warehouses: list[_Warehouse]


class _Answer(msgspec.Struct):
    result: _Result | msgspec.UnsetType | None


@pytest.mark.parametrize(
    ("offers", "count"),
    [((), 0), ((2,), 2), ((2, 3), 5), ((None, 1), 1)],
)
def test_elements_are_counted_through_lists(offers: tuple[int | None, ...], count: int) -> None:
    answer = _Answer(
        _Result(
            [
                _Warehouse(None if each is None else tuple(_Offer("x") for _ in range(each)))
                for each in offers
            ]
        )
    )
    assert ElementCounter("result.warehouses.offers.offer_id").count(answer) == count


@pytest.mark.parametrize("absent", [None, msgspec.UNSET])
def test_what_is_absent_has_no_elements(absent: Any) -> None:
    assert ElementCounter("result.warehouses").count(_Answer(absent)) == 0
