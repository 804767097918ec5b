"""The guide to a first order, run as it stands in a shell."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "first-order.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED_DATABASE = "postgresql://entrepot@db.example/entrepot"
PORT = "8420"
RUN_S_MAX = 120

# In the guide the service runs in another terminal.
BEHIND = """
entrepot serve --port {port} --ready-file ready.json > serve.log 2>&1 &
trap "kill $!; wait" EXIT
for _ in $(seq 600); do test -e ready.json && break; sleep 0.1; done
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def script(port: int, database_url: str) -> str:
    blocks = BLOCK.findall(GUIDE.read_text())
    served = [BEHIND if block == "entrepot serve\n" else block for block in blocks]
    assert served.count(BEHIND) == 1
    whole = "set -euo pipefail\n" + "\n".join(served)
    assert NAMED_DATABASE in whole
    return (
        whole.replace(NAMED_DATABASE, f"'{database_url}'")
        .replace(f":{PORT}", f":{port}")
        .replace("{port}", str(port))
    )


@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide calls with curl")
def test_the_guide_ends_with_an_order_and_a_silent_audit(
    empty_database_url: str, tmp_path: Path
) -> None:
    commands = Path(sys.executable).parent
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ENTREPOT_")}
    done = subprocess.run(
        ["bash", "-c", script(free_port(), empty_database_url)],
        cwd=tmp_path,
        env=environment
        | {
            "PATH": f"{commands}:{environment['PATH']}",
            "ENTREPOT_DATA_DIR": str(tmp_path / "data"),
        },
        capture_output=True,
        text=True,
        timeout=RUN_S_MAX,
        check=False,
    )
    log = tmp_path / "serve.log"
    assert done.returncode == 0, (
        done.stdout + done.stderr + (log.read_text() if log.exists() else "")
    )
    assert re.search(r"order \d+ arrives on \d{4}-\d\d-\d\d", done.stdout)
    assert '"externalOrderId":"my-first-order"' in done.stdout
    assert '{"type":"FREEZE","count":2}' in done.stdout
    assert "Nothing found" in done.stdout
