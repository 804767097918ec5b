"""The guard of the embedded PostgreSQL: its parent, its nurse, and the one who stops it.

Whoever uses the server holds a shared lock on one file for as long as it lives. The guard waits for
the exclusive lock: the moment it gets it nobody uses the server any more, however the last user
came to its end (`kill -9` included). Then it stops PostgreSQL and ends. It holds the lock until
PostgreSQL has stopped, so a new user waits and then starts it afresh.

This file runs by itself (`python -I -S embedded_guard.py ORDERS`), detached, possibly as root: it
imports the standard library only, opens nothing over the network and takes every path from ORDERS.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple, NoReturn

POLL_S = 0.1
"""How soon the guard notices that nobody is left, or that PostgreSQL died."""
FAILED_STARTS_MAX = 4
"""Starts in a row that never became ready (a second or two); then the guard gives up."""
DELAY_S_MAX = 1.0
STOP_STEPS = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))
"""Fast shutdown (with a checkpoint), immediate shutdown, and what no process can refuse."""
LOG_BYTES_MAX = 16 * 1024 * 1024
LOG_BYTES_KEPT = 4 * 1024 * 1024
LOG_CHECK_S = 10.0
GUARD_LOCK_WAIT_S = 1.0
"""Longer than the instant for which whoever asks "is there a guard?" holds the guard's lock."""

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PROCESSES = Path("/proc")


class Orders(NamedTuple):
    """What the guard is told; the fields travel as one JSON object.

    `owner` is (uid, gid, groups) when PostgreSQL runs as somebody else than the guard.
    """

    command: list[str]
    cluster: str
    users_lock: str
    guard_lock: str
    socket_folder: str
    log: str
    owner: tuple[int, int, list[int]] | None


