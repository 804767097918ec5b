"""A database for each test, cloned from a template that is made once.

The server is the embedded one (shared by every worker of a run and kept warm between runs), or
the one that `ENTREPOT_TEST_DATABASE_URL` names. The template is migrated and holds the demo
world; its name carries a hash of the code that makes it, so it is made again when that changes.
"""

import hashlib
import itertools
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from entrepot.db.embedded import embedded_postgres, sibling_url
from entrepot.db.migrate import migrate
from entrepot.demo.seed import DemoWorld, seed_demo
from tests.support.background import BackgroundLoop

SOURCES = Path(__file__).parents[2] / "src" / "entrepot"
MADE_OF = ("contract", "db", "demo", "domain")
PREFIX = "entrepot_test"
TEMPLATE_LOCK = 0x7465_6D70
TEMPLATE_LIFE_S = 24 * 3600
URL_VARIABLE = "ENTREPOT_TEST_DATABASE_URL"


def tests_folder() -> Path:
    """The folder of the tests' server and of what is known about templates."""
    folder = Path(tempfile.gettempdir()) / f"entrepot-tests-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    assert folder.stat().st_uid == os.geteuid()
    return folder


class Databases:
    """Makes databases on one server."""

    def __init__(self) -> None:
        self._background = BackgroundLoop()
        given = os.environ.get(URL_VARIABLE)
        self._server_url = given or self._background.enter(
            embedded_postgres(tests_folder() / "data")
        )
        self._numbers = itertools.count(1)
        # The server's address is in the stamp: what is known of one server's template means
        # nothing on another.
        self._template = f"{PREFIX}_template_{_stamp(self._server_url)}"
        self.world = self._run(self._ensure_template)

    def create(self) -> str:
        """Make a database like the template; gives its URL."""
        return self._create(self._template)

    def create_empty(self) -> str:
        """Make a database with nothing in it; gives its URL."""
        return self._create("template1")

    def clone(self, url: str) -> str:
        """Make a database like another, to which nobody may be connected; gives its URL."""
        return self._create(_name(url))

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._run(lambda admin: admin.execute(f'DROP DATABASE "{_name(url)}" WITH (FORCE)'))

    def close_to_all(self, url: str) -> None:
        """Throw everybody out of a database and let nobody in."""
        name = _name(url)
        self._run(lambda admin: admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'))
        self._run(
            lambda admin: admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
            )
        )

    def open_to_all(self, url: str) -> None:
        """Let everybody in again."""
        name = _name(url)
        self._run(lambda admin: admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'))

    def close(self) -> None:
        self._background.close()

    def _create(self, template: str) -> str:
        name = f"{PREFIX}_{os.getpid()}_{next(self._numbers)}"
        self._run(lambda admin: admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        return sibling_url(self._server_url, name)

    def _run(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
        async def connected() -> Any:
            admin = await asyncpg.connect(
                self._server_url, server_settings={"lock_timeout": "0", "statement_timeout": "0"}
            )
            try:
                return await work(admin)
            finally:
                await admin.close()

        return self._background.run(connected())

    async def _ensure_template(self, admin: Any) -> DemoWorld:
        known = tests_folder() / f"{self._template}.json"
        await admin.execute("SELECT pg_advisory_lock($1)", TEMPLATE_LOCK)
        exists = await admin.fetchval(
            "SELECT true FROM pg_database WHERE datname = $1", self._template
        )
        if exists and known.exists():
            known.touch()
            return msgspec.json.decode(known.read_bytes(), type=DemoWorld)
        await _drop_leftovers(admin)
        making = f"{self._template}_making"
        for name in (self._template, making):
            await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await admin.execute(f'CREATE DATABASE "{making}"')
        world = await _make_world(sibling_url(self._server_url, making))
        known.write_bytes(msgspec.json.encode(world))
        await admin.execute(f'ALTER DATABASE "{making}" RENAME TO "{self._template}"')
        return world


async def _make_world(url: str) -> DemoWorld:
    await migrate(url)
    with tempfile.TemporaryDirectory() as folder:
        world = await seed_demo(url, Path(folder))
    # Planner statistics come along with a clone; without them the first queries of a test guess.
    connection = await asyncpg.connect(url)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    return world


async def _drop_leftovers(admin: Any) -> None:
    """Remove templates that nobody used for a day and databases of runs that were killed."""
    rows = await admin.fetch("SELECT datname FROM pg_database WHERE datname LIKE $1", f"{PREFIX}%")
    for name in (row["datname"] for row in rows):
        if _is_leftover(name):
            await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            (tests_folder() / f"{name}.json").unlink(missing_ok=True)


def _is_leftover(name: str) -> bool:
    if name.startswith(f"{PREFIX}_template_"):
        known = tests_folder() / f"{name}.json"
        return not known.exists() or time.time() - known.stat().st_mtime > TEMPLATE_LIFE_S
    pid = name.removeprefix(f"{PREFIX}_").partition("_")[0]
    return pid.isdecimal() and not Path(f"/proc/{pid}").exists()


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def _stamp(server_url: str) -> str:
    stamp = hashlib.sha256(server_url.encode())
    for folder in MADE_OF:
        for source in sorted((SOURCES / folder).rglob("*.py")):
            stamp.update(source.read_bytes())
    return stamp.hexdigest()[:12]
