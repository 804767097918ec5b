"""The socket that every worker accepts on."""

import errno
import os
import socket

from entrepot.db.start_refused import StartRefused

BACKLOG = 2048
"""Connections that wait to be accepted; the kernel may allow fewer (net.core.somaxconn)."""


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen once, before any worker exists, so that a taken port is told at once.

    Connections made meanwhile wait for the first worker.

    Raises:
        StartRefused: the address cannot be had.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise StartRefused(f"The host {host} to listen on is unknown: {error.strerror}.") from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise StartRefused(_reason(host, port, error)) from error
    return listener


def reachable_address(listener: socket.socket) -> tuple[str, int]:
    """The address by which this machine reaches the listener."""
    host, port = listener.getsockname()[:2]
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104 - compared


def base_url(listener: socket.socket) -> str:
    host, port = reachable_address(listener)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _reason(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is taken: stop what uses it, or choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} needs privileges: choose one above 1023 with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: choose another with --host."
    return f"Cannot listen on {host}, port {port}: {os.strerror(error.errno or 0)}."
