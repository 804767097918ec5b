"""`entrepot seed`: worlds to try things in."""

import asyncio
from typing import TYPE_CHECKING

import msgspec
import typer

from entrepot.cli.database import (
    ConfigOption,
    DatabaseUrlOption,
    DataDirOption,
    command_database,
    read_settings,
)
from entrepot.cli.output import JsonOption, activity, show_rows
from entrepot.settings import Settings

if TYPE_CHECKING:
    from entrepot.demo.seed import DemoBusiness, DemoWorld

app = typer.Typer(no_args_is_help=True)


class SeededBusiness(msgspec.Struct, frozen=True, rename="camel"):
    """A demo business as a command shows it."""

    business_id: int
    campaign_id: int
    api_key: str
    read_only_key: str


@app.callback()
def _seed() -> None:
    """Make worlds to try things in."""


@app.command()
def demo(
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the demo world, or find it as it is: two businesses with keys, goods and stock."""
    settings = read_settings(config, database_url=database_url, data_dir=data_dir)
    with activity("Making the demo world"):
        world = asyncio.run(_seed_demo(settings))
    show_rows([_shown(world.first), _shown(world.second)], as_json=as_json)


async def _seed_demo(settings: Settings) -> "DemoWorld":
    from entrepot.demo.seed import seed_demo  # noqa: PLC0415

    async with command_database(settings) as url:
        return await seed_demo(url, settings.data_dir)


def _shown(business: "DemoBusiness") -> SeededBusiness:
    return SeededBusiness(
        business.business_id, business.campaign_id, business.api_key, business.read_only_key
    )
