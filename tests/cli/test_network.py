"""`entrepot network`: a folder checked, compared, put in force and written again."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from entrepot.db.network import read_network
from entrepot.domain.destination import ToPoint
from entrepot.domain.placement import Placed
from tests.cli.conftest import Entrepot
from tests.domain.networks import MOSCOW_POINT, MOSCOW_WAREHOUSE
from tests.races.world import NARROW_POINT, Process, Shop, command, described, process


@pytest.fixture
def folder(entrepot: Entrepot, tmp_path: Path) -> Path:
    """The network in force, written as files."""
    made = tmp_path / "network"
    said = entrepot("network", "export", made)
    assert said.code == 0, said.err
    return made


def change(folder: Path, file: str, before: str, after: str) -> None:
    path = folder / file
    text = path.read_text()
    assert text.count(before) == 1, text
    path.write_text(text.replace(before, after))


def version(url: str) -> int:
    async def read() -> int:
        async with process(url) as made:
            return (await made.database.read(read_network)).version

    return asyncio.run(read())


def acting(url: str, work: Callable[[Process], Awaitable[object]]) -> None:
    """Do what a service does meanwhile."""

    async def act() -> None:
        async with process(url) as made:
            await work(made)

    asyncio.run(act())


def test_what_is_exported_is_what_is_in_force(entrepot: Entrepot, folder: Path) -> None:
    points = len(described().points)
    assert f"{points} points" in entrepot("network", "check", folder).out
    assert "is the network in force" in entrepot("network", "diff", folder).out
    said = entrepot("network", "load", folder, "--json").json
    assert (said["changed"], said["tables"]) == (False, [])


def test_a_change_is_shown_and_then_loaded(entrepot: Entrepot, folder: Path, url: str) -> None:
    before = version(url)
    change(folder, "regions.csv", "14,10819,Тверь,", "14,10819,Тверь-1,")
    shown = entrepot("network", "diff", folder)
    assert shown.code == 1
    assert shown.out.splitlines() == [
        f"Against version {before}, which is in force:",
        "regions: 1 changed",
        "  changed 14  Тверь-1",
        "      name: Тверь → Тверь-1",
    ]
    loaded = entrepot("network", "load", folder)
    assert loaded.code == 0, loaded.err
    assert f"Version {before + 1} is in force. No service is running." in loaded.out
    assert entrepot("network", "diff", folder).code == 0
    assert version(url) == before + 1


def test_a_wrong_folder_changes_nothing(entrepot: Entrepot, folder: Path, url: str) -> None:
    before = version(url)
    no_time_zone = "time_zone: 'Novosibirsk' is no time zone; one reads Europe/Moscow"
    change(folder, "points.csv", f"{MOSCOW_POINT},213,", f"{MOSCOW_POINT},214,")
    change(folder, "warehouses.yaml", "time_zone: Asia/Novosibirsk", "time_zone: Novosibirsk")
    for verb, code in (("check", 1), ("load", 1), ("diff", 2)):
        said = entrepot("network", verb, folder)
        assert said.code == code
        assert said.err.splitlines()[-3:] == [
            f"Error: {folder}/warehouses.yaml:{_line_of(folder)}: {no_time_zone}",
            f"Error: {folder}/points.csv:2: region_id: there is no region 214",
            "2 problems. Nothing was changed.",
        ]
    told = entrepot("network", "check", folder, "--json").json
    assert (told["count"], [each["line"] for each in told["problems"]]) == (
        2,
        [_line_of(folder), 2],
    )
    assert version(url) == before


def _line_of(folder: Path) -> int:
    lines = (folder / "warehouses.yaml").read_text().splitlines()
    return 1 + lines.index("  time_zone: Novosibirsk")


def test_what_is_in_use_is_not_taken_away_unasked(
    entrepot: Entrepot, folder: Path, url: str, ours: Shop
) -> None:

    async def order(made: Process) -> None:
        await made.stock(ours, apple=5)
        wanted = command(ours, {"apple": 1}, to=ToPoint(NARROW_POINT))
        assert isinstance(await made.place_one(wanted), Placed)

    acting(url, order)
    before = version(url)
    (folder / "zones.csv").unlink()
    (folder / "zone_intervals.csv").unlink()
    points = (folder / "points.csv").read_text().splitlines(keepends=True)
    kept = [line for line in points if not line.startswith(f"{NARROW_POINT},")]
    assert len(kept) == len(points) - 1
    (folder / "points.csv").write_text("".join(kept))
    refused = entrepot("network", "load", folder)
    assert refused.code == 1
    assert f"{folder} has no file zones: all 2 zones would go." in refused.err
    assert f"Pickup point {NARROW_POINT} would go, to which 1 orders are under way." in refused.err
    assert "Nothing was changed." in refused.err
    assert len(entrepot("network", "load", folder, "--json").json["removals"]) == 2
    assert version(url) == before
    loaded = entrepot("network", "load", folder, "--allow-removals", "--json")
    assert loaded.code == 0, loaded.err
    assert loaded.json["version"] == version(url) > before
    # Nothing of the order changed; that its place is gone is what the audit says of it.
    audited = entrepot("audit")
    assert audited.code == 1
    assert f"no logistic point {NARROW_POINT}" in audited.out
    assert "1 found, " in audited.err


def test_a_warehouse_with_stock_is_not_taken_away_unasked(
    entrepot: Entrepot, folder: Path, url: str, ours: Shop
) -> None:
    acting(url, lambda made: made.stock(ours, apple=5, bread=2))
    before = version(url)
    text = (folder / "warehouses.yaml").read_text()
    first, second = text.split("- id: 12\n")
    assert first.startswith(f"- id: {MOSCOW_WAREHOUSE}\n")
    (folder / "warehouses.yaml").write_text("- id: 12\n" + second)
    lanes = (folder / "lanes.csv").read_text().splitlines(keepends=True)
    kept = [line for line in lanes if not line.startswith(f"{MOSCOW_WAREHOUSE},")]
    (folder / "lanes.csv").write_text("".join(kept))
    refused = entrepot("network", "load", folder)
    assert refused.code == 1
    assert f"Warehouse {MOSCOW_WAREHOUSE} would go, with 7 pieces in it." in refused.err
    assert version(url) == before


def test_a_planner_is_told_what_to_look_at(entrepot: Entrepot, folder: Path) -> None:
    said = entrepot("network", "check", folder)
    assert said.code == 0
    assert "Warning: Calendars that nothing uses: 3." in said.err
    assert entrepot("network", "check", folder, "--strict").code == 1
    assert any(
        (each["what"], each["ids"]) == ("Calendars that nothing uses", [3])
        for each in entrepot("network", "check", folder, "--json").json["notices"]
    )


def test_an_export_does_not_overwrite_unasked(entrepot: Entrepot, folder: Path) -> None:
    refused = entrepot("network", "export", folder)
    assert refused.code == 1
    assert "holds a network already" in refused.err
    said = entrepot("network", "export", folder, "--overwrite", "--json")
    assert said.code == 0
    assert len(said.json["files"]) == 7


def test_no_folder_is_told_in_a_sentence(entrepot: Entrepot, tmp_path: Path) -> None:
    said = entrepot("network", "load", tmp_path / "none")
    assert said.code == 1
    assert f"Error: {tmp_path / 'none'}: is no folder" in said.err
