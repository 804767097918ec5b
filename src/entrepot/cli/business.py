"""`entrepot business`: the tenants."""

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrepot.cli.chosen_business import BusinessOption, choose_business
from entrepot.cli.database import ConfigOption, DatabaseUrlOption, DataDirOption, read_settings
from entrepot.cli.output import JsonOption, show, show_rows
from entrepot.cli.with_database import with_database
from entrepot.contract.enums import SubscriptionLevel
from entrepot.domain.accounts import Business

if TYPE_CHECKING:
    from entrepot.db.connection import Connection

NAME_CHARS_MAX = 255

app = typer.Typer(no_args_is_help=True)


class ShownBusiness(msgspec.Struct, frozen=True, rename="camel"):
    """A business as commands print it."""

    id: int
    name: str
    currency: str
    subscription_level: SubscriptionLevel


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the business.")],
    subscription: Annotated[
        SubscriptionLevel, typer.Option(help="The subscription, which decides some limits.")
    ] = SubscriptionLevel.NONE,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Create a business: a tenant with campaigns, keys, offers and stock of its own."""
    settings = read_settings(config, database_url=database_url, data_dir=data_dir)
    from entrepot.db.accounts import create_business  # noqa: PLC0415

    named = read_name(name)

    async def work(connection: "Connection") -> Business:
        return await create_business(connection, named, subscription_level=subscription)

    made = with_database(settings, lambda database: database.transaction(work))
    show(_shown(made), as_json=as_json)


@app.command()
def change(
    business: BusinessOption = None,
    subscription: Annotated[
        SubscriptionLevel, typer.Option(help="The subscription, which decides some limits.")
    ] = SubscriptionLevel.NONE,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change the subscription of a business. It counts everywhere within 5 seconds."""
    settings = read_settings(config, database_url=database_url, data_dir=data_dir)
    from entrepot.db.accounts_change import set_subscription  # noqa: PLC0415
    from entrepot.db.accounts_read import fetch_business  # noqa: PLC0415

    async def work(connection: "Connection") -> Business:
        business_id = await choose_business(connection, business)
        await set_subscription(connection, business_id, subscription)
        changed = await fetch_business(connection, business_id)
        assert changed is not None, "a chosen business exists"
        return changed

    changed = with_database(settings, lambda database: database.transaction(work))
    show(_shown(changed), as_json=as_json)


@app.command("list")
def list_(
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """List every business."""
    settings = read_settings(config, database_url=database_url, data_dir=data_dir)
    from entrepot.db.accounts import list_businesses  # noqa: PLC0415

    found = with_database(settings, lambda database: database.read(list_businesses))
    show_rows([_shown(business) for business in found], as_json=as_json, empty="No business yet.")


def read_name(text: str) -> str:
    """Check a name that a person gave.

    Raises:
        typer.BadParameter: it is empty, too long, or has characters that no name has.
    """
    name = text.strip()
    if not 0 < len(name) <= NAME_CHARS_MAX or not name.isprintable():
        raise typer.BadParameter(f"A name has 1 to {NAME_CHARS_MAX} printable characters.")
    return name


def _shown(business: Business) -> ShownBusiness:
    return ShownBusiness(business.id, business.name, business.currency, business.subscription_level)
