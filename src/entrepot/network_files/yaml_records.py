"""The records of a YAML file as text, with their lines.

The types that YAML guesses are not asked for: what is written is what is read, with the rules
of the columns, as in CSV.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import yaml

from entrepot.network_files.cells import CellKind
from entrepot.network_files.problems import shown

_NULL = "tag:yaml.org,2002:null"


class Unreadable(Exception):  # noqa: N818 - a state of a file, told by its reader
    """From here on a file cannot be read."""

    def __init__(self, line: int, reason: str) -> None:
        """Name the line, counted from 1; 0 is the file as a whole."""
        super().__init__(reason)
        self.line = line
        self.reason = reason


class YamlCell(NamedTuple):
    column: str
    text: str


class YamlFault(NamedTuple):
    line: int
    column: str
    reason: str


class YamlRecord(NamedTuple):
    """A mapping of the list: where it begins, its cells with their lines, and its faults."""

    line: int
    cells: list[YamlCell]
    lines: dict[str, int]
    faults: list[YamlFault]


def yaml_records(text: str, kinds: Mapping[str, CellKind], ignored: str) -> Iterator[YamlRecord]:
    """Give the records of a file.

    Raises:
        Unreadable: it is no YAML, or no list of mappings.
    """
    try:
        # A C loader: only nodes are made, no value of any type.
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise Unreadable(mark.line + 1 if mark else 0, f"is no YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise Unreadable(0, f"is no YAML: {error}") from None
    if root is None:
        return
    if not isinstance(root, yaml.SequenceNode):
        raise Unreadable(_line(root), "is no list; each entry begins with `- id: …`")
    for entry in root.value:
        if not isinstance(entry, yaml.MappingNode):
            raise Unreadable(_line(entry), "is no entry; each begins with `- id: …`")
        yield _record(entry, kinds, ignored)


def _record(entry: yaml.MappingNode, kinds: Mapping[str, CellKind], ignored: str) -> YamlRecord:
    record = YamlRecord(_line(entry), [], {}, [])
    for key, value in entry.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        if name == ignored:
            continue
        if name not in kinds:
            reason = f"is no field; the fields are: {', '.join(kinds)}"
            record.faults.append(YamlFault(_line(key), shown(str(name)), reason))
            continue
        if name in record.lines:
            record.faults.append(YamlFault(_line(key), name, "stands twice in one entry"))
            continue
        record.lines[name] = _line(value)
        text = _cell(value, kinds[name])
        if text is None:
            reason = "holds a list or a mapping where a value is expected"
            record.faults.append(YamlFault(_line(value), name, reason))
        else:
            record.cells.append(YamlCell(name, text))
    return record


def _cell(value: yaml.Node, kind: CellKind) -> str | None:
    if isinstance(value, yaml.ScalarNode):
        return "" if value.tag == _NULL else str(value.value)
    if not isinstance(value, yaml.SequenceNode) or kind.join is None:
        return None
    if not all(isinstance(part, yaml.ScalarNode) for part in value.value):
        return None
    return kind.join([str(part.value) for part in value.value])


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
