"""`docs/network.md`: run as it stands, and complete."""

import json
import re
import shutil
from pathlib import Path

import pytest

from entrepot.network_files.row_types import TABLES, columns

from .guides import DOCS, run_guide

GUIDE = DOCS / "network.md"


@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide calls with curl")
def test_an_empty_folder_becomes_a_working_town(empty_database_url: str, tmp_path: Path) -> None:
    told = run_guide(GUIDE, empty_database_url, tmp_path)
    assert "yaroslavl can be loaded: 6 regions, 2 calendars, 1 warehouses" in told
    assert "There is no network yet; this one would be the first:" in told
    assert re.search(r"the courier comes on \d{4}-\d\d-\d\d for 278.5 roubles", told)
    answers = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    (parcel,) = answers[0]["result"]["warehousesDeliveryOptions"]
    points = parcel["deliveryOptions"]["pickupDelivery"]["pickupOptions"]
    assert [point["logisticPointId"] for point in points] == [101, 102]
    assert answers[1]["result"]["orders"][0]["id"]
    assert "courier_base_rub: 260.50 → 300" in told
    assert "now it costs 318" in told
    assert "copy is the network in force, version" in told
    assert "Nothing found" in told


def test_every_file_and_column_is_described() -> None:
    text = GUIDE.read_text()
    reference = text[text.index("## The files") : text.index("## Loading")]
    named = set(re.findall(r"`([a-z_0-9]+)`", reference))
    for table in TABLES:
        assert {table.name, *(column.name for column in columns(table.row_type))} <= named
