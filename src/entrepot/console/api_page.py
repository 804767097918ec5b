"""The page to read the API: every operation of this version, from the OpenAPI document alone."""

import functools
import html
import json
import re
from collections.abc import Iterator

import jinja2
import markupsafe
import msgspec

from entrepot.console.examples import example
from entrepot.console.schema_rows import Json, Row, Schemas
from entrepot.contract.scopes import Scope
from entrepot.operations.openapi import openapi_document
from entrepot.operations.registry import OPERATIONS

_CODE = re.compile(r"`([^`]+)`")
_PAGES_KEPT = 8  # one for each address under which this service is reached


class ShownOperation(msgspec.Struct, frozen=True):
    """An operation as the page shows it."""

    id: str
    method: str
    path: str
    summary: markupsafe.Markup
    description: markupsafe.Markup
    deprecation: str | None
    scopes: str
    limit: str
    parameters: tuple[Row, ...]
    body: tuple[Row, ...]
    body_required: bool
    answer: tuple[Row, ...]
    refusals: tuple[tuple[str, str], ...]
    request_example: str
    answer_example: str


class Area(msgspec.Struct, frozen=True):
    """Operations that belong together."""

    name: str
    operations: tuple[ShownOperation, ...]


@functools.lru_cache(_PAGES_KEPT)
def api_page(base_url: str) -> bytes:
    """Render the page for a service that is reached at an address."""
    document = document_of_this_version()
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("entrepot.console"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    page = environment.get_template("api.html").render(
        title=document["info"]["title"],
        version=document["info"]["version"],
        introduction=_paragraphs(document["info"]["description"]),
        areas=list(_areas(document, base_url)),
    )
    return page.encode()


@functools.cache
def document_of_this_version() -> Json:
    """Give the OpenAPI document."""
    return openapi_document(OPERATIONS.values())


def _areas(document: Json, base_url: str) -> Iterator[Area]:
    for tag in document["tags"]:
        shown = tuple(
            _shown(document, method, path, declared, base_url)
            for path, methods in document["paths"].items()
            for method, declared in methods.items()
            if tag["name"] in declared["tags"]
        )
        yield Area(tag["name"], shown)


def _shown(document: Json, method: str, path: str, declared: Json, base_url: str) -> ShownOperation:
    schemas = Schemas(document)
    body, answer = _media(declared.get("requestBody")), _media(declared["responses"]["200"])
    assert answer is not None
    refusals = document["components"]["responses"]
    return ShownOperation(
        id=declared["operationId"],
        method=method.upper(),
        path=path,
        summary=_inline(declared["summary"]),
        description=_paragraphs(declared.get("description", "")),
        deprecation=_deprecation(declared),
        scopes=_scopes(declared["x-auth-scopes"]),
        limit=_limit(declared["x-resource-limit-config"]),
        parameters=tuple(
            schemas.value(
                parameter["name"],
                parameter["schema"],
                required=parameter["required"],
                description=f"In the {parameter['in']}. {parameter.get('description', '')}",
            )
            for parameter in declared["parameters"]
        ),
        body=() if body is None else tuple(schemas.fields(body)),
        body_required=declared.get("requestBody", {}).get("required", False),
        answer=tuple(schemas.fields(answer)),
        refusals=tuple(
            (status, refusals[status]["description"])
            for status in declared["responses"]
            if status in refusals
        ),
        request_example=_curl(schemas, method, path, declared, base_url),
        answer_example=_pretty(example(schemas, answer)),
    )


def _curl(schemas: Schemas, method: str, path: str, declared: Json, base_url: str) -> str:
    """Write the request as a line to be pasted."""
    asked = {
        parameter["name"]: example(schemas, parameter["schema"], parameter["name"])
        for parameter in declared["parameters"]
        if parameter["required"]
    }
    query = "&".join(
        f"{name}={value}" for name, value in asked.items() if f"{{{name}}}" not in path
    )
    url = base_url + path.format(**asked) + (f"?{query}" if query else "")
    lines = [f"curl -sS -X {method.upper()} '{url}'", '  -H "Api-Key: $ENTREPOT_KEY"']
    body = _media(declared.get("requestBody"))
    if body is not None:
        lines += ["  -H 'Content-Type: application/json'"]
        lines += [f"  -d '{_pretty(example(schemas, body))}'"]
    return " \\\n".join(lines)


def _media(declared: Json | None) -> Json | None:
    if declared is None:
        return None
    schema: Json = declared["content"]["application/json"]["schema"]
    return schema


def _deprecation(declared: Json) -> str | None:
    dates = declared.get("x-deprecation-config")
    if dates is None:
        return None
    return (
        f"The contract withdraws it: fewer and fewer calls succeed from "
        f"{dates['degradation-start-date']}, none from {dates['shutdown-date']}. "
        f"Use {dates['replacement-operation-id']}."
    )


def _scopes(declared: list[str]) -> str:
    return "any scope" if len(declared) == len(Scope) else "any of " + ", ".join(declared)


def _limit(declared: Json) -> str:
    tier = declared["none"]
    duration, unit = tier["period-duration"], tier["period"]
    window = f"{duration} {unit}" if duration != 1 else unit.removesuffix("s")
    counted = declared["path"]
    what = "requests" if counted == "resp" else f"of {counted}"
    parallel = declared.get("parallel-limit-value", 4)
    return f"{tier['amount']:,} {what} per {window}, {parallel} at once"


def _pretty(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _paragraphs(text: str) -> markupsafe.Markup:
    """Write a docstring as HTML: paragraphs, and words in backquotes as code."""
    paragraphs = (part for part in text.split("\n\n") if part.strip())
    return markupsafe.Markup("").join(
        markupsafe.Markup("<p>{}</p>").format(_inline(paragraph)) for paragraph in paragraphs
    )


def _inline(text: str) -> markupsafe.Markup:
    # Escaped before the marks are put in.
    return markupsafe.Markup(_CODE.sub(r"<code>\1</code>", html.escape(text)))  # noqa: S704