def main() -> int:
    orders = Orders(**json.loads(sys.argv[1]))
    lock_fd = os.open(orders.guard_lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    if not _acquire_within(lock_fd, GUARD_LOCK_WAIT_S):
        return 0  # another guard is there: that is all our starter wants to know
    # The lock belongs to the open file, so the child has it before this process ends: whoever
    # waited for this process may rely on a guard being there.
    if os.fork() > 0:
        os._exit(0)
    _detach()
    users_fd = os.open(orders.users_lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    log_fd = _redirect_output(orders.log)
    outcome = _watch_over(orders, users_fd, log_fd)
    with contextlib.suppress(OSError):  # it may lie in /tmp, and the next start makes it again
        Path(orders.socket_folder).rmdir()
    fcntl.flock(lock_fd, fcntl.LOCK_UN)  # before the users' lock: the next user starts a new guard
    fcntl.flock(users_fd, fcntl.LOCK_UN)
    return outcome


def _detach() -> None:
    os.setsid()
    os.chdir("/")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # An orderly stop of the whole machine asks every process at once; those who still answer
        # requests need PostgreSQL until they are done, so only the users' lock ends the guard.
        signal.signal(number, signal.SIG_IGN)
    # The processes of a killed postmaster become our children, so that we can end them for certain.
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def _watch_over(orders: Orders, users_fd: int, log_fd: int) -> int:
    """Keep PostgreSQL running until nobody uses it; 1 when it cannot be started."""
    _settle_predecessor(Path(orders.cluster))
    failed_starts = 0
    while True:
        postmaster = _start(orders)
        if _until_unused_or_dead(orders, users_fd, log_fd, postmaster):
            _stop(postmaster, has_ended=partial(_reaped, postmaster))
            return 0
        _end_orphans()
        was_ready = _was_ready(Path(orders.cluster), postmaster)
        failed_starts = 0 if was_ready else failed_starts + 1
        _say(f"PostgreSQL ended unexpectedly (failed starts in a row: {failed_starts})")
        if failed_starts == FAILED_STARTS_MAX:
            return 1
        if _acquire_within(users_fd, min(DELAY_S_MAX, 0.05 * 2**failed_starts)):
            return 0


def _until_unused_or_dead(orders: Orders, users_fd: int, log_fd: int, postmaster: int) -> bool:
    """True when the last user has gone, False when PostgreSQL has died."""
    log_checked_at = time.monotonic()
    while not _reaped(postmaster):
        if _acquire(users_fd):
            return True
        if time.monotonic() - log_checked_at > LOG_CHECK_S:
            log_checked_at = time.monotonic()
            _bound_log(Path(orders.log), log_fd)
        time.sleep(POLL_S)
    return False


def _start(orders: Orders) -> int:
    guard = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become_postmaster(orders, guard)
    return pid


def _become_postmaster(orders: Orders, guard: int) -> NoReturn:
    try:
        if orders.owner is not None:
            uid, gid, groups = orders.owner
            os.setgroups(groups)
            os.setgid(gid)
            os.setuid(uid)
        os.umask(0o077)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        # After setuid, which clears it: when the guard is killed PostgreSQL shuts down by itself.
        _prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() == guard:
            environment = {"LC_ALL": "C", "PATH": os.defpath}
            os.execve(orders.command[0], orders.command, environment)  # noqa: S606 - no shell
    except OSError as error:
        _say(f"cannot run {orders.command[0]}: {error}")
    os._exit(1)


def _settle_predecessor(cluster: Path) -> None:
    """End a server left by a killed guard; forget one whose process number is somebody else's."""
    pid = _recorded_pid(cluster)
    if pid is None:
        return
    if _is_postmaster_of(pid, cluster):
        _say(f"stopping PostgreSQL {pid}, whose guard is gone")
        _stop(pid, has_ended=lambda: not _is_postmaster_of(pid, cluster))
    elif _exists(pid):
        # PostgreSQL would refuse to start: it only sees that a process of that number lives.
        # Its own second check, by shared memory, still stands.
        (cluster / "postmaster.pid").unlink()


def _stop(pid: int, has_ended: Callable[[], bool]) -> None:
    for number, patience_s in STOP_STEPS:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if has_ended():
                return
            time.sleep(0.02)
        _say(f"PostgreSQL did not stop within {patience_s:.0f} s of signal {number}")


def _end_orphans() -> None:
    """Kill what a dead postmaster left: it holds the shared memory that the next one needs."""
    me = os.getpid()
    for process in PROCESSES.glob("[1-9]*"):
        if _parent_of(process) == me:
            try:
                os.kill(int(process.name), signal.SIGKILL)
                os.waitpid(int(process.name), 0)
            except (ProcessLookupError, ChildProcessError):
                continue


def _parent_of(process: Path) -> int | None:
    try:
        return int((process / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    except OSError:
        return None


def _reaped(postmaster: int) -> bool:
    """Collect every child that has ended; True when the postmaster is among them or long gone."""
    while True:
        try:
            pid, _status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if pid == postmaster:
            return True
        if pid == 0:
            return False


def _recorded_pid(cluster: Path) -> int | None:
    first_line = (_pid_file(cluster) or [""])[0]
    return int(first_line) if first_line.isdigit() else None


def _was_ready(cluster: Path, postmaster: int) -> bool:
    """Whether this server, before it died, had begun to answer (the eighth line of its file)."""
    lines = _pid_file(cluster)
    return lines[:1] == [str(postmaster)] and [line.strip() for line in lines[7:8]] == ["ready"]


def _pid_file(cluster: Path) -> list[str]:
    try:
        return (cluster / "postmaster.pid").read_text(errors="replace").split("\n")
    except OSError:
        return []


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_postmaster_of(pid: int, cluster: Path) -> bool:
    if PROCESSES.joinpath("self").exists():
        try:
            shown = (PROCESSES / str(pid) / "cmdline").read_text(errors="replace").split("\0")
        except OSError:
            return False
        return Path(shown[0]).name == "postgres" and str(cluster) in shown
    command = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return f"postgres -D {cluster} " in done.stdout


def _acquire(lock_fd: int) -> bool:
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _acquire_within(lock_fd: int, patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while not _acquire(lock_fd):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, int(value), 0, 0, 0)


def _redirect_output(log: str) -> int:
    """Everything this process and PostgreSQL say goes to the end of the log."""
    log_fd = os.open(log, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    silence = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((silence, 0), (log_fd, 1), (log_fd, 2)):
        os.dup2(source, target)
    return log_fd


def _bound_log(log: Path, log_fd: int) -> None:
    """Keep the end of a log that has grown too large beside it, and begin anew.

    PostgreSQL holds the same open file, in append mode, so the file is emptied, not replaced.
    """
    size = os.fstat(log_fd).st_size
    if size <= LOG_BYTES_MAX:
        return
    kept = os.pread(log_fd, LOG_BYTES_KEPT, size - LOG_BYTES_KEPT)
    log.with_name(f"{log.name}.1").write_bytes(kept)
    os.ftruncate(log_fd, 0)


def _say(sentence: str) -> None:
    moment = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    sys.stderr.write(f"{moment} [guard {os.getpid()}] {sentence}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
