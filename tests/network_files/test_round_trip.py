"""A network written as files is read as the same network, whatever is in it."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.contract.enums import RegionType
from entrepot.demo.network import WORLD, demo_network
from entrepot.domain.network import NetworkDescription
from entrepot.domain.regions import Region
from entrepot.network_files.compare import compare
from entrepot.network_files.folder import read_folder
from entrepot.network_files.row_types import TABLES
from entrepot.network_files.writing import FilesInTheWayError, write_folder
from tests.domain.drawn_networks import descriptions
from tests.domain.networks import described, regions

A_DAY = date(2026, 6, 12)
# What spreadsheets, CSV and YAML take for something else.
ODD_NAMES = (
    "#1",
    "no",
    "null",
    "~",
    "12:30",
    "1e3",
    "0017",
    '"quoted", and not',
    "semi;colon",
    "tab\\t",
    "bar|bar",
    "back\\",
    "- dash: colon",
    "=SUM(A1)",
    "Ёлочка",
    "sep=;",
    "{}",
    "\u2028",
)
names = (
    st.sampled_from(ODD_NAMES)
    | st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20)
).map(str.strip)
some_names = names.filter(bool)


def without_contradictions(value: Any) -> Any:
    """Give places and calendars whose days are either off or worked; files refuse both at once."""
    if hasattr(value, "own_days"):
        own = value.own_days
        own = msgspec.structs.replace(own, closed=own.closed - own.working)
        return msgspec.structs.replace(value, own_days=own)
    if hasattr(value, "working_days"):
        return msgspec.structs.replace(value, holidays=value.holidays - value.working_days)
    return value


@st.composite
def drawn(draw: st.DrawFn) -> NetworkDescription:
    made = draw(descriptions(A_DAY))
    further = [
        Region(
            2_000 + number,
            225,
            draw(some_names),
            draw(st.sampled_from(RegionType)),
            draw(st.none() | st.just("RU")),
            *draw(st.sampled_from([(None, None), (55.5, -0.125), (0.0, 180.0)])),
            tuple(draw(st.lists(some_names, max_size=3))),
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    warehouses = tuple(
        msgspec.structs.replace(each, name=draw(some_names), street=draw(names) or None)
        for each in made.warehouses
    )
    parts = {
        field.name: tuple(map(without_contradictions, getattr(made, field.name)))
        for field in msgspec.structs.fields(NetworkDescription)
    }
    return NetworkDescription(
        **parts
        | {
            "regions": (*made.regions, *further),
            "warehouses": tuple(map(without_contradictions, warehouses)),
        }
    )


def in_order(network: NetworkDescription) -> NetworkDescription:
    """Sort what has no order."""
    return NetworkDescription(
        regions=tuple(sorted(network.regions, key=lambda each: each.id)),
        calendars=tuple(sorted(network.calendars, key=lambda each: each.id)),
        warehouses=tuple(sorted(network.warehouses, key=lambda each: each.id)),
        points=tuple(sorted(network.points, key=lambda each: each.id)),
        zones=tuple(
            msgspec.structs.replace(zone, week=tuple(tuple(sorted(day)) for day in zone.week))
            for zone in sorted(network.zones, key=lambda each: each.id)
        ),
        lanes=tuple(sorted(network.lanes, key=lambda each: (each.warehouse_id, each.region_id))),
    )


@settings(max_examples=80)
@given(drawn())
def test_what_is_written_is_read(network: NetworkDescription) -> None:
    with TemporaryDirectory() as folder:
        write_folder(network, Path(folder))
        read = read_folder(Path(folder))
        assert in_order(read) == in_order(network)
        assert compare(network, read, rows_max=5) == ()
        # And what is written of that is the same to the byte.
        again = Path(folder) / "again"
        write_folder(read, again)
        for path in again.iterdir():
            assert path.read_bytes() == (Path(folder) / path.name).read_bytes()


def test_the_demo_world_comes_back(tmp_path: Path) -> None:
    write_folder(demo_network(), tmp_path)
    assert in_order(read_folder(tmp_path)) == in_order(demo_network())
    assert {path.stem for path in WORLD.iterdir()} == {table.name for table in TABLES}


def test_no_network_is_files_with_their_columns_alone(tmp_path: Path) -> None:
    files = write_folder(NetworkDescription(), tmp_path)
    assert len(files) == len(TABLES)
    assert (tmp_path / "zones.csv").read_text().startswith("id,name,region_ids,time_zone,")
    assert read_folder(tmp_path) == NetworkDescription()


def test_a_network_in_the_way_is_not_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "zones.yml").write_text("- what: somebody's\n")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FilesInTheWayError) as refused:
        write_folder(described(), tmp_path)
    assert refused.value.files == (tmp_path / "zones.yml",)
    assert {path.name for path in tmp_path.iterdir()} == {"zones.yml", "notes.txt"}
    write_folder(described(), tmp_path, overwrite=True)
    assert in_order(read_folder(tmp_path)) == in_order(described())
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_what_changed_is_named_by_cell() -> None:
    before = described()
    later = tuple(
        msgspec.structs.replace(each, name="Твeрь") if each.name == "Тверь" else each
        for each in regions()
    )
    lanes = before.lanes[1:]
    changes = compare(before, described(regions=later, lanes=lanes), rows_max=5)
    assert [each.table for each in changes] == ["regions", "lanes"]
    (region,), (lane,) = (each.rows for each in changes)
    assert (region.key, region.change) == ("14", "changed")
    assert [(cell.column, cell.before, cell.after) for cell in region.cells] == [
        ("name", "Тверь", "Твeрь")
    ]
    assert (lane.key, lane.change) == ("11 → 1", "removed")
