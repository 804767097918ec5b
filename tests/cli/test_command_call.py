"""What a command on the database is given of its command line."""

from pathlib import Path
from typing import Annotated

import typer

from entrepot.cli.command_call import CommandCall, on_database

Given = tuple[CommandCall, str, int]


def _greeter(given: list[Given]) -> typer.Typer:
    app = typer.Typer(add_completion=False)

    @app.command()
    @on_database
    def greet(
        call: CommandCall, name: str, times: Annotated[int, typer.Option(help="How often.")] = 1
    ) -> None:
        """Greet somebody."""
        given.append((call, name, times))

    return app


def test_a_command_is_given_its_own_options_and_what_became_of_the_shared_ones(
    tmp_path: Path,
) -> None:
    given: list[Given] = []
    shared = ["--data-dir", str(tmp_path), "--database-url", "postgresql://here/x", "--json"]
    _greeter(given)(["Anna", *shared, "--times", "3"], standalone_mode=False)
    ((call, name, times),) = given
    assert (call.settings.data_dir, call.settings.database_url) == (tmp_path, shared[3])
    assert (call.as_json, name, times) == (True, "Anna", 3)


def test_the_shared_options_stand_last_in_the_help_of_a_command() -> None:
    command = typer.main.get_command(_greeter([]))
    assert command.name == "greet"
    assert command.help == "Greet somebody."
    names = [parameter.name for parameter in command.params]
    assert names == ["name", "times", "config", "database_url", "data_dir", "as_json"]
