"""A schema of the OpenAPI document as rows of a table: one a field, those below it indented."""

from collections.abc import Iterator
from typing import Any

import msgspec

Json = dict[str, Any]

_DEPTH_MAX = 12  # deeper than any type of the contract, and an end for those that hold themselves


class Row(msgspec.Struct, frozen=True):
    """A field: how deep it lies, and what may stand in it."""

    depth: int
    name: str
    type: str
    required: bool
    rules: tuple[str, ...]
    values: tuple[str, ...]
    description: str


class Schemas:
    """The document's schemas, with references followed."""

    def __init__(self, document: Json) -> None:
        """Read the schemas of a document."""
        self._schemas: Json = document["components"]["schemas"]

    def resolve(self, schema: Json) -> tuple[str | None, Json]:
        """Follow a reference; gives the name of what it led to."""
        if "allOf" in schema:
            schema = schema["allOf"][0]
        if "$ref" not in schema:
            return None, schema
        name = str(schema["$ref"]).rpartition("/")[2]
        return name, self._schemas[name]

    def fields(self, schema: Json) -> list[Row]:
        """List the fields of an object and of all objects in it."""
        return list(self._below(schema, 0, frozenset()))

    def value(self, name: str, schema: Json, *, required: bool, description: str) -> Row:
        """Describe a single value, such as a parameter."""
        row = self._row(name, schema, 0, required=required)
        return msgspec.structs.replace(row, description=description or row.description)

    def _below(self, schema: Json, depth: int, inside: frozenset[str]) -> Iterator[Row]:
        name, resolved = self.resolve(schema)
        if resolved.get("type") == "array":
            yield from self._below(resolved["items"], depth, inside)
            return
        if depth > _DEPTH_MAX or name in inside:
            return
        inside = inside | {name} if name else inside
        required = resolved.get("required", ())
        for field, declared in resolved.get("properties", {}).items():
            yield self._row(field, declared, depth, required=field in required)
            yield from self._below(declared, depth + 1, inside)

    def _row(self, field: str, declared: Json, depth: int, *, required: bool) -> Row:
        _, resolved = self.resolve(declared)
        _, element = self.resolve(resolved.get("items", resolved))
        description = declared.get("description", "")
        if not description and "properties" in element:
            description = element.get("description", "")
        return Row(
            depth,
            field,
            self._type(declared),
            required,
            tuple(_rules(resolved)),
            tuple(map(str, element.get("enum", ()))),
            description,
        )

    def _type(self, declared: Json) -> str:
        _, resolved = self.resolve(declared)
        kind = str(resolved.get("type", "object"))
        if kind == "array":
            return f"list: {self._type(resolved['items'])}"
        if "enum" in resolved:
            return "one of the values"
        words = {"string": "text", "integer": "whole number"}.get(kind, kind)
        form = resolved.get("format")
        return words if form in {None, "int64"} else f"{words}, {form}"


def _rules(schema: Json) -> Iterator[str]:
    yield from _span(schema.get("minLength"), schema.get("maxLength"), "characters")
    yield from _span(schema.get("minItems"), schema.get("maxItems"), "elements")
    if schema.get("exclusiveMinimum"):
        yield f"greater than {schema['minimum']}"
        yield from _span(None, schema.get("maximum"), "")
    else:
        yield from _span(schema.get("minimum"), schema.get("maximum"), "")
    if schema.get("uniqueItems"):
        yield "each once"
    if "pattern" in schema:
        yield schema["pattern"]
    if "default" in schema:
        yield f"{str(schema['default']).lower()} by default"


def _span(least: int | None, most: int | None, unit: str) -> Iterator[str]:
    if least is not None and most is not None:
        yield f"{least} to {most} {unit}".strip()
    elif least == 1 and unit:
        yield "not empty"
    elif least is not None:
        yield f"at least {least} {unit}".strip()
    elif most is not None:
        yield f"at most {most} {unit}".strip()
