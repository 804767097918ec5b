"""The program's sources, read as data."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

SOURCES = Path(__file__).parents[2] / "src" / "entrepot"


class Module(NamedTuple):
    """A module: its path below the package, and its syntax tree."""

    name: str
    text: str
    tree: ast.Module

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield node

    def decorators(self) -> Iterator[str]:
        """The name of each decorator that is called."""
        for function in self.functions():
            for decorator in function.decorator_list:
                if isinstance(decorator, ast.Call):
                    yield ast.unparse(decorator.func)

    def texts(self) -> Iterator[str]:
        """Every text in the code, without docstrings; of an f-string its fixed parts."""
        documentation = {
            id(node.value) for node in ast.walk(self.tree) if isinstance(node, ast.Expr)
        }
        for node in ast.walk(self.tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in documentation
            ):
                yield node.value

    def statements(self) -> Iterator[str]:
        """Every SQL statement, with `{}` for what an f-string puts in."""
        inside: set[int] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.JoinedStr):
                inside |= {id(part) for part in node.values}
                parts = (
                    part.value if isinstance(part, ast.Constant) else "{}" for part in node.values
                )
                yield "".join(map(str, parts))
            elif (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in inside  # a walk comes to the whole before its parts
            ):
                yield node.value

    def names(self) -> Iterator[str]:
        """Every dotted name that is read, such as `datetime.now`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute):
                yield ast.unparse(node)

    def imports(self) -> Iterator[str]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def modules(below: str = "") -> tuple[Module, ...]:
    """Every module of the program, or of a part of it."""
    found = []
    for path in sorted((SOURCES / below).rglob("*.py")):
        text = path.read_text()
        found.append(Module(str(path.relative_to(SOURCES)), text, ast.parse(text)))
    return tuple(found)
