"""Dates and times as the contract writes them (reference `errors.md` section 8)."""

from datetime import UTC, date, datetime, timedelta, timezone

MOSCOW = timezone(timedelta(hours=3), "MSK")  # legacy texts carry no offset: always UTC+03:00


def legacy_date(day: date) -> str:
    """Write a date as `DD-MM-YYYY`."""
    return day.strftime("%d-%m-%Y")


def legacy_moment(moment: datetime) -> str:
    """Write a moment as `DD-MM-YYYY HH:MM:SS` in Moscow time."""
    return moment.astimezone(MOSCOW).strftime("%d-%m-%Y %H:%M:%S")


def iso_moment(moment: datetime) -> str:
    """Write a moment as ISO 8601 with Moscow's offset, to the millisecond."""
    return moment.astimezone(MOSCOW).isoformat(timespec="milliseconds")


def utc_moment(moment: datetime) -> datetime:
    """Read a moment; one without an offset is Moscow time, as in the contract's texts."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=MOSCOW)).astimezone(UTC)


def moscow_midnight(day: date) -> datetime:
    """Give the moment at which a day begins in Moscow."""
    return datetime(day.year, day.month, day.day, tzinfo=MOSCOW)


def clock_text(minute: int) -> str:
    """Write a minute of the day as `HH:MM`; the end of the day is `23:59`."""
    hours, minutes = divmod(min(minute, 24 * 60 - 1), 60)
    return f"{hours:02d}:{minutes:02d}"


def clock_minute(text: str) -> int:
    """Read `HH:MM` as a minute of the day."""
    return int(text[:2]) * 60 + int(text[3:5])
