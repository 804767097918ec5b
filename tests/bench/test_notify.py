"""`entrepot bench notify`, for real and briefly."""

import json
import subprocess
import sys

COMMAND = (sys.executable, "-c", "from entrepot.cli.entry import main; main()", "bench", "notify")


def test_every_order_is_told_of(empty_database_url: str) -> None:
    done = subprocess.run(
        [*COMMAND, "--quick", "--json", "--database-url", empty_database_url],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    nobody, somebody = json.loads(done.stdout)["runs"]
    assert (nobody["subscribed"], somebody["subscribed"]) == (False, True)
    for run in (nobody, somebody):
        assert run["orders"] > 0
        assert run["ordersPerSecond"] > 0
    assert (nobody["heardPerSecond"], nobody["waiting"]) == (0, 0)
    assert 0 <= somebody["waiting"] <= somebody["orders"]
