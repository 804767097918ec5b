"""Settings: who wins, what is refused, and that the guide says what the code does."""

import re
from pathlib import Path

import pytest

from entrepot.settings import (
    LogLevel,
    Settings,
    SettingsInvalid,
    default_data_dir,
    description,
    expectation,
    flag_name,
    load_settings,
    variable_name,
)
from entrepot.supervisor.orders import WorkerOrders, orders_from_line, orders_to_line

GUIDE = Path(__file__).parents[1] / "docs" / "guides" / "configuration.md"


def _write(folder: Path, text: str) -> Path:
    file = folder / "entrepot.toml"
    file.write_text(text, "utf-8")
    return file


def _problems(
    flags: dict[str, object], environment: dict[str, str], config: Path | None = None
) -> list[str]:
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(flags, environment, config)
    return sorted(map(str, caught.value.problems))


def test_a_flag_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = _write(tmp_path, 'port = 1\nworkers = 2\nhost = "::"\nlog_level = "error"')
    flags = {"port": 3, "workers": None, "host": None}
    environment = {"ENTREPOT_PORT": "4", "ENTREPOT_WORKERS": "5"}
    settings = load_settings(flags, environment, file).settings
    assert (settings.port, settings.workers, settings.host) == (3, 5, "::")
    assert settings.log_level is LogLevel.ERROR
    assert settings.delivery_days_ahead == 14


def test_the_environment_may_name_the_file(tmp_path: Path) -> None:
    file = _write(tmp_path, "port = 1")
    assert load_settings({}, {"ENTREPOT_CONFIG": str(file)}).settings.port == 1


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    file = _write(tmp_path, 'prot = 1\nworkers = "2"\ndelivery_days_ahead = 61')
    flags = {"port": 70000}
    environment = {
        "ENTREPOT_DEMO": "perhaps",
        "ENTREPOT_LOG_LEVEL": "loud",
        "ENTREPOT_DATABASE_URL": "mysql://me:secret@host/x",
    }
    assert _problems(flags, environment, file) == [
        (
            "database_url (from ENTREPOT_DATABASE_URL): "
            "expected postgresql://user:password@host/database"
        ),
        f"delivery_days_ahead (from {file}): expected a whole number from 1 to 60, not 61",
        "demo (from ENTREPOT_DEMO): expected true or false, not 'perhaps'",
        (
            "log_level (from ENTREPOT_LOG_LEVEL): "
            "expected one of debug, info, warning, error, not 'loud'"
        ),
        "port (from --port): expected a whole number from 0 to 65535, not 70000",
        f"prot (from {file}): there is no such setting",
        f"workers (from {file}): expected a whole number from 1 to 64, not '2'",
    ]


@pytest.mark.parametrize("text", ["port = ", "\xff", None])
def test_a_file_that_cannot_be_read_is_a_problem_among_others(
    tmp_path: Path, text: str | None
) -> None:
    file = tmp_path / "missing.toml"
    if text is not None:
        file = tmp_path / "entrepot.toml"
        file.write_bytes(text.encode("latin-1"))
    problems = _problems({"port": -1}, {}, file)
    assert len(problems) == 2
    assert f"config (from --config): {file} cannot be read" in problems[0]


def test_a_password_is_not_repeated() -> None:
    for url in ("mysql://me:secret@host/x", "postgresql://me:secret@host:99999/x", "s" * 3000):
        assert "secret" not in str(_problems({"database_url": url}, {}))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///entrepot",
        "postgres://me:secret@host:5432/x?sslmode=require",
        "postgresql://me@one:1,two:2/x",
        "postgresql://me@[::1]:5432/x",
        "postgresql://entrepot@/entrepot?host=/var/run/postgresql",
    ],
)
def test_the_usual_forms_of_a_database_url_are_taken(url: str) -> None:
    assert load_settings({"database_url": url}, {}).settings.database_url == url


def test_the_demo_world_is_a_sandbox() -> None:
    assert load_settings({"demo": True}, {}).settings.sandbox
    assert _problems({"sandbox": False}, {"ENTREPOT_DEMO": "true"}) == [
        (
            "sandbox (from --sandbox): the demo world, which ENTREPOT_DEMO asks for, "
            "is always a sandbox"
        )
    ]


def test_variables_that_mean_nothing_are_named() -> None:
    environment = {
        "ENTREPOT_PROT": "1",
        "ENTREPOT_PORT": "",
        "ENTREPOT_CONTRACT": "x",
        "ENTREPOT_TEST_DATABASE_URL": "x",
        "OTHER": "x",
    }
    loaded = load_settings({}, environment)
    assert loaded.unknown_variables == ("ENTREPOT_PROT",)
    assert loaded.settings.port == 8420


def test_paths_are_absolute_wherever_they_came_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    settings = load_settings(
        {"ready_file": Path("ready.json")}, {"ENTREPOT_DATA_DIR": "~/data"}
    ).settings
    assert settings.ready_file == tmp_path / "ready.json"
    assert settings.data_dir == tmp_path / "home" / "data"
    assert default_data_dir().is_absolute()


def test_a_worker_is_told_exactly_these_settings() -> None:
    settings = load_settings({"demo": True, "ready_file": "x", "port": 1}, {}).settings
    orders = WorkerOrders(settings, "postgresql:///x")
    line = orders_to_line(orders)
    assert line.count(b"\n") == 1
    assert orders_from_line(line) == orders


def test_the_guide_lists_every_setting_as_it_is() -> None:
    """Replace the table in the guide by this one when a setting changes."""
    rows = [
        "| flag, variable, key | what may stand there | default | meaning |",
        "|---|---|---|---|",
    ]
    for field in Settings.__struct_fields__:
        default = _default(field)
        names = f"`{flag_name(field)}`<br>`{variable_name(field)}`<br>`{field}`"
        rows.append(f"| {names} | {expectation(field)} | {default} | {description(field)} |")
    shown = re.search(r"^\| flag.*?\n\n", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert shown is not None
    assert shown[0].strip() == "\n".join(rows), "\n" + "\n".join(rows)


def _default(field: str) -> str:
    if field == "data_dir":
        return "see there"
    value = getattr(Settings(), field)
    if value is None:
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
