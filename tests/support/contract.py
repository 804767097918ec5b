"""The contract as data: what it declares, and whether an answer holds exactly that.

The file is the one that `ENTREPOT_CONTRACT` names, or the project's reference beside the
checkout. Fields that the contract does not declare are refused, as its real clients refuse them.
"""

import json
import os
import re
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema

Schema = dict[str, Any]

DEFAULT = Path(__file__).parents[3] / "shared" / "reference" / "laas.openapi.json"
VARIABLE = "ENTREPOT_CONTRACT"
METHODS = ("get", "post", "put", "delete")

# Required by the contract but declared nowhere in it; their values are ours to choose.
UNDECLARED = {
    "PickupOptionsDTO": "paymentMethods",
    "CourierDeliveryOptionDTO": "paymentMethods",
    "LogisticPointDTO": "paymentTypes",
}
_TEXTS: Schema = {"type": "array", "items": {"type": "string"}, "minItems": 1}
# What the transport answers, whatever an operation declares: the searches of regions declare no
# 400, yet the messages for malformed input are every method's. A 404 is an operation's own only
# where it declares one: an unknown order or region is a 400 elsewhere.
_TRANSPORT_STATUSES = (400, 401, 403, 405, 415, 420, 500, 503)
_KEPT = (
    "type", "enum", "format", "pattern", "minLength", "maxLength", "minimum", "maximum",
    "minItems", "maxItems", "uniqueItems",
)  # fmt: skip


def contract_path() -> Path | None:
    """Where the contract is; None when it is not there."""
    path = Path(os.environ.get(VARIABLE) or DEFAULT)
    return path if path.exists() else None


class ContractOperation(NamedTuple):
    """An operation as the contract declares it."""

    method: str
    path: str
    declared: Schema


