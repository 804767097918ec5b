"""Tables for people, JSON for programs."""

import json

import msgspec
import pytest

from entrepot.cli.output import activity, fail, note, progress, say, show, show_rows, warn


class Row(msgspec.Struct, frozen=True, rename="camel"):
    order_id: int
    name: str | None
    is_draft: bool = False
    tags: tuple[str, ...] = ()


ROWS = [Row(7, "a [bold]name[/bold]", is_draft=True, tags=("x", "y")), Row(1_000_000, None)]


def test_rows_become_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows(ROWS, as_json=False)
    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert cells == [
        ["order id", "name", "is draft", "tags"],
        ["7", "a [bold]name[/bold]", "yes", "x, y"],
        ["1000000", "–", "no"],
    ]


def test_no_rows_are_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows([], as_json=False, empty="No orders yet.")
    assert capsys.readouterr().out == "No orders yet.\n"
    show_rows([], as_json=True)
    assert json.loads(capsys.readouterr().out) == []


def test_json_carries_wire_names(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows(ROWS, as_json=True)
    assert json.loads(capsys.readouterr().out)[1] == {
        "orderId": 1_000_000,
        "name": None,
        "isDraft": False,
        "tags": [],
    }
    show(ROWS[0], as_json=True)
    assert json.loads(capsys.readouterr().out)["orderId"] == 7


def test_a_record_is_a_line_for_each_field(capsys: pytest.CaptureFixture[str]) -> None:
    show(ROWS[0], as_json=False)
    assert capsys.readouterr().out.splitlines()[0].split() == ["order", "id", "7"]


def test_a_long_cell_is_never_cut_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows([Row(1, "k" * 120)], as_json=False)
    assert "k" * 120 in capsys.readouterr().out


def test_only_results_go_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    for tell in (note, warn, fail):
        tell("About [it].")
    with activity("Working"), progress("Loading", 3) as advance:
        advance(3)
    say("Done [it].")
    said = capsys.readouterr()
    assert said.out == "Done [it].\n"
    assert said.err.splitlines() == [
        "About [it].",
        "Warning: About [it].",
        "Error: About [it].",
        "Working …",
    ]
