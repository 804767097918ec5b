"""Guides, run as they stand: their `sh` blocks in one shell, the service in the background."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
SERVE = re.compile(r"entrepot serve([^\n]*)\n")
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED_DATABASE = "postgresql://entrepot@db.example/entrepot"
PORT = "8420"
RUN_S_MAX = 120

# In the guide the service runs in another terminal.
BEHIND = """
entrepot serve{flags} --port {port} --ready-file ready.json > serve.log 2>&1 &
trap "kill $!; wait" EXIT
for _ in $(seq 600); do test -e ready.json && break; sleep 0.1; done
"""


def run_guide(page: Path, database_url: str, folder: Path) -> str:
    """Run a guide in a folder, and give what it printed; fails when any command of it does."""
    commands = Path(sys.executable).parent
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ENTREPOT_")}
    done = subprocess.run(
        ["bash", "-c", _script(page, _free_port(), database_url)],
        cwd=folder,
        env=environment
        | {
            "PATH": f"{commands}:{environment['PATH']}",
            "ENTREPOT_DATA_DIR": str(folder / "data"),
        },
        capture_output=True,
        text=True,
        timeout=RUN_S_MAX,
        check=False,
    )
    if done.returncode != 0:
        log = folder / "serve.log"
        pytest.fail(done.stdout + done.stderr + (log.read_text() if log.exists() else ""))
    return done.stdout


def _script(page: Path, port: int, database_url: str) -> str:
    blocks = BLOCK.findall(page.read_text())
    serving = [found for block in blocks if (found := SERVE.fullmatch(block))]
    assert len(serving) == 1
    behind = BEHIND.replace("{flags}", serving[0][1])
    served = [behind if SERVE.fullmatch(block) else block for block in blocks]
    whole = "set -euo pipefail\n" + "\n".join(served)
    assert NAMED_DATABASE in whole
    return (
        whole.replace(NAMED_DATABASE, f"'{database_url}'")
        .replace(f":{PORT}", f":{port}")
        .replace("{port}", str(port))
    )


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
