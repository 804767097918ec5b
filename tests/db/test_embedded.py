"""The embedded PostgreSQL lives exactly as long as somebody uses it, and keeps what it was told."""

import os
import pwd
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from entrepot.db.embedded import administrative_url, binaries_dir, embedded_postgres, sibling_url
from tests.db.embedded_processes import (
    EmbeddedUser,
    answers,
    ask,
    is_root,
    is_running,
    nothing_left,  # noqa: F401 - for every test of this module
    python_of,
    wait_until,
)


@pytest.fixture
def user(tmp_path: Path) -> Iterator[EmbeddedUser]:
    """A process that uses the server of `tmp_path`; killed at the end, at the latest."""
    started = EmbeddedUser(tmp_path / "data")
    started.wait_for_url()
    yield started
    if started.process.poll() is None:
        started.kill()


def test_it_stops_when_its_last_user_leaves(user: EmbeddedUser) -> None:
    postmaster, guard = user.postmaster(), user.guard()
    user.leave()
    assert not is_running(postmaster)
    wait_until(lambda: not is_running(guard), within_s=2)


def test_it_stops_soon_after_its_last_user_was_killed(user: EmbeddedUser) -> None:
    postmaster, guard = user.postmaster(), user.guard()
    user.kill()
    wait_until(lambda: not is_running(postmaster) and not is_running(guard), within_s=5)
    assert "database system is shut down" in (user.home / "server.log").read_text()


def test_what_was_committed_survives_killing_everybody(user: EmbeddedUser, tmp_path: Path) -> None:
    ask(user.url, "CREATE TABLE kept AS SELECT 7 AS value")
    postmaster, guard = user.postmaster(), user.guard()
    for pid in (user.process.pid, guard, postmaster):
        os.kill(pid, signal.SIGKILL)
    user.process.wait(10)
    again = EmbeddedUser(tmp_path / "data")
    assert ask(again.wait_for_url(), "SELECT value FROM kept") == 7
    again.leave()
    user.kill()


def test_a_killed_postmaster_comes_back(user: EmbeddedUser) -> None:
    killed = user.postmaster()
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: not is_running(killed), within_s=2)
    wait_until(lambda: answers(user.url), within_s=10)


def test_a_postmaster_killed_under_a_busy_session_comes_back(user: EmbeddedUser) -> None:
    """A session that computes does not notice its postmaster's death, and holds its memory."""
    busy = "SELECT count(*) FROM generate_series(1, 1000000000)"
    session = subprocess.Popen(
        [binaries_dir() / "psql", user.url, "-c", busy],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    counting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'psql'"
    wait_until(lambda: ask(user.url, counting) == 1, within_s=10)
    os.kill(user.postmaster(), signal.SIGKILL)
    wait_until(lambda: answers(user.url), within_s=10)
    session.wait(10)


def test_a_killed_guard_is_replaced(user: EmbeddedUser) -> None:
    killed = user.guard()
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: not is_running(killed), within_s=2)
    wait_until(lambda: answers(user.url) and user.guard() not in (killed, 1), within_s=15)
    postmaster = user.postmaster()
    user.leave()
    assert not is_running(postmaster)


def test_the_guard_outlives_signals_sent_to_everybody(user: EmbeddedUser) -> None:
    guard = user.guard()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(guard, number)
    assert answers(user.url)
    assert user.guard() == guard


def test_two_that_start_at_once_share_one_server(tmp_path: Path) -> None:
    both = [EmbeddedUser(tmp_path / "data") for _ in range(2)]
    urls = {user.wait_for_url() for user in both}
    assert len(urls) == 1
    postmaster = both[0].postmaster()
    both[0].leave()
    assert answers(urls.pop())
    assert both[1].postmaster() == postmaster
    both[1].leave()
    assert not is_running(postmaster)


def test_a_second_user_adopts_the_server_of_a_killed_first(user: EmbeddedUser) -> None:
    second = EmbeddedUser(_data_dir(user))
    second.wait_for_url()
    postmaster = user.postmaster()
    user.kill()
    assert answers(second.url)
    assert second.postmaster() == postmaster
    second.leave()


def test_starting_while_it_stops_waits_and_starts_it_afresh(user: EmbeddedUser) -> None:
    """Killing and starting at once, again and again, meets every state of the stopping guard."""
    for _ in range(5):
        user.kill()
        user = EmbeddedUser(_data_dir(user))
        assert answers(user.wait_for_url())
    user.leave()


async def test_the_suite_can_clone_databases_and_administer(tmp_path: Path) -> None:
    async with embedded_postgres(tmp_path / "data") as url:
        connection = await asyncpg.connect(url)
        await connection.execute("CREATE TABLE original AS SELECT 3 AS value")
        await connection.close()
        connection = await asyncpg.connect(sibling_url(url, "postgres"))
        await connection.execute("CREATE DATABASE copy TEMPLATE entrepot")
        await connection.close()
        connection = await asyncpg.connect(sibling_url(url, "copy"))
        assert await connection.fetchval("SELECT value FROM original") == 3
        assert await connection.fetchval("SHOW lock_timeout") == "200ms"
        assert await connection.fetchval("SELECT lower('Ёлка')") == "ёлка"
        await connection.close()
        connection = await asyncpg.connect(administrative_url(url))
        assert await connection.fetchval("SELECT usesuper FROM pg_user WHERE usename = user")
        await connection.close()


def test_nobody_else_gets_in(user: EmbeddedUser) -> None:
    access = (user.home / "pg_hba.conf").read_text().split()
    assert access == ["local", "all,replication", "all", "peer", "map=entrepot"]
    assert (user.home / "socket").stat().st_mode & 0o777 == 0o700
    assert ask(user.url, "SELECT string_agg(setting, '') FROM pg_settings "
               "WHERE name = 'listen_addresses'") == ""  # fmt: skip
    other = pwd.getpwnam("nobody").pw_name
    assert other not in (user.home / "pg_ident.conf").read_text()


@pytest.mark.skipif(not is_root(), reason="only root can become another user")
def test_an_ordinary_user_runs_it_as_itself(tmp_path_factory: pytest.TempPathFactory) -> None:
    nobody = pwd.getpwnam("nobody")
    python = python_of(nobody)
    if python is None:
        pytest.skip("no interpreter that the user nobody can run")
    home = Path("/tmp") / f"entrepot-test-{tmp_path_factory.getbasetemp().name}-{os.getpid()}"  # noqa: S108
    home.mkdir(mode=0o700)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    try:
        user = EmbeddedUser(
            home / "data", python, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[]
        )
        assert ask(user.wait_for_url(), "SELECT user::text") == "entrepot"
        assert Path(f"/proc/{user.postmaster()}").stat().st_uid == nobody.pw_uid
        assert user.home == home / "data" / "embedded" / "server"
        root = EmbeddedUser(home / "data")  # an operator's `sudo entrepot audit`
        assert root.wait_for_url() == user.url
        root.leave()
        user.leave()
    finally:
        subprocess.run(["rm", "-rf", str(home)], check=True)


def _data_dir(user: EmbeddedUser) -> Path:
    arguments = user.process.args
    assert isinstance(arguments, list)
    return Path(str(arguments[-1]))
