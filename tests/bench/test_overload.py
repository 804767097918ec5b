"""`entrepot bench overload`, for real and briefly."""

import json
import subprocess
import sys

COMMAND = (sys.executable, "-c", "from entrepot.cli.entry import main; main()", "bench", "overload")


def test_every_accepted_order_is_there(empty_database_url: str) -> None:
    done = subprocess.run(
        [*COMMAND, "--quick", "--json", "--database-url", empty_database_url],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["capacityPerSecond"] > 0
    assert [run["timesCapacity"] for run in report["runs"]] == [1, 3]
    for run in report["runs"]:
        assert run["acceptedPerSecond"] > 0
        assert 0 < run["p50Ms"] <= run["p99Ms"]
