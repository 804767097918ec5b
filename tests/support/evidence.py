"""Which test produces which refusal: seen while the tests run, claimed in a file, checked.

`evidence.json` names a test for each message template. Whenever that test runs, it must have got
that very refusal over HTTP, or it fails. The file is made by running the tests with
`ENTREPOT_TEST_EVIDENCE=FILE` and then `python -m tests.support.evidence FILE`.
"""

import functools
import importlib
import json
import os
import pkgutil
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import entrepot
from entrepot.contract.errors import Template

EVIDENCE = Path(__file__).parents[1] / "conformance" / "evidence.json"
ROOT = Path(__file__).parents[2]
RECORD = os.environ.get("ENTREPOT_TEST_EVIDENCE")
REFUSED = 400
OF_THE_CONTRACT = ("entrepot.contract.", "entrepot.operations.", "entrepot.http.")
OF_OUR_OWN = (
    "entrepot.contract.operator_errors",
    "entrepot.contract.sandbox_errors",
    "entrepot.operations.operator",
    "entrepot.operations.sandbox",
)

# Messages of the state machine that only the operator's and the sandbox's APIs can provoke.
TOLD_BY_OUR_OWN = frozenset(
    {
        "CLOCK_BACKWARD", "CLOCK_TOO_FAR", "CLOCK_UNFINISHED", "NO_WAY", "RECEIVE_CODE_WRONG",
        "REFUSED_UNITS_WRONG",
    }
)  # fmt: skip


class Told(NamedTuple):
    """A refusal as a client got it."""

    http_status: int
    code: str
    message: str


_told: set[Told] = set()


def begin() -> None:
    """Forget what an earlier test got."""
    _told.clear()


def saw(http_status: int, content: bytes) -> None:
    """Note an answer."""
    if http_status < REFUSED:
        return
    try:
        (error,) = json.loads(content)["errors"]
        _told.add(Told(http_status, error["code"], error["message"]))
    except (ValueError, KeyError, TypeError):
        return  # not in the envelope; whoever asked will say so


def saw_raw(answer: bytes) -> None:
    """Note an answer as it came over the wire."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head.split(b" ", 2)[1:2]
    if status and status[0].isdigit():
        saw(int(status[0]), body)


def missing(test: str) -> set[str]:
    """Give the templates that are claimed of a test and were not produced by it."""
    claimed = {name for name, claimer in read_evidence().items() if claimer == test}
    if RECORD and _told:
        with Path(RECORD).open("a") as file:
            file.writelines(f"{name}\t{test}\n" for name in produced())
    return claimed - produced() if claimed else set()


def produced() -> set[str]:
    """Give the templates that what was told was made from."""
    return {name for name, fits in _fitting().items() if any(map(fits, _told))}


@functools.cache
def read_evidence() -> Mapping[str, str]:
    """Read which test is claimed to produce which template."""
    found: dict[str, str] = json.loads(EVIDENCE.read_text())
    return found


@functools.cache
def templates() -> dict[str, Template]:
    """Find every message that the contract's operations answer with, by its name in its module."""
    found: dict[str, Template] = {}
    for module in pkgutil.walk_packages(entrepot.__path__, "entrepot."):
        if module.name.startswith(OF_THE_CONTRACT) and not module.name.startswith(OF_OUR_OWN):
            members = vars(importlib.import_module(module.name)).items()
            found |= {name: one for name, one in members if isinstance(one, Template)}
    words = _words_of_the_contract()
    return {
        name: one
        for name, one in sorted(found.items())
        if name in words and name not in TOLD_BY_OUR_OWN
    }


def _words_of_the_contract() -> set[str]:
    """Gather the words of every module that works for the contract's operations too."""
    package = Path(entrepot.__path__[0])
    ours = [package / "operations" / "operator", package / "operations" / "sandbox"]
    return {
        word
        for file in package.rglob("*.py")
        if not file.name.endswith("errors.py") and not any(own in file.parents for own in ours)
        for word in re.findall(r"[A-Z][A-Z_]+", file.read_text())
    }


@functools.cache
def _fitting() -> dict[str, "Fits"]:
    return {name: Fits(template) for name, template in templates().items()}


class Fits:
    """Tells whether a refusal was made from a template."""

    def __init__(self, template: Template) -> None:
        self._template = template
        parts = re.split(r"{\w+}", template.text)
        self._pattern = re.compile(".*?".join(map(re.escape, parts)), re.DOTALL)

    def __call__(self, told: Told) -> bool:
        return (told.http_status, told.code) == (
            self._template.http_status,
            self._template.code,
        ) and self._pattern.fullmatch(told.message) is not None


def choose(lines: Iterable[str]) -> dict[str, str]:
    """Choose a test for each template: the one claimed so far while it will do, else the plainest.

    The plainest is one that produces few others, has no parameters, and comes first.
    """
    producers: dict[str, set[str]] = defaultdict(set)
    produces: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        name, _, test = line.rstrip("\n").partition("\t")
        producers[name].add(test)
        produces[test].add(name)
    known = read_evidence()
    return {
        name: known[name]
        if known.get(name) in tests
        else min(tests, key=lambda test: (len(produces[test]), "[" in test, test))
        for name, tests in sorted(producers.items())
    }


if __name__ == "__main__":
    chosen = choose(Path(sys.argv[1]).read_text().splitlines())
    EVIDENCE.write_text(json.dumps(chosen, indent=2, ensure_ascii=True) + "\n")