class Contract:
    """The document, its references resolved on demand."""

    def __init__(self, path: Path) -> None:
        self.document: Schema = json.loads(path.read_text())
        self._validators: dict[str, jsonschema.Draft202012Validator] = {}

    @cached_property
    def operations(self) -> dict[str, ContractOperation]:
        """Every operation by its id."""
        return {
            declared["operationId"]: ContractOperation(method.upper(), path, declared)
            for path, methods in self.document["paths"].items()
            for method, declared in methods.items()
            if method in METHODS
        }

    def operation_of(self, method: str, path: str) -> str | None:
        """Find the operation that answers a request."""
        for operation_id, operation in self.operations.items():
            pattern = re.sub(r"{\w+}", "[^/]+", operation.path)
            if operation.method == method and re.fullmatch(pattern, path):
                return operation_id
        return None

    def resolve(self, schema: Schema) -> Schema:
        """Follow a reference; its neighbours mean nothing, as OpenAPI 3.0 has it."""
        while "$ref" in schema:
            schema = self._find(schema["$ref"])
        return schema

    def merged(self, schema: Schema) -> Schema:
        """Make one object of all that a schema inherits; fields come with their references."""
        schema = self.resolve(schema)
        merged = {name: value for name, value in schema.items() if name != "allOf"}
        merged["properties"] = dict(schema.get("properties", {}))
        merged["required"] = list(schema.get("required", []))
        for part in schema.get("allOf", []):
            inherited = self.merged(part)
            merged["properties"] = {**inherited["properties"], **merged["properties"]}
            merged["required"] += inherited["required"]
            merged.setdefault("nullable", inherited.get("nullable", False))
            if "type" in inherited or "enum" in inherited:
                merged = {**inherited, **merged}
        return merged

    def check(self, operation_id: str | None, status: int, body: object) -> list[str]:
        """List what an answer has that it should not have, or has not and should."""
        name = self._answer_schema(operation_id, status)
        if name is None:
            return [f"{operation_id} declares no answer with status {status}"]
        return self.check_as(name.rpartition("/")[2], body)

    def check_as(self, schema: str, value: object) -> list[str]:
        """List what a value has that a schema, by its name, does not have, and the reverse."""
        errors = self._validator(f"#/components/schemas/{schema}").iter_errors(value)
        return [f"{error.json_path}: {error.message[:300]}" for error in errors]

    def _answer_schema(self, operation_id: str | None, status: int) -> str | None:
        """Give the reference of the schema of an answer."""
        if operation_id is not None:
            declared = self.operations[operation_id].declared["responses"].get(str(status))
            if declared is not None:
                content = self.resolve(declared)["content"]["application/json"]
                reference: str = content["schema"]["$ref"]
                return reference
        if status in _TRANSPORT_STATUSES or (operation_id is None and status == 404):
            return "#/components/schemas/ApiErrorResponse"
        return None

    def _validator(self, reference: str) -> jsonschema.Draft202012Validator:
        validator = self._validators.get(reference)
        if validator is None:
            schema = {**self._closed({"$ref": reference}), "$defs": self._definitions}
            validator = jsonschema.Draft202012Validator(schema, format_checker=_FORMATS)
            self._validators[reference] = validator
        return validator

    @cached_property
    def _definitions(self) -> Schema:
        schemas = self.document["components"]["schemas"]
        return {name: self._closed_definition(name, schema) for name, schema in schemas.items()}

    def _closed_definition(self, name: str, schema: Schema) -> Schema:
        closed = self._closed(schema)
        if name in UNDECLARED:
            closed["properties"][UNDECLARED[name]] = _TEXTS
        return closed

    def _closed(self, schema: Schema) -> Schema:
        """Write a schema of OpenAPI 3.0 as a JSON Schema that refuses unknown fields."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            reference = {"$ref": f"#/$defs/{name}"}
            return {"anyOf": [reference, {"type": "null"}]} if schema.get("nullable") else reference
        if "allOf" in schema:
            schema = self.merged(schema)
        closed = {name: schema[name] for name in _KEPT if name in schema}
        _close_bounds(schema, closed)
        if schema.get("properties") or schema.get("required"):
            closed["type"] = "object"
            fields = schema.get("properties", {})
            closed["properties"] = {field: self._closed(one) for field, one in fields.items()}
            closed["required"] = schema.get("required", [])
            closed["additionalProperties"] = False
        if "items" in schema:
            closed["items"] = self._closed(schema["items"])
        if schema.get("nullable") and "type" in closed:
            closed["type"] = [closed["type"], "null"]
            if "enum" in closed:
                closed["enum"] = [*closed["enum"], None]
        return closed

    def _find(self, reference: str) -> Schema:
        found: Any = self.document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert isinstance(found, dict)
        return found


def _close_bounds(schema: Schema, closed: Schema) -> None:
    """Version 3.0 says by a flag that a bound is exclusive, JSON Schema by the bound itself."""
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if schema.get(exclusive) is True:
            closed[exclusive] = closed.pop(bound)


_FORMATS = jsonschema.FormatChecker(formats=())


@_FORMATS.checks("date", ValueError)
def _date(value: object) -> bool:
    return not isinstance(value, str) or bool(_parsed(r"\d{4}-\d\d-\d\d", "%Y-%m-%d", value))


@_FORMATS.checks("date-dd-MM-yyyy", ValueError)
def _legacy_date(value: object) -> bool:
    return not isinstance(value, str) or bool(_parsed(r"\d\d-\d\d-\d{4}", "%d-%m-%Y", value))


@_FORMATS.checks("date-dd-MM-yyyy-HH-mm-ss", ValueError)
def _legacy_moment(value: object) -> bool:
    pattern, form = r"\d\d-\d\d-\d{4} \d\d:\d\d:\d\d", "%d-%m-%Y %H:%M:%S"
    return not isinstance(value, str) or bool(_parsed(pattern, form, value))


@_FORMATS.checks("date-time", ValueError)
def _moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@_FORMATS.checks("time")
def _time(value: object) -> bool:
    return not isinstance(value, str) or bool(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value))


@_FORMATS.checks("int32")
def _int32(value: object) -> bool:
    return not isinstance(value, int) or -(2**31) <= value < 2**31


@_FORMATS.checks("int64")
def _int64(value: object) -> bool:
    # Clients in JavaScript read numbers exactly only below 2 ** 53.
    return not isinstance(value, int) or -(2**53) < value < 2**53


def _parsed(pattern: str, form: str, value: str) -> datetime | None:
    return datetime.strptime(value, form) if re.fullmatch(pattern, value) else None  # noqa: DTZ007
