"""A command on the database: the options they all have, and what a call of one works with."""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Concatenate, TypeVar

import msgspec

from entrepot.cli.database import (
    ConfigOption,
    DatabaseUrlOption,
    DataDirOption,
    command_database,
    read_settings,
)
from entrepot.cli.output import NOTHING, JsonOption, say, show, show_rows
from entrepot.limits import STATEMENT_S_MAX
from entrepot.settings import Settings

if TYPE_CHECKING:
    from entrepot.db.connection import Connection
    from entrepot.db.transaction import Database

Result = TypeVar("Result")
CONNECTIONS_MAX = 2


class CommandCall(msgspec.Struct, frozen=True):
    """One call of a command: which database it is about, and how its result is shown.

    `run`, `read` and `change` open the database anew and close it again; each raises StartRefused
    when there is no such database, or when it was lost on the way.
    """

    settings: Settings
    as_json: bool

    def run(
        self,
        work: "Callable[[Database], Awaitable[Result]]",
        *,
        statement_s_max: float = STATEMENT_S_MAX,
    ) -> Result:
        """Do work on the database; one statement of it may take `statement_s_max` seconds."""
        return asyncio.run(_run(self.settings, work, statement_s_max))

    def read(self, work: "Callable[[Connection], Awaitable[Result]]") -> Result:
        """Read from the database."""
        return self.run(lambda database: database.read(work))

    def change(self, work: "Callable[[Connection], Awaitable[Result]]") -> Result:
        """Change the database, in one transaction."""
        return self.run(lambda database: database.transaction(work))

    def show(self, record: msgspec.Struct) -> None:
        """Print one record, as a table or as JSON."""
        show(record, as_json=self.as_json)

    def show_rows(self, rows: Sequence[msgspec.Struct], *, empty: str = NOTHING) -> None:
        """Print records of one kind, as a table or as JSON; without any a person reads `empty`."""
        show_rows(rows, as_json=self.as_json, empty=empty)

    def tell(self, sentence: str, *, json: msgspec.Struct) -> None:
        """Tell a person the result in a sentence, and a program the same as JSON."""
        if self.as_json:
            show(json, as_json=True)
        else:
            say(sentence)


def on_database(command: Callable[Concatenate[CommandCall, ...], None]) -> Callable[..., None]:
    """Make a command of a function that works on the database.

    The command has the function's own arguments and options, and after them those that say which
    database, and `--json`. The function is given what became of these as its first argument:

        @app.command("list")
        @on_database
        def list_(call: CommandCall, business: BusinessOption = None) -> None:
    """

    def run(
        *,
        config: ConfigOption = None,
        database_url: DatabaseUrlOption = None,
        data_dir: DataDirOption = None,
        as_json: JsonOption = False,
        **own: object,
    ) -> None:
        settings = read_settings(config, database_url=database_url, data_dir=data_dir)
        command(CommandCall(settings, as_json), **own)

    _, *own = inspect.signature(command).parameters.values()  # without the call
    *shared, _ = inspect.signature(run).parameters.values()  # without `own`
    vars(run)["__signature__"] = inspect.Signature([*own, *shared])  # what Typer goes by
    return functools.update_wrapper(run, command)


async def _run(
    settings: Settings, work: "Callable[[Database], Awaitable[Result]]", statement_s_max: float
) -> Result:
    # Imported here so that `--help` need not wait for it.
    from entrepot.db.transaction import open_database  # noqa: PLC0415

    async with command_database(settings) as database_url:
        database = await open_database(
            database_url, connections_max=CONNECTIONS_MAX, statement_s_max=statement_s_max
        )
        try:
            return await work(database)
        finally:
            await database.close()
