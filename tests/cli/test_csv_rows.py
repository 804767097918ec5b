"""Files of rows: everything wrong in them is told, by line."""

from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from entrepot import limits
from entrepot.cli.csv_rows import read_csv, repeated


class Row(msgspec.Struct, frozen=True):
    code: Annotated[str, Meta(min_length=1, max_length=5)]
    pieces: Annotated[int, Meta(ge=1, le=9)]
    spare: bool = False
    left: int | None = None


def problems(path: Path, content: str | bytes) -> list[str]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [str(each).removeprefix(f"{path}") for each in read_csv(path, Row).problems]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rows.csv"


@pytest.mark.parametrize(
    "content",
    [
        "code,pieces,spare\na,1,\nb,2,true\n",
        "code;pieces;spare\r\na;1;\r\nb;2;true\r\n",
        "code\tpieces\tspare\na\t1\nb\t2\t1",
        "\ufeffcode,pieces,spare\na,1,0\n\n  ,,\nb,2,1\n",
        ' pieces , code,spare\n1, a ,\n2,"b",true',
        'pieces,"code",spare\n1,a\n2,b,TRUE',
    ],
)
def test_what_spreadsheets_write_is_read(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8", newline="")
    sheet = read_csv(path, Row)
    assert sheet.problems == ()
    assert [line.row for line in sheet.lines] == [Row("a", 1), Row("b", 2, spare=True)]


def test_lines_are_counted_as_editors_do(path: Path) -> None:
    path.write_text('code,pieces\n"a\nb",1\n\nc,2\n')
    assert [line.number for line in read_csv(path, Row).lines] == [3, 5]


def test_every_wrong_cell_is_told(path: Path) -> None:
    content = "code,pieces,spare,left\n,x,maybe,\nabcdef,10,,1.5\nok,1,,\nok,1,,,,\n"
    assert problems(path, content) == [
        ":2: code is empty",
        ":2: pieces: expected a whole number, not 'x'",
        ":2: spare: expected true or false, not 'maybe'",
        ":3: code: expected text of length <= 5, not 'abcdef'",
        ":3: pieces: expected a whole number <= 9, not '10'",
        ":3: left: expected a whole number, not '1.5'",
        ":5: 6 cells for 4 columns",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", (":1: no column 'code'; no column 'pieces'. The columns are:"
         " code, pieces, spare, left")),
        ("code,piece\na,1\n", (":1: unknown column 'piece'; no column 'pieces'. The columns are:"
         " code, pieces, spare, left")),
        ("code,pieces,code\na,1,b\n", (":1: column 'code' stands twice. The columns are:"
         " code, pieces, spare, left")),
        (b"code,pieces\na,1\n\xff,2\n", ":3: is not UTF-8; save the file as UTF-8"),
        ('code,pieces\na,1\n"b,2\n', ":3: unexpected end of data"),
        ('code,pieces\na,1\n"b"c,2\n', ":3: ',' expected after '\"'"),
    ],
)  # fmt: skip
def test_an_unreadable_file_is_told(path: Path, content: str | bytes, reason: str) -> None:
    assert problems(path, content) == [reason]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        (problem,) = read_csv(path, Row).problems
        assert str(problem).startswith(f"{path}: cannot be read: ")


def test_a_file_beyond_its_bounds_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOADED_FILE_ROWS_MAX", 2)
    assert problems(path, "code,pieces\na,1\nb,2\n") == []
    assert problems(path, "code,pieces\na,1\nb,2\nc,3\n") == [":4: has more than 2 rows; split it"]
    monkeypatch.setattr(limits, "LOADED_FILE_BYTES_MAX", 10)
    assert problems(path, "code,pieces\na,1\n") == [": is larger than 0 MB; split it"]


def test_repeated_keys_name_the_first(path: Path) -> None:
    path.write_text("code,pieces\na,1\nb,1\na,2\na,3\n")
    sheet = read_csv(path, Row)
    found = repeated(sheet, lambda row: row.code, "this code")
    assert [str(each) for each in found] == [
        f"{path}:4: this code stands on line 2 already",
        f"{path}:5: this code stands on line 2 already",
    ]
