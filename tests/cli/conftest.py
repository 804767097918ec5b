"""Commands run in the test's own process, on a database with the shops of the races in it."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from entrepot.cli.main import run
from tests.races.conftest import ours, races_template, theirs, url

__all__ = ["ours", "races_template", "theirs", "url"]


class Said(NamedTuple):
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it wrote on stdout, decoded."""
        return json.loads(self.out)


Entrepot = Callable[..., Said]


@pytest.fixture
def entrepot(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Entrepot:
    """Run a command line, `entrepot("business", "list")`; no traceback may ever appear."""
    monkeypatch.setenv("ENTREPOT_DATABASE_URL", url)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object) -> Said:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Said(code, said.out, said.err)

    return call
