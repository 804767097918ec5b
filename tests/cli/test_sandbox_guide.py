"""The guide to the sandbox, run as it stands in a shell."""

import shutil
from pathlib import Path

import pytest

from .guides import DOCS, run_guide


@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide calls with curl")
def test_the_guide_makes_things_happen_and_the_audit_is_silent(
    empty_database_url: str, tmp_path: Path
) -> None:
    told = run_guide(DOCS / "guides" / "sandbox.md", empty_database_url, tmp_path)
    assert "the draft: RESERVATION_EXPIRED" in told
    assert "the order: DELIVERY_SERVICE_DELIVERED" in told
    assert "the other: DELIVERY_SERVICE_LOST" in told
    assert '"frozen":true' in told
    assert '"pieces":100' in told
    assert "Nothing found" in told
