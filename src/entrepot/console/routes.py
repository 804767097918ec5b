"""The paths of the console."""

from starlette.routing import BaseRoute


def console_routes() -> list[BaseRoute]:
    """List the routes of the pages."""
    return []
