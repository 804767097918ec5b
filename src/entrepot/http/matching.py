"""Find the operation of a path: a tree of segments, built once."""

import functools
from collections.abc import Iterable
from typing import Generic, NamedTuple, Protocol, TypeVar

import msgspec

from entrepot import limits

_SUFFIX = ".json"  # tolerated at the end of any path, as the contract's older texts had it


class Routed(Protocol):
    """What a table of routes is made of."""

    @property
    def method(self) -> str:
        """The HTTP method."""
        ...

    @property
    def path(self) -> str:
        """The path, its parameters in braces."""
        ...


Route = TypeVar("Route", bound=Routed)


class Matched(NamedTuple, Generic[Route]):
    """A route and the values of its path's parameters, in their order, as they were sent."""

    route: Route
    values: tuple[str, ...]


class OtherMethod(msgspec.Struct, frozen=True):
    """The path exists, with other methods."""

    allowed: tuple[str, ...]


class _Node(Generic[Route]):
    """The rest of the paths that begin alike. A word goes before a parameter."""

    __slots__ = ("parameter", "routes", "words")

    def __init__(self) -> None:
        self.words: dict[str, _Node[Route]] = {}
        self.parameter: _Node[Route] | None = None
        self.routes: dict[str, Route] = {}


class RouteTable(Generic[Route]):
    """Every route of the contract."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Build the tree.

        Raises:
            ValueError: two routes have one method and path.
        """
        self._root: _Node[Route] = _Node()
        for route in routes:
            node = self._root
            for segment in route.path.split("/"):
                node = _below(node, segment)
            if route.method in node.routes:
                message = f"two operations answer {route.method} {route.path}"
                raise ValueError(message)
            node.routes[route.method] = route
        # A client asks for the same few paths again and again.
        self._recall = functools.lru_cache(limits.PATHS_REMEMBERED_MAX)(self._find)

    def match(self, method: str, path: str) -> Matched[Route] | OtherMethod | None:
        """Find the route of a request; None for a path that nobody knows."""
        known = len(path) <= limits.PATH_REMEMBERED_CHARS_MAX
        return self._recall(method, path) if known else self._find(method, path)

    def _find(self, method: str, path: str) -> Matched[Route] | OtherMethod | None:
        node = self._root
        values = []
        for segment in path.removesuffix(_SUFFIX).split("/"):
            below = node.words.get(segment)
            if below is None:
                below = node.parameter
                if below is None or not segment:
                    return None
                values.append(segment)
            node = below
        route = node.routes.get(method)
        if route is not None:
            return Matched(route, tuple(values))
        return OtherMethod(tuple(sorted(node.routes))) if node.routes else None


def _below(node: _Node[Route], segment: str) -> _Node[Route]:
    if not segment.startswith("{"):
        return node.words.setdefault(segment, _Node())
    if node.parameter is None:
        node.parameter = _Node()
    return node.parameter
