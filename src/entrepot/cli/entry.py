"""The console script: a way in that imports nothing, so that no Ctrl-C comes too early for it."""

import sys

INTERRUPTED = 130
"""The exit code of a command that was stopped by Ctrl-C, as shells have it."""


def main() -> None:
    """Run the command line of this process and end with its exit code."""
    try:
        from entrepot.cli.main import run  # noqa: PLC0415 - takes a while, and may be interrupted

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)
