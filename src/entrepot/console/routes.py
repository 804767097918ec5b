"""The paths of the console."""

import asyncio
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from entrepot.console.api_page import api_page, document_of_this_version

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


def console_routes() -> list[BaseRoute]:
    """List the routes of the pages."""
    return [
        Route("/", _home),
        Route("/docs", _docs),
        Mount("/docs/static", StaticFiles(directory=_STATIC)),
        Route("/openapi.json", _openapi),
    ]


async def _home(_request: Request) -> Response:
    return RedirectResponse("/docs")


async def _docs(request: Request) -> Response:
    # A thread: rendering takes longer than any request may be kept waiting.
    page = await asyncio.to_thread(api_page, str(request.base_url).rstrip("/"))
    return Response(page, media_type="text/html", headers=_HEADERS)


async def _openapi(_request: Request) -> Response:
    document = await asyncio.to_thread(document_of_this_version)
    return Response(
        msgspec.json.encode(document),
        media_type="application/json",
        headers={"X-Content-Type-Options": "nosniff"},
    )
