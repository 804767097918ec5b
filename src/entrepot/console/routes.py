"""The paths of the console."""

import asyncio
from functools import partial
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from entrepot.console.api_page import (
    api_page,
    document_of_this_version,
    document_path,
    page_path,
)
from entrepot.operations.registry import Api

_STATIC = Path(__file__).parent / "static"

# Nothing is loaded from anywhere else, and nothing on the page is a script.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def console_routes(served: tuple[Api, ...]) -> list[BaseRoute]:
    """List the routes of the pages: of those APIs that are served."""
    return [
        Route("/", _home),
        Mount("/docs/static", StaticFiles(directory=_STATIC)),
        *(Route(page_path(api), partial(_docs, api, served)) for api in served),
        *(Route(document_path(api), partial(_openapi, api)) for api in served),
    ]


async def _home(_request: Request) -> Response:
    return RedirectResponse("/docs")


async def _docs(api: Api, served: tuple[Api, ...], request: Request) -> Response:
    # A thread: rendering takes longer than any request may be kept waiting.
    page = await asyncio.to_thread(api_page, api, served, str(request.base_url).rstrip("/"))
    return Response(page, media_type="text/html", headers=_HEADERS)


async def _openapi(api: Api, _request: Request) -> Response:
    document = await asyncio.to_thread(document_of_this_version, api)
    return Response(
        msgspec.json.encode(document),
        media_type="application/json",
        headers={"X-Content-Type-Options": "nosniff"},
    )
