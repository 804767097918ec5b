"""Fixtures of every test; see tests/support for what is behind them."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from entrepot.demo.seed import DemoWorld
from entrepot.operations.call import Platform
from entrepot.settings import Settings
from tests.support import evidence
from tests.support.background import BackgroundLoop
from tests.support.client import Client, new_session
from tests.support.contract import Contract, contract_path
from tests.support.databases import Databases
from tests.support.serving import Server, Service, serve_here

_NEEDS = {
    "contract": "needs_contract",
    "databases": "needs_postgres",
    "browser": "needs_browser",
}
# How long an example takes says something of the machine and its other work, nothing of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
_CI = os.environ.get("CI", "").lower() in {"1", "true"}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs_contract: compares with the contract's document")
    config.addinivalue_line("markers", "needs_postgres: needs a PostgreSQL")
    config.addinivalue_line("markers", "needs_browser: needs Debian's Chromium")


def pytest_report_header() -> str:
    found = contract_path()
    return f"contract: {found or 'not found: answers are not checked against it'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in _NEEDS:
                item.add_marker(_NEEDS[fixture])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """In CI nothing may be missing: a test that skips for want of something fails.

    So does one that does not produce the refusals it is said to produce.
    """
    report = yield
    needs = {mark.name for mark in item.iter_markers()} & set(_NEEDS.values())
    if _CI and needs and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where it must run: {report.longrepr}"
    if report.when == "call" and report.passed and (missing := evidence.missing(item.nodeid)):
        report.outcome = "failed"
        report.longrepr = f"claimed to produce, and did not: {', '.join(sorted(missing))}"
    return report


def pytest_runtest_setup() -> None:
    evidence.begin()


@pytest.fixture(scope="session")
def contract() -> Contract:
    """The contract's document; a test that asks for it is skipped where it is not."""
    path = contract_path()
    if path is None:
        pytest.skip("the contract is not here: set ENTREPOT_CONTRACT")
    return Contract(path)


@pytest.fixture(scope="session")
def known_contract() -> Contract | None:
    """The contract, if it is here: answers are checked against it when they can be."""
    path = contract_path()
    return None if path is None else Contract(path)


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """The server of this run, with the template of every test's database."""
    made = Databases()
    yield made
    made.close()


@pytest.fixture(scope="session")
def world(databases: Databases) -> DemoWorld:
    """The demo world that lies in every test's database: ids and keys."""
    return databases.world


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database of the test's own: migrated, with the demo world in it."""
    url = databases.create()
    yield url
    databases.drop(url)


@pytest.fixture
def empty_database_url(databases: Databases) -> Iterator[str]:
    """A database of the test's own with nothing in it."""
    url = databases.create_empty()
    yield url
    databases.drop(url)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A sandbox without request limits."""
    return Settings(sandbox=True, limits_enabled=False, data_dir=tmp_path)


@pytest.fixture
async def service(settings: Settings, database_url: str) -> AsyncIterator[Service]:
    """The application over real HTTP in this process. Nothing happens later by itself."""
    async with serve_here(settings, database_url) as served:
        yield served


@pytest.fixture(scope="session")
def shared_service(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """As `service`, one for all tests that change nothing: they need not wait for their own."""
    url = databases.create()
    settings = Settings(
        sandbox=True, limits_enabled=False, data_dir=tmp_path_factory.mktemp("shared")
    )
    loop = BackgroundLoop()
    yield loop.enter(serve_here(settings, url))
    loop.close()
    databases.drop(url)


@pytest.fixture
async def shared_client(
    shared_service: Service, world: DemoWorld, known_contract: Contract | None
) -> AsyncIterator[Client]:
    """A client of `shared_service`, for tests that change nothing."""
    async with new_session() as session:
        yield Client(session, shared_service.base_url, world.first.api_key, known_contract)


@pytest.fixture
def platform(service: Service) -> Platform:
    """What the served application works on."""
    return service.platform


@pytest.fixture
async def client(
    service: Service, world: DemoWorld, known_contract: Contract | None
) -> AsyncIterator[Client]:
    """A client of `service` with the first demo business's all-methods key."""
    async with new_session() as session:
        yield Client(session, service.base_url, world.first.api_key, known_contract)


@pytest.fixture
def start_server(database_url: str, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts `entrepot serve` on the test's database; arguments are the command line's."""
    started: list[Server] = []

    def start(*arguments: str, limited: bool = False) -> Server:
        folder = tmp_path / f"server-{len(started)}"
        folder.mkdir()
        started.append(Server(database_url, folder, *arguments, limited=limited))
        return started[-1]

    yield start
    for server in started:
        server.stop()
