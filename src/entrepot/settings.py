"""The program's settings: from flags, environment and an optional TOML file.

A flag wins over the environment, the environment over the file, the file over the default.
Everything is checked at start, and all that is wrong is told at once.
"""

import os
import re
import tomllib
import types
import urllib.parse
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, get_type_hints

import msgspec
import platformdirs
from msgspec import Meta

ENVIRONMENT_PREFIX = "ENTREPOT_"
CONFIG_VARIABLE = "ENTREPOT_CONFIG"
FOREIGN_VARIABLES = frozenset({CONFIG_VARIABLE, "ENTREPOT_CONTRACT"})
"""Variables with our prefix that are no settings of the program."""
FOREIGN_PREFIXES = ("ENTREPOT_TEST_", "ENTREPOT_BENCH_", "ENTREPOT_CRASH_")
CONFIG_BYTES_MAX = 1_000_000
PORT_MAX = 65_535
AUTOPILOT_PACE_S = 10
"""The pace of an autopilot that is only switched on."""
DATABASE_SCHEMES = ("postgresql", "postgres")


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


def default_data_dir() -> Path:
    """`/var/lib/entrepot` for root, a folder of the user's own for everybody else."""
    if os.geteuid() == 0:
        return Path("/var/lib/entrepot")
    return platformdirs.user_data_path("entrepot")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the program is told; the description of each field is its documentation."""

    database_url: Annotated[
        Annotated[str, Meta(max_length=2000)] | None,
        Meta(
            description="The PostgreSQL to use (15 or newer), as `postgresql://user:password@host/database`."
            " Without it the program runs a PostgreSQL of its own in the data folder.",
        ),
    ] = None
    data_dir: Annotated[
        Path,
        Meta(
            description="The data folder: the embedded database and the demo keys."
            " By default a folder of the user's own, for root `/var/lib/entrepot`.",
        ),
    ] = msgspec.field(default_factory=default_data_dir)
    host: Annotated[
        str,
        Meta(min_length=1, max_length=255, description="The address to listen on."),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(ge=0, le=PORT_MAX, description="The port to listen on; 0 takes any free one."),
    ] = 8420
    workers: Annotated[
        int,
        Meta(
            ge=1,
            le=64,
            description="How many processes answer requests. One carries a laptop and most shops;"
            " each has a core's worth of work in it.",
        ),
    ] = 1
    demo: Annotated[
        bool,
        Meta(description="Make the demo world at start, and print its keys. Implies `sandbox`."),
    ] = False
    sandbox: Annotated[
        bool,
        Meta(
            description="A sandbox: its clock can be moved and things can be made to happen."
            " Never for real orders.",
        ),
    ] = False
    autopilot: Annotated[
        Annotated[int, Meta(ge=1, le=86_400)] | None,
        Meta(
            description="Let orders go through the warehouse and to the door by themselves, a move"
            " each so many seconds; only in a sandbox. The flag alone means 10.",
        ),
    ] = None
    limits_enabled: Annotated[
        bool,
        Meta(
            description="Enforce the contract's request limits. Switched off for benches and tests."
        ),
    ] = True
    metrics_host: Annotated[
        str,
        Meta(min_length=1, max_length=255, description="The address that `/metrics` listens on."),
    ] = "127.0.0.1"
    metrics_port: Annotated[
        Annotated[int, Meta(ge=1, le=PORT_MAX)] | None,
        Meta(
            description="The port of `/metrics` for Prometheus, apart from the service's own."
            " Without it nothing is served there.",
        ),
    ] = None
    traces_endpoint: Annotated[
        Annotated[str, Meta(max_length=2000, pattern="^https?://")] | None,
        Meta(
            description="Where to send OpenTelemetry traces (OTLP over HTTP), such as"
            " `http://127.0.0.1:4318/v1/traces`. Needs the extra `entrepot[tracing]`.",
        ),
    ] = None
    ready_file: Annotated[
        Path | None,
        Meta(
            description="A file to write once the service answers: one JSON object with the address"
            " and, of a demo world, the keys and ids.",
        ),
    ] = None
    delivery_days_ahead: Annotated[
        int,
        Meta(ge=1, le=60, description="How many days ahead of an order delivery is offered."),
    ] = 14
    operation_duration_ms: Annotated[
        int,
        Meta(
            ge=0,
            le=86_400_000,
            description="How many milliseconds an asynchronous change of an order takes:"
            " a cancellation, another recipient, another interval of delivery.",
        ),
    ] = 1_000
    interval_changes_max: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000,
            description="How often the delivery interval of one order may be changed.",
        ),
    ] = 5
    log_level: Annotated[
        LogLevel,
        Meta(description="The least important messages to log."),
    ] = LogLevel.INFO
    log_format: Annotated[
        LogFormat,
        Meta(
            description="How a line of the log is written: `text` for people, `json` for machines."
        ),
    ] = LogFormat.TEXT


class Problem(msgspec.Struct, frozen=True):
    """One wrong setting: its name, who gave it (`--port`, `ENTREPOT_PORT`, a file) and why."""

    setting: str
    source: str
    reason: str

    def __str__(self) -> str:
        return f"{self.setting} (from {self.source}): {self.reason}"


class SettingsInvalid(Exception):  # noqa: N818 - told to a person, all of it at once
    """Settings that cannot be used; carries every problem, not the first."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


