"""The command line: what is there, how fast it says so, and how failures end."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from entrepot.cli import main as main_module
from entrepot.cli.main import COMMANDS, Command, ExitCode, run
from entrepot.cli.output import CommandRefused
from entrepot.db.start_refused import StartRefused
from entrepot.settings import Problem, SettingsInvalid


@pytest.mark.parametrize("command", COMMANDS, ids=[command.name for command in COMMANDS])
def test_every_command_is_there_and_says_what_it_does(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command.name, "--help"]) == ExitCode.DONE
    assert f"entrepot {command.name}" in capsys.readouterr().out


def test_help_lists_every_command_without_importing_any() -> None:
    program = (
        "import sys; from entrepot.cli.main import run; code = run(['--help']);"
        "late = {'asyncpg', 'uvicorn', 'sqlalchemy', 'entrepot.app'} & set(sys.modules);"
        "sys.exit(f'imported {late}' if late else code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for command in COMMANDS:
        assert command.name in done.stdout


def test_no_command_is_named_twice() -> None:
    names = [command.name for command in COMMANDS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "arguments", [["no-such-command"], ["serve", "--no-such-flag"], ["serve", "--port", "x"]]
)
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == ExitCode.USAGE
    assert "Traceback" not in capsys.readouterr().err


def test_all_wrong_settings_are_told_together(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENTREPOT_LOG_LEVEL", "loud")
    assert run(["serve", "--port", "70000", "--workers", "0"]) == ExitCode.USAGE
    assert capsys.readouterr().err.splitlines() == [
        (
            "Error: log_level (from ENTREPOT_LOG_LEVEL): "
            "expected one of debug, info, warning, error, not 'loud'"
        ),
        "Error: port (from --port): expected a whole number from 0 to 65535, not 70000",
        "Error: workers (from --workers): expected a whole number from 1 to 64, not 0",
    ]


def test_an_unknown_variable_is_a_warning(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENTREPOT_WORKER", "2")
    assert run(["migrate", "--database-url", "postgresql://127.0.0.1:1/x"]) == 3
    said = capsys.readouterr().err
    assert "Warning: ENTREPOT_WORKER is set, but there is no such setting." in said
    assert "Error: PostgreSQL at 127.0.0.1:1/x cannot be reached: Connection refused." in said


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (CommandRefused("It [may] not."), ExitCode.REFUSED),
        (StartRefused("It [may] not."), ExitCode.ENVIRONMENT),
        (SettingsInvalid((Problem("It", "x", "[may] not."),)), ExitCode.USAGE),
    ],
)
def test_a_failure_is_one_sentence_and_its_exit_code(
    failure: Exception,
    code: ExitCode,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> None:
        raise failure

    monkeypatch.setattr(main_module, "_import", lambda _target: fail)
    assert run(["serve"]) == code
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith("Error: It")
    assert said.err.endswith("[may] not.\n")


def test_migrate_says_what_it_did(
    empty_database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["migrate", "--database-url", empty_database_url]) == 0
    assert "applied 0001" in capsys.readouterr().out
    assert run(["migrate", "--database-url", empty_database_url]) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert run(["migrate", "--database-url", empty_database_url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["applied"] == []


def test_seed_demo_finds_what_it_made(
    empty_database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--database-url", empty_database_url, "--data-dir", str(tmp_path)]
    assert run(["seed", "demo", *arguments]) == ExitCode.ENVIRONMENT
    assert "is empty: run `entrepot migrate`" in capsys.readouterr().err
    assert run(["migrate", *arguments]) == 0
    capsys.readouterr()
    assert run(["seed", "demo", "--json", *arguments]) == 0
    made = json.loads(capsys.readouterr().out)
    assert len(made) == 2
    assert run(["seed", "demo", "--json", *arguments]) == 0
    assert json.loads(capsys.readouterr().out) == made


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("entrepot 0.")
