"""Money: kopecks inside, roubles on the wire."""

from typing import NewType

Kopecks = NewType("Kopecks", int)

PRICE_ROUBLES_MAX = 1_000_000_000  # sums of a whole order stay far inside bigint
_ROUNDING_NOISE = 1e-6


def kopecks_of(roubles: float) -> Kopecks | None:
    """Read a wire price; None when it is finer than a kopeck (19.999 is nobody's price)."""
    kopecks = round(roubles * 100)
    exact = abs(roubles * 100 - kopecks) <= _ROUNDING_NOISE * max(1.0, abs(roubles))
    return Kopecks(kopecks) if exact else None


def roubles(kopecks: int) -> float | int:
    """Write kopecks as a JSON number, whole roubles without a fraction."""
    return kopecks // 100 if kopecks % 100 == 0 else kopecks / 100
