"""Columns written as array literals arrive in PostgreSQL as they were."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.db.columns import column, optional_column
from entrepot.db.transaction import Database

# PostgreSQL stores no NUL; the edge refuses it.
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
columns = st.lists(
    st.none()
    | texts
    | st.sampled_from(["", "NULL", "null", "{", "}", ",", '"', "\\", "\\n", "\n", "\x7f", " a "]),
    max_size=8,
)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("bigint", [1, -(2**63), 2**63 - 1, None]),
        ("smallint", []),
        ("boolean", [True, False, None]),
        ("date", [date(2026, 2, 28), None]),
        ("timestamptz", [datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC), None]),
    ],
)
async def test_values_arrive(database: Database, kind: str, values: list[object]) -> None:
    async with database.connection() as connection:
        assert await connection.fetchval(f"SELECT $1::text::{kind}[]", column(values)) == values


async def test_any_text_arrives(database: Database) -> None:
    examples: list[list[str | None]] = []

    @given(columns)
    def draw(values: list[str | None]) -> None:
        examples.append(values)

    draw()
    async with database.connection() as connection:
        for values in examples:
            assert await connection.fetchval("SELECT $1::text::text[]", column(values)) == values


@pytest.mark.parametrize("values", [[None, None], [None, "x"], ["x", None], ["x", "y"]])
async def test_an_optional_column_is_as_long_as_the_one_beside_it(
    database: Database, values: list[str | None]
) -> None:
    statement = "SELECT a, b FROM unnest($1::text::bigint[], $2::text::text[]) AS k (a, b)"
    async with database.connection() as connection:
        rows = await connection.fetch(statement, column([1, 2]), optional_column(values))
    assert [(row["a"], row["b"]) for row in rows] == [(1, values[0]), (2, values[1])]
