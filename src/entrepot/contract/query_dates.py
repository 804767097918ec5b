"""Dates in query parameters, as texts: days `DD-MM-YYYY`, moments ISO 8601."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from entrepot.contract.errors import TYPE_MISMATCH, Refusal

DayText = Annotated[str, Meta(extra_json_schema={"format": "date"})]
MomentText = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]

_DAY_FIRST = re.compile(r"([0-9]{2})-([0-9]{2})-([0-9]{4})")
_PLUS_LOST = re.compile(r" (?=[0-9]{2}:?[0-9]{2}$)")  # of an offset whose plus was not escaped
_SHOWN_CHARS_MAX = 100

Value = TypeVar("Value")


class DateReader:
    """Reads texts and keeps the refusal of the first that is no date."""

    def __init__(self) -> None:
        """Start with nothing refused."""
        self.refusal: Refusal | None = None

    def day(self, text: str | None) -> date | None:
        """Read a day; the contract's schema says ISO, which cannot be mistaken for it."""
        return self._read(text, lambda sent: date.fromisoformat(_DAY_FIRST.sub(r"\3-\2-\1", sent)))

    def moment(self, text: str | None) -> datetime | None:
        """Read a moment."""
        return self._read(text, lambda sent: msgspec.convert(_PLUS_LOST.sub("+", sent), datetime))

    def _read(self, text: str | None, read: Callable[[str], Value]) -> Value | None:
        if text is None:
            return None
        try:
            return read(text)
        except ValueError:  # msgspec's ValidationError is one
            self.refusal = self.refusal or TYPE_MISMATCH(value=text[:_SHOWN_CHARS_MAX])
            return None
