"""Codes by which a point knows who may take an order: six digits nobody can guess."""

import secrets
import struct

_CODES = 10**6
_NUMBER = struct.Struct("=Q")  # large enough that the remainder favours no code measurably
_CODES_DRAWN_AT_ONCE = 512


class ReceiveCodes:
    """A supply of codes. Drawn many at a time: each draw asks the operating system."""

    def __init__(self) -> None:
        """Start without any."""
        self._codes: list[str] = []

    def take(self, count: int) -> tuple[str, ...]:
        """Give the next codes."""
        codes = self._codes
        while len(codes) < count:
            drawn = secrets.token_bytes(_NUMBER.size * _CODES_DRAWN_AT_ONCE)
            codes += [str(number % _CODES).zfill(6) for (number,) in _NUMBER.iter_unpack(drawn)]
        return tuple([codes.pop() for _ in range(count)])