class LoadedSettings(msgspec.Struct, frozen=True):
    settings: Settings
    unknown_variables: tuple[str, ...]
    """Variables with our prefix that mean nothing: worth a warning, likely a typing error."""


class _Given(msgspec.Struct, frozen=True):
    """A value somebody gave for a setting; `lenient` where it can only be text (environment)."""

    setting: str
    value: object
    source: str
    lenient: bool


FLAGS = types.MappingProxyType({"limits_enabled": "--no-limits"})
"""Flags that are not simply `--` and the setting's name."""


def load_settings(
    flags: Mapping[str, object], environment: Mapping[str, str], config_file: Path | None = None
) -> LoadedSettings:
    """Gather and check the settings.

    Args:
        flags: value by setting name; None where the flag was not given.
        environment: the process's environment.
        config_file: the TOML file; by default the one that `ENTREPOT_CONFIG` names.

    Raises:
        SettingsInvalid: with every problem found.
    """
    problems: list[Problem] = []
    effective: dict[str, _Given] = {}
    for given in (
        *_from_file(config_file, environment, problems),
        *_from_environment(environment),
        *_from_flags(flags),
    ):
        effective[given.setting] = given
    values = {}
    for given in effective.values():
        try:
            values[given.setting] = _checked(given)
        except ValueError as error:
            problems.append(Problem(given.setting, given.source, str(error)))
    problems.extend(_contradictions(effective, values))
    if problems:
        raise SettingsInvalid(tuple(problems))
    if values.get("demo"):
        values["sandbox"] = True
    return LoadedSettings(
        msgspec.convert(values, Settings, dec_hook=decode_path), _unknown(environment)
    )


def description(setting: str) -> str:
    """What a setting means, as it stands beside its field."""
    declared = get_type_hints(Settings, include_extras=True)[setting]
    (meta,) = (part for part in declared.__metadata__ if isinstance(part, Meta))
    return meta.description or ""


def expectation(setting: str) -> str:
    """What a setting may be, in words: its type and its bounds."""
    declared = msgspec.inspect.type_info(get_type_hints(Settings, include_extras=True)[setting])
    while isinstance(declared, msgspec.inspect.Metadata):
        declared = declared.type
    if isinstance(declared, msgspec.inspect.UnionType):
        declared = next(t for t in declared.types if not isinstance(t, msgspec.inspect.NoneType))
    match declared:
        case msgspec.inspect.IntType(ge=least, le=most):
            return f"a whole number from {least} to {most}"
        case msgspec.inspect.BoolType():
            return "true or false"
        case msgspec.inspect.EnumType(cls=choices):
            return "one of " + ", ".join(str(choice.value) for choice in choices)
        case msgspec.inspect.StrType(max_length=most):
            return f"text of at most {most} characters"
        case _:
            return "a path"


