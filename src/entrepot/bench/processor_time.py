"""How much processor time a program and everything it started have used (Linux only)."""

import os
from pathlib import Path
from typing import NamedTuple

_PROCESSES = Path("/proc")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class _Process(NamedTuple):
    name: str
    parent: int
    used_s: float


def tree_cpu_s(root: int) -> float | None:
    """Seconds that a process and its descendants have used, those that ended included.

    None where the system does not tell, or when there is no such process.
    """
    processes = _all_processes()
    if root not in processes:
        return None
    return sum(each.used_s for pid, each in processes.items() if _descends(pid, root, processes))


def machine_cpu_s() -> float | None:
    """Seconds that all cores together have been busy since the machine started."""
    try:
        line = (_PROCESSES / "stat").read_text("ascii").partition("\n")[0]
    except OSError:
        return None
    user, nice, system, _idle, _waiting, *interrupts = map(int, line.split()[1:9])
    return (user + nice + system + sum(interrupts)) / _TICKS_PER_S


def cpu_difference_s(before: float | None, after: float | None) -> float | None:
    """What was used in between, None when that is not known."""
    return None if before is None or after is None else after - before


def database_root(backend_pid: int) -> int | None:
    """The process above a backend of PostgreSQL, when the server runs on this machine."""
    backend = _all_processes().get(backend_pid)
    return backend.parent if backend is not None and backend.name == "postgres" else None


def _descends(pid: int, root: int, processes: dict[int, _Process]) -> bool:
    while pid in processes and pid != root:
        pid = processes[pid].parent
    return pid == root


def _all_processes() -> dict[int, _Process]:
    if not _PROCESSES.is_dir():
        return {}
    found = {}
    for folder in _PROCESSES.iterdir():
        if folder.name.isdigit():
            try:
                line = (folder / "stat").read_text("utf-8", "replace")
            except OSError:  # it ended meanwhile
                continue
            found[int(folder.name)] = _parsed(line)
    return found


def _parsed(line: str) -> _Process:
    # "pid (name) state parent ...": a name may hold spaces and brackets.
    start, end = line.index("("), line.rindex(")")
    fields = line[end + 2 :].split()
    return _Process(
        name=line[start + 1 : end],
        parent=int(fields[1]),
        used_s=sum(map(int, fields[11:15])) / _TICKS_PER_S,
    )
