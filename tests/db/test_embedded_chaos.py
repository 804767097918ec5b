"""Whoever is killed, in whatever order: who lives gets answers, and what was committed stays.

`ENTREPOT_TEST_CHAOS_S` makes a longer run, `ENTREPOT_TEST_CHAOS_SEED` repeats one.
"""

import contextlib
import os
import random
import secrets
import signal
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg

from tests.db.embedded_processes import (
    EmbeddedUser,
    answers,
    ask,
    is_running,
    nothing_left,  # noqa: F401 - for every test of this module
    parent_of,
    wait_until,
)

SECONDS = float(os.environ.get("ENTREPOT_TEST_CHAOS_S", "8"))
SEED = os.environ.get("ENTREPOT_TEST_CHAOS_SEED") or secrets.token_hex(4)
USERS_MAX = 5


class Chaos:
    """Users that come, go and are killed, with their database's processes."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.dice = random.Random(SEED)
        self.users = [EmbeddedUser(data_dir)]
        self.url = self.users[0].wait_for_url()
        self.home = self.users[0].home
        self.committed: list[int] = []
        ask(self.url, "CREATE TABLE kept (number int PRIMARY KEY)")

    def act(self) -> None:
        acts: list[Callable[[], None]] = [
            self.come, self.come, self.come, self.leave, self.kill_user, self.kill_user,
            self.kill_guard, self.kill_postmaster, self.write, self.write,
        ]  # fmt: skip
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, IndexError, ValueError):
            self.dice.choice(acts)()  # what it meant to meet may have gone already

    def come(self) -> None:
        if len(self.users) < USERS_MAX:
            self.users.append(EmbeddedUser(self.data_dir))

    def leave(self) -> None:
        user = self.users.pop(self.dice.randrange(len(self.users)))
        if not user.url:
            user.wait_for_url()
        user.leave()

    def kill_user(self) -> None:
        self.users.pop(self.dice.randrange(len(self.users))).kill()

    def kill_guard(self) -> None:
        guard = parent_of(self.postmaster())
        if guard != 1:
            os.kill(guard, signal.SIGKILL)

    def kill_postmaster(self) -> None:
        os.kill(self.postmaster(), signal.SIGKILL)

    def write(self) -> None:
        number = self.dice.randrange(2**31)
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            ask(self.url, f"INSERT INTO kept VALUES ({number}) RETURNING number")  # noqa: S608
            self.committed.append(number)

    def postmaster(self) -> int:
        return int((self.home / "cluster" / "postmaster.pid").read_text().split()[0])


def test_whoever_is_killed_the_living_get_answers(tmp_path: Path) -> None:
    chaos = Chaos(tmp_path / "data")
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        chaos.act()
        time.sleep(chaos.dice.random() * 0.2)
    chaos.come()
    for user in chaos.users:
        assert user.url or user.wait_for_url(), f"seed {SEED}"
    wait_until(lambda: answers(chaos.url), within_s=30)
    kept = ask(chaos.url, "SELECT array_agg(number) FROM kept") or []
    assert set(chaos.committed) <= set(kept), f"seed {SEED}"
    postmaster = chaos.postmaster()
    for user in chaos.users:
        user.kill()
    wait_until(lambda: not is_running(postmaster), within_s=30)
    wait_until(lambda: not (chaos.home / "cluster" / "postmaster.pid").exists(), within_s=5)
