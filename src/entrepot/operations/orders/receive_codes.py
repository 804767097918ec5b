"""Codes by which a point knows who may take an order: six digits nobody can guess."""

import secrets

_CODES = 10**6
_BYTES_EACH = 8  # enough that the remainder favours no code measurably
_CODES_DRAWN_AT_ONCE = 512


class ReceiveCodes:
    """A supply of codes. Drawn many at a time: each draw asks the operating system."""

    def __init__(self) -> None:
        """Start without any."""
        self._random = b""

    def take(self) -> str:
        """Give the next code."""
        if not self._random:
            self._random = secrets.token_bytes(_BYTES_EACH * _CODES_DRAWN_AT_ONCE)
        drawn, self._random = self._random[-_BYTES_EACH:], self._random[:-_BYTES_EACH]
        return f"{int.from_bytes(drawn) % _CODES:06d}"
