"""`entrepot serve` with a database of its own, as somebody with a fresh machine meets it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.db.embedded_processes import is_running, wait_until

PROGRAM = [sys.executable, "-c", "from entrepot.cli.entry import main; main()"]
READY_S_MAX = 60.0


class Serve:
    """A running `entrepot serve --demo` on its embedded PostgreSQL."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.ready_file = folder / "ready.json"
        self.ready_file.unlink(missing_ok=True)  # of one that was killed
        self.out = folder / "out"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("ENTREPOT_")}
        with self.out.open("w") as out:
            self.process = subprocess.Popen(
                [
                    *(*PROGRAM, "serve", "--port", "0", *arguments),
                    *("--data-dir", folder / "data", "--ready-file", self.ready_file),
                ],
                env=environment,
                stdout=out,
                stderr=out,
            )

    def wait_until_ready(self) -> dict[str, Any]:
        deadline = time.monotonic() + READY_S_MAX
        while not self.ready_file.exists():
            assert self.process.poll() is None, self.out.read_text()
            assert time.monotonic() < deadline, self.out.read_text()
            time.sleep(0.02)
        ready: dict[str, Any] = json.loads(self.ready_file.read_text())
        return ready

    def postmaster(self) -> int:
        """The server's process, found among the guard's arguments."""
        home = Path(_postmaster_home(self.ready_file.parent / "data"))
        return int((home / "cluster" / "postmaster.pid").read_text().split()[0])

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(30)


def _postmaster_home(data_dir: Path) -> str:
    location = data_dir / "embedded" / "location"
    return location.read_text() if location.exists() else str(data_dir / "embedded" / "server")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    shutil.rmtree(tmp_path)


def test_one_command_gives_a_world_and_an_order_to_paste(folder: Path) -> None:
    serve = Serve(folder, "--demo")
    try:
        ready = serve.wait_until_ready()
        keys = [
            "baseUrl", "apiKey", "readOnlyKey", "businessId", "campaignId",
            "warehouseIds", "offerIds", "logisticPointIds",
        ]  # fmt: skip
        assert list(ready) == [*keys, "operatorKey", "other"]
        assert list(ready["other"]) == keys
        assert serve.ready_file.stat().st_mode & 0o777 == 0o600
        wait_until(lambda: "Stop with Ctrl-C." in serve.out.read_text(), within_s=10)
        said = serve.out.read_text()
        assert f"{ready['baseUrl']}/docs" in said
        assert ready["other"]["apiKey"] in said
        assert ready["operatorKey"] in said
        command = re.search(r"^curl .*\n.*\n  -d .*$", said, re.MULTILINE)
        assert command is not None
        answers = [json.loads(_shell(command[0])) for _ in range(2)]
        assert len(answers[0]["result"]["orders"]) == 1
        assert answers[1]["errors"][0]["code"] == "ORDER_ALREADY_EXISTS"
        postmaster = serve.postmaster()
        serve.process.send_signal(signal.SIGTERM)
        assert serve.process.wait(20) == 0
        assert not serve.ready_file.exists()
        assert not is_running(postmaster)
    finally:
        serve.end()


def test_orders_and_keys_survive_kill_9(folder: Path) -> None:
    serve = Serve(folder, "--demo", "--workers", "2")
    try:
        before = serve.wait_until_ready()
        postmaster = serve.postmaster()
        serve.process.kill()
        serve.process.wait(10)
        wait_until(lambda: not is_running(postmaster), within_s=10)
        serve = Serve(folder, "--demo")
        after = serve.wait_until_ready()
        assert (after["apiKey"], after["businessId"]) == (before["apiKey"], before["businessId"])
        assert _get(after, "/readyz") == 200
    finally:
        serve.end()


def test_a_second_service_shares_the_database(folder: Path) -> None:
    (folder / "second").mkdir()
    first = Serve(folder, "--demo")
    second = None
    try:
        keys = first.wait_until_ready()
        (folder / "second" / "data").symlink_to(folder / "data")
        second = Serve(folder / "second", "--demo")
        also = second.wait_until_ready()
        assert also["apiKey"] == keys["apiKey"]
        first.process.terminate()
        assert first.process.wait(20) == 0
        assert _get(also, "/readyz") == 200
    finally:
        first.end()
        if second is not None:
            second.end()


def test_a_database_that_dies_comes_back_under_the_service(folder: Path) -> None:
    serve = Serve(folder, "--demo")
    try:
        ready = serve.wait_until_ready()
        killed = serve.postmaster()
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: not is_running(killed), within_s=5)
        for path in ("/v2/campaigns", "/readyz"):
            wait_until(lambda path=path: _get(ready, path) == 200, within_s=20)
    finally:
        serve.end()


@pytest.mark.parametrize("pause_s", [0.1, 0.4, 0.7])
def test_an_early_signal_leaves_nothing_behind(folder: Path, pause_s: float) -> None:
    serve = Serve(folder, "--demo")
    time.sleep(pause_s)
    serve.process.send_signal(signal.SIGINT)
    serve.process.wait(20)
    # The first may come before a line of ours runs: Python itself is told.
    assert "Traceback" not in serve.out.read_text() or pause_s == 0.1
    home = Path(_postmaster_home(folder / "data"))
    assert not (home / "cluster" / "postmaster.pid").exists()


def test_a_ready_file_that_cannot_be_written_is_told_at_once(folder: Path) -> None:
    done = subprocess.run(
        [
            *(*PROGRAM, "serve", "--port", "0", "--data-dir", folder / "data"),
            *("--ready-file", folder / "missing" / "file"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "The ready file" in done.stderr


def _get(ready: dict[str, Any], path: str) -> int:
    request = Request(ready["baseUrl"] + path, headers={"Api-Key": ready["apiKey"]})  # noqa: S310
    try:
        with urlopen(request, timeout=10) as answer:  # noqa: S310 - our own address
            status: int = answer.status
            return status
    except OSError:
        return 0


def _shell(command: str) -> str:
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
