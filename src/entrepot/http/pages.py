"""Everything beside the contract: health, the OpenAPI document and the page to read it."""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from entrepot.contract.errors import (
    INTERNAL_ERROR,
    METHOD_NOT_SUPPORTED,
    URL_NOT_FOUND,
    Refusal,
)
from entrepot.http.life import Life

_JSON = "application/json"
Handler = Callable[[Request], Awaitable[Response]]


def build_pages(life: Life, routes: list[BaseRoute]) -> Starlette:
    """Build the application that answers what is not the contract's."""

    async def healthz(_request: Request) -> Response:
        """Say that the process is alive."""
        return Response(b'{"status":"ok"}', media_type=_JSON)

    async def readyz(_request: Request) -> Response:
        """Say whether requests are welcome, and if not, why."""
        readiness = await life.readiness()
        status = 200 if readiness.ready else 503
        return Response(msgspec.json.encode(readiness), status, media_type=_JSON)

    return Starlette(
        routes=[Route("/healthz", healthz), Route("/readyz", readyz), *routes],
        exception_handlers={404: _not_found, 405: _other_method, Exception: _fault},
    )


def _not_found(_request: Request, _error: Exception) -> Response:
    return _refusal(URL_NOT_FOUND())


def _other_method(request: Request, error: Exception) -> Response:
    response = _refusal(METHOD_NOT_SUPPORTED(method=request.method))
    response.headers.update(getattr(error, "headers", None) or {})
    return response


def _fault(_request: Request, _error: Exception) -> Response:
    return _refusal(INTERNAL_ERROR())


def _refusal(refusal: Refusal) -> Response:
    return Response(msgspec.json.encode(refusal.envelope()), refusal.http_status, media_type=_JSON)
