"""Schemathesis against the service: by the document it serves, and by the contract's.

Every check runs but two:

- `positive_data_acceptance`: what a schema allows may be refused for what the schema cannot say
  (stock, days, statuses, ids that must exist).
- `negative_data_rejection`: in its place `wrong_data_is_refused` of tests/fuzz/hooks.py, which is
  the same but for what real clients send and may: empty query values, nulls, pages too large,
  ids asked for twice.

In CI with a fixed seed and a budget of seconds; `ENTREPOT_TEST_FUZZ_SECONDS` and
`ENTREPOT_TEST_FUZZ_SEED` make it longer and other.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from entrepot.demo.seed import DemoWorld
from entrepot.operations.openapi import openapi_document
from entrepot.operations.registry import CONTRACT, OPERATIONS, load_operations
from tests.races.books import audit_findings
from tests.support.contract import Contract
from tests.support.serving import Server

SECONDS = int(os.environ.get("ENTREPOT_TEST_FUZZ_SECONDS", "40"))
SEED = os.environ.get("ENTREPOT_TEST_FUZZ_SEED", "1")
NOT_CHECKED = "positive_data_acceptance,negative_data_rejection"
# Of the transport, whatever an operation declares (tests/support/contract.py says why).
TRANSPORT = ("400", "401", "403", "405", "415", "420", "503")
ROOT = Path(__file__).parents[2]


def ours(_contract: Contract) -> dict[str, Any]:
    """The document that the service serves."""
    load_operations()
    document: dict[str, Any] = json.loads(json.dumps(openapi_document(CONTRACT)))
    return document


def the_contracts(contract: Contract) -> dict[str, Any]:
    """The contract's document, of the operations that are built."""
    load_operations()
    document: dict[str, Any] = json.loads(json.dumps(contract.document))
    for path, methods in list(document["paths"].items()):
        for method, operation in list(methods.items()):
            if not isinstance(operation, dict) or "operationId" not in operation:
                continue
            if operation["operationId"] not in OPERATIONS:
                del methods[method]
                continue
            for status in TRANSPORT:
                operation["responses"].setdefault(status, {"description": "of the transport"})
        if not any(isinstance(one, dict) and "operationId" in one for one in methods.values()):
            del document["paths"][path]
    return document


@pytest.mark.parametrize("document", [ours, the_contracts], ids=["ours", "contract"])
async def test_no_generated_request_gets_an_answer_it_should_not(
    start_server: Callable[..., Server],
    database_url: str,
    world: DemoWorld,
    contract: Contract,
    tmp_path: Path,
    document: Callable[[Contract], dict[str, Any]],
) -> None:
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(document(contract)))
    base_url = start_server().wait_until_ready()
    run = subprocess.run(  # noqa: ASYNC221 - nothing else happens in this process
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "run", str(file)),
            *("--url", base_url, "--header", f"Api-Key: {world.first.api_key}"),
            *("--checks", "all", "--exclude-checks", NOT_CHECKED, "--warnings", "off"),
            *("--mode", "all", "--continue-on-failure", "--no-shrink", "--no-color"),
            # Of the bodies of createOrder most are thrown away before one is right.
            *("--suppress-health-check", "filter_too_much"),
            *("--max-time", str(SECONDS), "--seed", SEED),
        ],
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
    assert "Tested: " in run.stdout, "it did test"
    print(run.stdout[run.stdout.index("Tested: ") :])  # noqa: T201 - `-rP` shows how much
    assert await audit_findings(database_url) == []
