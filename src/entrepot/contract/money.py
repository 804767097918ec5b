"""Money: kopecks inside, roubles on the wire."""

from typing import NewType

Kopecks = NewType("Kopecks", int)

PRICE_ROUBLES_MAX = 1_000_000_000  # sums of a whole order stay far inside bigint
# What adding up prices as floats leaves in their kopecks, at least and as a part of the price.
_NOISE_KOPECKS = 1e-6
_NOISE_PART = 1e-12


def kopecks_of(roubles: float) -> Kopecks | None:
    """Read a wire price; None when it is finer than a kopeck (19.999 is nobody's price)."""
    kopecks = round(roubles * 100)
    if kopecks / 100 == roubles:
        return Kopecks(kopecks)
    noise = max(_NOISE_KOPECKS, _NOISE_PART * abs(roubles))
    return Kopecks(kopecks) if abs(roubles * 100 - kopecks) <= noise else None


def roubles(kopecks: int) -> float | int:
    """Write kopecks as a JSON number, whole roubles without a fraction."""
    return kopecks // 100 if kopecks % 100 == 0 else kopecks / 100
