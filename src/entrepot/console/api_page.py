"""The page to read an API: every operation of this version, from the OpenAPI document alone."""

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
from entrepot.operations.registry import CONTRACT, JSON, OPERATOR, Api

_CODE = re.compile(r"`([^`]+)`")
_PAGES_KEPT = 16  # one for each API and address under which this service is reached


class ShownOperation(msgspec.Struct, frozen=True):
    """An operation as the page shows it."""

    id: str
    method: str
    path: str
    summary: markupsafe.Markup
    description: markupsafe.Markup
    deprecation: str | None
    conditions: tuple[tuple[str, str], ...]
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
def api_page(api: Api, served: tuple[Api, ...], base_url: str) -> bytes:
    """Render the page of one of the APIs of a service that is reached at an address."""
    document = document_of_this_version(api)
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
        pages=[(page_path(one), one.title) for one in served if one is not api],
        document_path=document_path(api),
        key_variable=_key_variable(api),
        areas=list(_areas(api, document, base_url)),
    )
    return page.encode()


@functools.cache
def document_of_this_version(api: Api) -> Json:
    """Give the OpenAPI document of an API."""
    return openapi_document(api)


def page_path(api: Api) -> str:
    """Give the path of the page of an API."""
    return "/docs" if api is CONTRACT else f"/docs/{api.name}"


def document_path(api: Api) -> str:
    """Give the path of the document of an API."""
    return f"{api.path}/openapi.json"


def _key_variable(api: Api) -> str:
    return "ENTREPOT_OPERATOR_KEY" if api is OPERATOR else "ENTREPOT_KEY"


def _areas(api: Api, document: Json, base_url: str) -> Iterator[Area]:
    for tag in document["tags"]:
        shown = tuple(
            _shown(api, document, (method, path), declared, base_url)
            for path, methods in document["paths"].items()
            for method, declared in methods.items()
            if tag["name"] in declared["tags"]
        )
        yield Area(tag["name"], shown)


def _shown(
    api: Api, document: Json, route: tuple[str, str], declared: Json, base_url: str
) -> ShownOperation:
    method, path = route
    schemas = Schemas(document)
    body, answer = _media(declared.get("requestBody")), _media(declared["responses"]["200"])
    refusals = document["components"]["responses"]
    return ShownOperation(
        id=declared["operationId"],
        method=method.upper(),
        path=path,
        summary=_inline(declared["summary"]),
        description=_paragraphs(declared.get("description", "")),
        deprecation=_deprecation(declared),
        conditions=tuple(_conditions(declared)),
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
        answer=() if answer is None else tuple(schemas.fields(answer)),
        refusals=tuple(
            (status, refusals[status]["description"])
            for status in declared["responses"]
            if status in refusals
        ),
        request_example=_curl(api, schemas, route, declared, base_url),
        answer_example="" if answer is None else _pretty(example(schemas, answer)),
    )


def _curl(api: Api, schemas: Schemas, route: tuple[str, str], declared: Json, base_url: str) -> str:
    """Write the request as a line to be pasted."""
    method, path = route
    asked = {
        parameter["name"]: example(schemas, parameter["schema"], parameter["name"])
        for parameter in declared["parameters"]
        if parameter["required"]
    }
    query = "&".join(
        f"{name}={value}" for name, value in asked.items() if f"{{{name}}}" not in path
    )
    url = base_url + path.format(**asked) + (f"?{query}" if query else "")
    lines = [f"curl -sS -X {method.upper()} '{url}'", f'  -H "Api-Key: ${_key_variable(api)}"']
    body = _media(declared.get("requestBody"))
    if body is not None:
        lines += ["  -H 'Content-Type: application/json'"]
        lines += [f"  -d '{_pretty(example(schemas, body))}'"]
    return " \\\n".join(lines)


def _media(declared: Json | None) -> Json | None:
    """Give the schema of a body; None when there is none, or when it is a file."""
    content = {} if declared is None else declared["content"].get(JSON, {})
    schema: Json | None = content.get("schema")
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


def _conditions(declared: Json) -> Iterator[tuple[str, str]]:
    """Say who may call an operation, how often, and what comes of it that is not JSON."""
    if "x-auth-scopes" in declared:
        yield "Scopes", _scopes(declared["x-auth-scopes"])
    if "x-roles" in declared:
        yield "Roles", ", ".join(declared["x-roles"])
    if "x-resource-limit-config" in declared:
        yield "Limit", _limit(declared["x-resource-limit-config"])
    (media,) = declared["responses"]["200"]["content"]
    if media != JSON:
        yield "Answer", media


def _scopes(declared: list[str]) -> str:
    return "any scope" if len(declared) == len(Scope) else "any of " + ", ".join(declared)


def _limit(declared: Json) -> str:
    tier, medium = declared["none"], declared["medium"]
    duration, unit = tier["period-duration"], tier["period"]
    window = f"{duration} {unit}" if duration != 1 else unit.removesuffix("s")
    counted = declared["path"]
    what = "requests" if counted == "resp" else f"of {counted}"
    parallel = declared.get("parallel-limit-value", 4)
    more = "" if medium == tier else f" ({medium['amount']:,} with a MEDIUM subscription)"
    return f"{tier['amount']:,} {what} per {window}{more}, {parallel} at once"


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
