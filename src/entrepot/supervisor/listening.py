"""The sockets that workers accept on."""

import contextlib
import errno
import os
import socket
import sys
import time
from collections.abc import Iterator

from entrepot.db.start_refused import StartRefused

BACKLOG = 2048
"""Connections that wait to be accepted; the kernel may allow fewer (net.core.somaxconn)."""
CLAIM_S_MAX = 5.0
CLAIM_POLL_S = 0.02

Listeners = tuple[socket.socket, ...]
"""One socket for each worker where the kernel spreads connections over them, else one for all."""


def listen(host: str, port: int, workers: int) -> Listeners:
    """Bind and listen before any worker exists, so that a taken port is told at once.

    Connections made meanwhile wait for their worker. On Linux each worker has a socket of its own:
    workers that share one take connections in bursts (measured: of 64 that came at once one of two
    workers took 63), the kernel spreads them evenly.

    Raises:
        StartRefused: the address cannot be had.
    """
    try:
        if workers == 1 or sys.platform != "linux":
            return (_bind(host, port, shared=False),)
        with _claim(port):
            return _bind_one_each(host, port, workers)
    except socket.gaierror as error:
        raise StartRefused(f"The host {host} to listen on is unknown: {error.strerror}.") from error
    except OSError as error:
        raise StartRefused(_reason(host, port, error)) from error


def reachable_address(listeners: Listeners) -> tuple[str, int]:
    """The address by which this machine reaches the listeners."""
    host, port = listeners[0].getsockname()[:2]
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104 - compared


def base_url(listeners: Listeners) -> str:
    host, port = reachable_address(listeners)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _bind_one_each(host: str, port: int, workers: int) -> Listeners:
    # Sockets that share a port would share it with another service's, too: one that does not
    # share finds out whether there is any.
    _bind(host, port, shared=False).close()
    listeners = [_bind(host, port, shared=True)]
    try:
        chosen = listeners[0].getsockname()[1]
        while len(listeners) < workers:
            listeners.append(_bind(host, chosen, shared=True))
    except OSError:
        for listener in listeners:
            listener.close()
        raise
    return tuple(listeners)


def _bind(host: str, port: int, *, shared: bool) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


@contextlib.contextmanager
def _claim(port: int) -> Iterator[None]:
    """Keep two services that start at once from finding the same port free.

    The name is Linux's abstract one: it lives in the network namespace, as ports do, and no longer
    than its holder.
    """
    deadline = time.monotonic() + CLAIM_S_MAX
    with socket.socket(socket.AF_UNIX) as claim:
        while True:
            try:
                claim.bind(f"\0entrepot listens on {port}")
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(CLAIM_POLL_S)
        yield


def _reason(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is taken: stop what uses it, or choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} needs privileges: choose one above 1023 with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: choose another with --host."
    return f"Cannot listen on {host}, port {port}: {os.strerror(error.errno or 0)}."
