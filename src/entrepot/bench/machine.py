"""The machine on which a bench runs."""

import asyncio
import os
import platform
import signal
from pathlib import Path

from entrepot.bench.measured import Machine


def unwind_on_sigterm() -> None:
    """Stop services and drop the database also when somebody else ends the bench."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


def describe_machine(postgresql: str) -> Machine:
    """Describe it, with the version of PostgreSQL that was measured."""
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        system=platform.platform(),
        python=platform.python_version(),
        postgresql=postgresql,
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
