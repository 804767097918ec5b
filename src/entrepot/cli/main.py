"""The command `entrepot`: the table of its commands, and what their failures become."""

import importlib
import importlib.metadata
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated

import msgspec
import typer

from entrepot.cli.output import CommandRefused, ExitCode, fail
from entrepot.db.start_refused import StartRefused
from entrepot.settings import AUTOPILOT_PACE_S, SettingsInvalid

AUTOPILOT = "--autopilot"


class Command(msgspec.Struct, frozen=True):
    """A command: its name, its one sentence, and where it is.

    `target` is `module:name` of a function, or of a `typer.Typer` for a group of commands. It is
    imported only when it is called, so that no command waits for the imports of the others.
    """

    name: str
    sentence: str
    target: str


COMMANDS = (
    Command("serve", "Run the service.", "entrepot.cli.serve:serve"),
    Command("migrate", "Bring the database's schema up to date.", "entrepot.cli.migrate:migrate"),
    Command("seed", "Make worlds to try things in.", "entrepot.cli.seed:app"),
    Command("network", "Check, load and compare the network.", "entrepot.cli.network:app"),
    Command("business", "Businesses: the tenants.", "entrepot.cli.business:app"),
    Command("campaign", "Campaigns: the shops of businesses.", "entrepot.cli.campaign:app"),
    Command("keys", "API keys of businesses.", "entrepot.cli.keys:app"),
    Command("operator", "The operator's people and carriers.", "entrepot.cli.operator:app"),
    Command("limits", "Show and change request limits.", "entrepot.cli.limits:app"),
    Command("offers", "Load what a business sells.", "entrepot.cli.offers:app"),
    Command("stock", "Load and adjust what lies in the warehouses.", "entrepot.cli.stock:app"),
    Command(
        "subscriptions",
        "Say which server hears of which events.",
        "entrepot.cli.subscriptions:app",
    ),
    Command("listen", "Hear notifications on this machine.", "entrepot.cli.listen:listen"),
    Command("orders", "Erase recipients of orders.", "entrepot.cli.orders:app"),
    Command("audit", "Recompute every balance from its rows.", "entrepot.cli.audit:audit"),
    Command("openapi", "Write the OpenAPI document.", "entrepot.cli.openapi:openapi"),
    Command("bench", "Measure this machine.", "entrepot.cli.bench:app"),
)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code; a person's mistake is told in a sentence."""
    try:
        _app(arguments)(list(_with_pace(arguments)), prog_name="entrepot")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except SettingsInvalid as error:
        for problem in error.problems:
            fail(str(problem))
        return ExitCode.USAGE
    except CommandRefused as error:
        fail(error.sentence)
        return ExitCode.REFUSED
    except StartRefused as error:
        fail(error.sentence)
        return ExitCode.ENVIRONMENT
    return ExitCode.DONE


def _with_pace(arguments: Sequence[str]) -> Iterator[str]:
    """Give an autopilot the pace it is not given; the parser knows no value that may be absent."""
    for argument, following in itertools.pairwise((*arguments, "")):
        if argument == AUTOPILOT and (not following or following.startswith("-")):
            yield f"{argument}={AUTOPILOT_PACE_S}"
        else:
            yield argument


def _app(arguments: Sequence[str]) -> typer.Typer:
    """The application with the command that is asked for; the others are there by name only."""
    wanted = next((part for part in arguments if not part.startswith("-")), None)
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_entrepot)
    for command in COMMANDS:
        if command.name != wanted:
            app.command(command.name, help=command.sentence)(_absent)
            continue
        target = _import(command.target)
        if isinstance(target, typer.Typer):
            app.add_typer(target, name=command.name, help=command.sentence)
        else:
            app.command(command.name)(target)
    return app


def _import(target: str) -> typer.Typer | Callable[..., None]:
    module, _, name = target.partition(":")
    found: typer.Typer | Callable[..., None] = getattr(importlib.import_module(module), name)
    return found


def _absent() -> None:
    raise AssertionError("a command was run that was not asked for")


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"entrepot {importlib.metadata.version('entrepot')}")
        raise typer.Exit


def _entrepot(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Entrepot: an open, self-hosted Logistics-as-a-Service platform."""
