"""`entrepot seed`: worlds to try things in."""

import asyncio
from typing import TYPE_CHECKING

import msgspec
import typer

from entrepot.cli.command_call import CommandCall, on_database
from entrepot.cli.database import command_database
from entrepot.cli.output import activity
from entrepot.settings import Settings

if TYPE_CHECKING:
    from entrepot.demo.seed import DemoBusiness, DemoWorld
    from entrepot.domain.network import NetworkDescription

app = typer.Typer(no_args_is_help=True)


class SeededBusiness(msgspec.Struct, frozen=True, rename="camel"):
    """A demo business as a command shows it."""

    business_id: int
    campaign_id: int
    api_key: str
    read_only_key: str


class SeededWarehouse(msgspec.Struct, frozen=True, rename="camel"):
    """A warehouse of the demo network as a command shows it."""

    id: int
    name: str
    city: str


@app.callback()
def _seed() -> None:
    """Make worlds to try things in."""


@app.command()
@on_database
def demo(call: CommandCall) -> None:
    """Make the demo world, or find it as it is: two businesses with keys, goods and stock."""
    with activity("Making the demo world"):
        world = asyncio.run(_seed_demo(call.settings))
    call.show_rows([_shown(world.first), _shown(world.second)])


@app.command()
@on_database
def network(call: CommandCall) -> None:
    """Make the demo world's delivery network alone, for businesses of your own."""
    with activity("Making the network"):
        made = asyncio.run(_seed_network(call.settings))
    warehouses = [SeededWarehouse(each.id, each.name, each.city) for each in made.warehouses]
    call.show_rows(warehouses)


async def _seed_network(settings: Settings) -> "NetworkDescription":
    from entrepot.demo.seed import seed_network  # noqa: PLC0415

    async with command_database(settings) as url:
        return await seed_network(url)


async def _seed_demo(settings: Settings) -> "DemoWorld":
    from entrepot.demo.seed import seed_demo  # noqa: PLC0415

    async with command_database(settings) as url:
        return await seed_demo(url, settings.data_dir)


def _shown(business: "DemoBusiness") -> SeededBusiness:
    return SeededBusiness(
        business.business_id, business.campaign_id, business.api_key, business.read_only_key
    )
