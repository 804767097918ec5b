"""`entrepot business`: the tenants."""

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrepot.cli.chosen_business import BusinessOption, choose_business
from entrepot.cli.command_call import CommandCall, on_database
from entrepot.contract.enums import SubscriptionLevel
from entrepot.domain.accounts import Business

if TYPE_CHECKING:
    from entrepot.db.connection import Connection

NAME_CHARS_MAX = 255

SubscriptionOption = Annotated[
    SubscriptionLevel, typer.Option(help="The subscription, which decides some limits.")
]

app = typer.Typer(no_args_is_help=True)


class ShownBusiness(msgspec.Struct, frozen=True, rename="camel"):
    """A business as commands print it."""

    id: int
    name: str
    currency: str
    subscription_level: SubscriptionLevel


@app.command()
@on_database
def create(
    call: CommandCall,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the business.")],
    subscription: SubscriptionOption = SubscriptionLevel.NONE,
) -> None:
    """Create a business: a tenant with campaigns, keys, offers and stock of its own."""
    from entrepot.db.accounts import create_business  # noqa: PLC0415

    named = read_name(name)

    async def work(connection: "Connection") -> Business:
        return await create_business(connection, named, subscription_level=subscription)

    made = call.change(work)
    call.show(_shown(made))


@app.command()
@on_database
def change(
    call: CommandCall,
    business: BusinessOption = None,
    subscription: SubscriptionOption = SubscriptionLevel.NONE,
) -> None:
    """Change the subscription of a business. It counts everywhere within 5 seconds."""
    from entrepot.db.accounts_change import set_subscription  # noqa: PLC0415
    from entrepot.db.accounts_read import fetch_business  # noqa: PLC0415

    async def work(connection: "Connection") -> Business:
        business_id = await choose_business(connection, business)
        await set_subscription(connection, business_id, subscription)
        changed = await fetch_business(connection, business_id)
        assert changed is not None, "a chosen business exists"
        return changed

    changed = call.change(work)
    call.show(_shown(changed))


@app.command("list")
@on_database
def list_(call: CommandCall) -> None:
    """List every business."""
    from entrepot.db.accounts import list_businesses  # noqa: PLC0415

    found = call.read(list_businesses)
    call.show_rows([_shown(business) for business in found], empty="No business yet.")


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
