"""Building a large network, and letting one go, so that placing beside it hardly feels it.

A network of a hundred thousand places is built in seconds by plain Python, and freed in a tenth
of a second. Both are done for a process that answers at the same time:

- it is built in a thread, and while that runs, Python changes between threads ten times as
  often, so that the event loop waits half a millisecond for its turn instead of five;
- the garbage collector, which would look at every new object several times while everything
  else stands still, rests meanwhile. A network has no cycles: it is freed by counting
  references, so the collector need not look at it later either;
- what is not needed any more is freed some thousand objects at a time.
"""

import asyncio
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from entrepot.domain.network import Network, NetworkDescription
from entrepot.domain.network_build import build_network

# Building this many places takes some milliseconds; more must not hold up the event loop.
PLACES_BUILT_AT_ONCE_MAX = 1_000

_SWITCH_S = 0.0005
_FREED_AT_ONCE = 2_000
_BREATH_S = 0.002
# Longer than any question takes: by then nobody uses the network any more.
_IN_USE_S_MAX = 15.0


async def build_aside(version: int, described: NetworkDescription) -> Network:
    """Build a network, in a thread of its own when it is large.

    One at a time: the caller sees to that.

    Raises:
        InvalidNetworkError: The description contradicts itself.
    """
    if len(described.regions) + len(described.points) <= PLACES_BUILT_AT_ONCE_MAX:
        return build_network(version, described)
    with _beside_the_loop():
        network = await asyncio.to_thread(build_network, version, described)
        gc.freeze()
    return network


async def let_go(network: Network) -> None:
    """Free a network that was replaced, in slices, when those that still use it have ended."""
    piles: list[list[object]] = []
    for pile in _piles(network):
        piles.append(pile)
        await asyncio.sleep(0)
    if sum(map(len, piles)) <= PLACES_BUILT_AT_ONCE_MAX:
        return
    del network, pile
    await asyncio.sleep(_IN_USE_S_MAX)
    # The piles hold what the network held; when it goes, only counts of references change.
    while piles:
        pile = piles.pop()
        while pile:
            del pile[-_FREED_AT_ONCE:]
            await asyncio.sleep(_BREATH_S)


def _piles(value: object) -> Iterator[list[object]]:
    for field in msgspec.structs.fields(type(value)):  # type: ignore[arg-type]
        part = getattr(value, field.name)
        if isinstance(part, dict):
            yield list(part.keys())
            yield list(part.values())
        elif isinstance(part, tuple):
            yield list(part)
        elif isinstance(part, msgspec.Struct):
            yield from _piles(part)


@contextmanager
def _beside_the_loop() -> Iterator[None]:
    usual_s, collects = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(_SWITCH_S)
    gc.disable()
    try:
        yield
    finally:
        sys.setswitchinterval(usual_s)
        if collects:
            gc.enable()
