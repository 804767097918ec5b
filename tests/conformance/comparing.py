"""Holds our document against the contract's, field by field."""

from collections.abc import Iterator
from typing import Any

from tests.support.contract import UNDECLARED, Contract

Schema = dict[str, Any]

BOUNDS = (
    "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "minItems", "maxItems",
    "pattern", "uniqueItems",
)  # fmt: skip


class Ours(Contract):
    """Our document, read with the contract's reader."""

    def __init__(self, document: Schema) -> None:
        self.document = document


class Comparison:
    """One comparison of two schemas and all below them; differences are sentences."""

    def __init__(self, contract: Contract, ours: Ours, *, answer: bool) -> None:
        self._contract = contract
        self._ours = ours
        self._answer = answer
        self._seen: set[tuple[str, str]] = set()

    def differences(self, path: str, theirs: Schema, ours: Schema) -> Iterator[str]:
        """Compare two schemas at a path."""
        names = theirs.get("$ref", path), ours.get("$ref", path)
        if names in self._seen:
            return
        self._seen.add(names)
        theirs, ours = self._contract.merged(theirs), self._ours.merged(ours)
        if "enum" in theirs:
            yield from self._enums(
                path, theirs["enum"], ours.get("enum", []), named=names[1] != path
            )
            return
        if theirs["properties"] or theirs["required"]:
            yield from self._objects(path, theirs, ours, names[0])
            return
        if theirs.get("type") != ours.get("type") and not self._whole(theirs, ours):
            yield f"{path}: is {theirs.get('type')}, ours {ours.get('type')}"
        if theirs.get("format", "").startswith("date") and theirs["format"] != ours.get("format"):
            yield f"{path}: has the format {theirs['format']}, ours {ours.get('format')}"
        if not self._answer:
            yield from self._bounds(path, theirs, ours)
        if "items" in theirs and "items" in ours:
            yield from self.differences(f"{path}[]", theirs["items"], ours["items"])

    def _enums(
        self, path: str, theirs: list[str], ours: list[str], *, named: bool
    ) -> Iterator[str]:
        # An answer may say which of the values it has; what has a name has all of them.
        narrowed = self._answer and not named and ours and set(ours) <= set(theirs)
        if ours != theirs and not narrowed:
            yield f"{path}: the enum differs: {sorted(set(theirs) ^ set(ours))}"

    def _objects(self, path: str, theirs: Schema, ours: Schema, name: str) -> Iterator[str]:
        undeclared = {UNDECLARED.get(name.rpartition("/")[2])} - {None}
        known = theirs["properties"].keys() | undeclared
        for field in ours["properties"].keys() - known:
            yield f"{path}.{field}: the contract has no such field"
        required, promised = set(theirs["required"]), set(ours["required"])
        if self._answer:
            missing = required - promised
        else:
            missing = required ^ promised | (theirs["properties"].keys() - ours["properties"])
        for field in sorted(missing):
            yield f"{path}.{field}: not as required as in the contract, or not there"
        for field in sorted(theirs["properties"].keys() & ours["properties"]):
            inner = theirs["properties"][field], ours["properties"][field]
            yield from self.differences(f"{path}.{field}", *inner)

    def _bounds(self, path: str, theirs: Schema, ours: Schema) -> Iterator[str]:
        for bound in BOUNDS:
            if bound in theirs and theirs[bound] != ours.get(bound):
                yield f"{path}: {bound} is {theirs[bound]}, ours {ours.get(bound)}"

    def _whole(self, theirs: Schema, ours: Schema) -> bool:
        """A whole number is a number."""
        return self._answer and (theirs.get("type"), ours.get("type")) == ("number", "integer")
