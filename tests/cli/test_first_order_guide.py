"""The guide to a first order, run as it stands in a shell."""

import re
import shutil
from pathlib import Path

import pytest

from .guides import DOCS, run_guide


@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide calls with curl")
def test_the_guide_ends_with_an_order_and_a_silent_audit(
    empty_database_url: str, tmp_path: Path
) -> None:
    told = run_guide(DOCS / "guides" / "first-order.md", empty_database_url, tmp_path)
    assert re.search(r"order \d+ arrives on \d{4}-\d\d-\d\d", told)
    assert '"externalOrderId":"my-first-order"' in told
    assert '{"type":"FREEZE","count":2}' in told
    assert "Nothing found" in told
