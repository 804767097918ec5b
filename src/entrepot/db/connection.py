"""What this package uses of an asyncpg connection, typed."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

Row: TypeAlias = Mapping[str, Any]


class Connection(Protocol):
    """A connection to PostgreSQL, or one lent by the pool."""

    async def execute(self, statement: str, *values: object) -> str:
        """Run a statement and give its command tag."""
        ...

    async def executemany(self, statement: str, values: Sequence[Sequence[object]]) -> None:
        """Run a statement for each row of values."""
        ...

    async def fetch(self, statement: str, *values: object) -> list[Any]:
        """Run a statement and give its rows."""
        ...

    async def fetchrow(self, statement: str, *values: object) -> Any:  # noqa: ANN401 - a row or None
        """Run a statement and give its first row, or None."""
        ...

    async def fetchval(self, statement: str, *values: object) -> Any:  # noqa: ANN401 - a column's value
        """Run a statement and give the first column of its first row."""
        ...
