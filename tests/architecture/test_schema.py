"""What the schema and the statements must obey to run unchanged on Citus."""

import importlib
import re
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from entrepot.db.clock import NOW_SQL
from entrepot.db.migrate import migrate
from tests.architecture.sources import modules
from tests.support.databases import Databases

Ask = Callable[[str], Awaitable[list[Any]]]

# Shared by all businesses: reference tables, or single-shard ones.
SHARED = {
    "alembic_version", "business", "clock", "network_edition", "network_reader", "network_row",
    "network_version", "operator_key", "secret", "slot",
}  # fmt: skip

_TABLES = """
    SELECT c.relname AS name, EXISTS (
      SELECT FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attname = 'business_id' AND a.attnotnull
    ) AS is_tenants
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
"""
_UNIQUE = """
    SELECT t.relname AS table, i.indexrelid::regclass::text AS index, a.attname AS first
    FROM pg_index i
    JOIN pg_class t ON t.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace
    LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
    WHERE n.nspname = 'public' AND i.indisunique
"""
_FOREIGN_KEYS = """
    SELECT conrelid::regclass::text AS table, confdeltype::text AS on_delete
    FROM pg_constraint WHERE contype = 'f'
"""
_TRIGGERS = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"


@pytest.fixture(scope="module")
def ask(databases: Databases) -> Any:
    """Asks a database that is just migrated."""
    url = databases.create_empty()

    async def asking(statement: str) -> list[Any]:
        await migrate(url)
        connection = await asyncpg.connect(url)
        try:
            found: list[Any] = await connection.fetch(statement)
            return found
        finally:
            await connection.close()

    yield asking
    databases.drop(url)


async def test_a_table_is_a_business_own_or_shared_on_purpose(ask: Ask) -> None:
    rows = await ask(_TABLES)
    assert {row["name"] for row in rows if not row["is_tenants"]} == SHARED


async def test_the_business_comes_first_in_what_is_unique(ask: Ask) -> None:
    wrong = [
        row["index"]
        for row in await ask(_UNIQUE)
        if row["table"] not in SHARED and row["first"] != "business_id"
    ]
    assert wrong == []


async def test_tables_of_businesses_have_no_foreign_keys(ask: Ask) -> None:
    rows = await ask(_FOREIGN_KEYS)
    assert [row["table"] for row in rows if row["table"] not in SHARED] == []
    assert [row["table"] for row in rows if row["on_delete"] in {"n", "d"}] == []


async def test_there_are_no_triggers(ask: Ask) -> None:
    assert await ask(_TRIGGERS) == []


def test_nothing_is_decided_by_a_constraints_name() -> None:
    for module in modules():
        assert "constraint_name" not in module.text, module.name


def test_a_conflict_names_its_target() -> None:
    for module in modules("db"):
        for statement in module.statements():
            assert not re.search(r"ON CONFLICT (?!\()", statement), module.name


def test_rows_that_are_selected_and_inserted_tell_their_sqlstate() -> None:
    """Citus answers XX000 to every violation unless something is returned."""
    for module in modules("db"):
        for statement in module.statements():
            if re.search(r"INSERT INTO [^;]*\bSELECT\b", statement) and "VALUES" not in statement:
                told = "RETURNING" in statement or "ON CONFLICT" in statement
                assert told, f"{module.name}: {statement}"


def test_an_update_takes_the_moment_from_a_row_it_reads_once() -> None:
    """Citus refuses UPDATEs in which a volatile function stands, outside of a MATERIALIZED CTE."""
    wrong = set()
    for module in modules("db"):
        name = f"entrepot.{module.name.removesuffix('.py').replace('/', '.')}"
        if "migrations" in name or name.endswith("__init__"):
            continue
        for text in vars(importlib.import_module(name)).values():
            if isinstance(text, str) and re.search(r"(?<!DO )UPDATE (?!clock\b)\w+", text):
                rest = text.replace(f"AS MATERIALIZED (SELECT {NOW_SQL} AS moment)", "")
                if re.search("clock_timestamp|random", rest):
                    wrong.add(f"{name}: {text}")
    assert wrong == set()


def test_nobody_skips_a_lock_to_decide_about_a_balance() -> None:
    skipping = {
        module.name for module in modules() if any("SKIP LOCKED" in text for text in module.texts())
    }
    assert skipping <= {"db/locks.py"}
