"""The guide to a day in the warehouse, run as it stands in a shell."""

import shutil
from pathlib import Path

import pytest

from tests.documents.reading import read_pages

from .guides import DOCS, run_guide


@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide calls with curl")
def test_the_guide_ends_with_a_delivered_order_and_a_silent_audit(
    empty_database_url: str, tmp_path: Path
) -> None:
    told = run_guide(DOCS / "guides" / "warehouse.md", empty_database_url, tmp_path)
    assert '"step":"ASIDE"' in told
    assert '"status":"PICKUP"' in told
    assert '"status":"DELIVERED","substatus":"DELIVERY_SERVICE_DELIVERED","changed":true' in told
    assert '"purpose":"the buyer calls"' in told
    assert "Nothing found" in told
    (label,) = read_pages((tmp_path / "labels.pdf").read_bytes())
    assert "Петрова Анна" in label.lines
    (act,) = read_pages((tmp_path / "act.pdf").read_bytes())
    assert label.codes[0] in " ".join(act.lines)
