"""Ports: taken ones are told at once, and several workers never share one with a stranger."""

import socket
import sys
import threading

import pytest

from entrepot.db.start_refused import StartRefused
from entrepot.supervisor.listening import Listeners, base_url, listen, reachable_address


@pytest.mark.parametrize("workers", [1, 3])
def test_a_taken_port_is_refused(workers: int) -> None:
    taken = listen("127.0.0.1", 0, workers)
    port = taken[0].getsockname()[1]
    for wanted in (1, 3):
        with pytest.raises(StartRefused, match=f"Port {port} of 127.0.0.1 is taken"):
            listen("127.0.0.1", port, wanted)
    _close(taken)
    _close(listen("127.0.0.1", port, workers))


@pytest.mark.skipif(sys.platform != "linux", reason="only there the kernel spreads connections")
def test_each_worker_has_a_socket_of_its_own_on_one_port() -> None:
    listeners = listen("127.0.0.1", 0, 3)
    assert len({listener.fileno() for listener in listeners}) == 3
    assert len({listener.getsockname() for listener in listeners}) == 1
    _close(listeners)


def test_of_many_that_start_at_once_one_gets_the_port() -> None:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    got: list[Listeners] = []
    refused: list[str] = []
    barrier = threading.Barrier(8)

    def start() -> None:
        barrier.wait()
        try:
            got.append(listen("127.0.0.1", port, 2))
        except StartRefused as refusal:
            refused.append(refusal.sentence)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(got), len(refused)) == (1, 7)
    _close(got[0])


def test_addresses_that_cannot_be_had_are_told() -> None:
    with pytest.raises(StartRefused, match=r"no-such-host\.invalid to listen on is unknown"):
        listen("no-such-host.invalid", 0, 1)
    with pytest.raises(StartRefused, match=r"203\.0\.113\.1 is no address of this machine"):
        listen("203.0.113.1", 0, 1)


def test_the_address_is_one_that_can_be_called() -> None:
    everywhere = listen("0.0.0.0", 0, 1)  # noqa: S104 - an operator may
    port = everywhere[0].getsockname()[1]
    assert reachable_address(everywhere) == ("127.0.0.1", port)
    assert base_url(everywhere) == f"http://127.0.0.1:{port}"
    _close(everywhere)


def _close(listeners: Listeners) -> None:
    for listener in listeners:
        listener.close()