def variable_name(setting: str) -> str:
    return ENVIRONMENT_PREFIX + setting.upper()


def flag_name(setting: str) -> str:
    return FLAGS.get(setting, "--" + setting.replace("_", "-"))


def _from_file(
    config_file: Path | None, environment: Mapping[str, str], problems: list[Problem]
) -> Iterator[_Given]:
    source = "--config"
    if config_file is None and environment.get(CONFIG_VARIABLE):
        source, config_file = CONFIG_VARIABLE, Path(environment[CONFIG_VARIABLE])
    if config_file is None:
        return
    try:
        with config_file.open("rb") as file:
            content = tomllib.loads(file.read(CONFIG_BYTES_MAX).decode("utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problems.append(Problem("config", source, f"{config_file} cannot be read: {reason}"))
        return
    for name, value in content.items():
        if name in Settings.__struct_fields__:
            yield _Given(name, value, str(config_file), lenient=False)
        else:
            problems.append(Problem(name, str(config_file), "there is no such setting"))


def _from_environment(environment: Mapping[str, str]) -> Iterator[_Given]:
    for name in Settings.__struct_fields__:
        variable = variable_name(name)
        # An empty variable is how shells and compose files say "not given".
        if environment.get(variable):
            yield _Given(name, environment[variable], variable, lenient=True)


def _from_flags(flags: Mapping[str, object]) -> Iterator[_Given]:
    for name, value in flags.items():
        if value is not None:
            yield _Given(name, value, flag_name(name), lenient=False)


def _checked(given: _Given) -> object:
    """The value in the setting's type.

    Raises:
        ValueError: it cannot be that; the text says what was expected and what was given.
    """
    # The password in a database's URL is not for the terminal, nor for a log.
    shown = "…" if given.setting == "database_url" else repr(given.value)
    declared = get_type_hints(Settings, include_extras=True)[given.setting]
    try:
        checked: object = msgspec.convert(
            given.value, declared, strict=not given.lenient, dec_hook=decode_path
        )
    except msgspec.ValidationError:
        raise ValueError(f"expected {expectation(given.setting)}, not {shown}") from None
    if given.setting == "database_url":
        _check_database_url(str(checked))
    return checked


def _check_database_url(url: str) -> None:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in DATABASE_SCHEMES:
        raise ValueError("expected postgresql://user:password@host/database")
    # libpq's URLs may name several servers, so this is not one port to be parsed.
    for server in parts.netloc.rpartition("@")[2].split(","):
        port = re.fullmatch(r"(?:\[[^]]*\]|[^:]*)(?::(\d*))?", server)
        if port is None or int(port[1] or 0) > PORT_MAX:
            raise ValueError(f"expected host:port with a port from 1 to {PORT_MAX}, not {server!r}")


def _contradictions(
    effective: Mapping[str, _Given], values: Mapping[str, object]
) -> Iterator[Problem]:
    if values.get("demo") and values.get("sandbox") is False:
        asking = effective["demo"].source
        reason = f"the demo world, which {asking} asks for, is always a sandbox"
        yield Problem("sandbox", effective["sandbox"].source, reason)
    if values.get("autopilot") and not (values.get("demo") or values.get("sandbox")):
        reason = "only a sandbox has one: add --sandbox"
        yield Problem("autopilot", effective["autopilot"].source, reason)


def _unknown(environment: Mapping[str, str]) -> tuple[str, ...]:
    known = FOREIGN_VARIABLES | {variable_name(name) for name in Settings.__struct_fields__}
    return tuple(
        name
        for name in sorted(environment)
        if name.startswith(ENVIRONMENT_PREFIX)
        and name not in known
        and not name.startswith(FOREIGN_PREFIXES)
    )


def decode_path(declared: type, value: object) -> object:
    """Decode what msgspec does not know by itself (its `dec_hook`): an absolute path."""
    if declared is Path and isinstance(value, (str, Path)) and str(value):
        return Path(value).expanduser().absolute()
    raise ValueError("Expected a path")
