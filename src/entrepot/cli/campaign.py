"""`entrepot campaign`: the shops of a business."""

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrepot.cli.business import read_name
from entrepot.cli.chosen_business import BusinessOption, check_id, choose_business
from entrepot.cli.command_call import CommandCall, on_database
from entrepot.cli.output import CommandRefused
from entrepot.contract.enums import ApiAvailability, PlacementType, VatRate
from entrepot.domain.accounts import Campaign

if TYPE_CHECKING:
    from entrepot.db.connection import Connection

app = typer.Typer(no_args_is_help=True)


class ShownCampaign(msgspec.Struct, frozen=True, rename="camel"):
    """A campaign as commands print it."""

    id: int
    business_id: int
    name: str
    placement_type: PlacementType
    api_availability: ApiAvailability
    region_id: int | None
    vat: str


@app.command()
@on_database
def create(
    call: CommandCall,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the shop.")],
    business: BusinessOption = None,
    region: Annotated[
        int | None,
        typer.Option(callback=check_id, metavar="ID", help="The region in which the shop is."),
    ] = None,
    vat: Annotated[VatRate, typer.Option(help="The shop's value added tax.")] = VatRate.VAT_22,
) -> None:
    """Create a campaign: a LaaS shop, under whose id orders are placed."""
    from entrepot.db.accounts import create_campaign  # noqa: PLC0415
    from entrepot.db.network import read_network  # noqa: PLC0415

    named = read_name(name)

    async def work(connection: "Connection") -> Campaign:
        business_id = await choose_business(connection, business)
        if region is not None:
            described = (await read_network(connection)).described
            if all(known.id != region for known in described.regions):
                raise CommandRefused(f"The network has no region {region}.")
        made = await create_campaign(connection, business_id, named, region_id=region, vat=vat)
        assert made is not None
        return made

    made = call.change(work)
    call.show(_shown(made))


@app.command()
@on_database
def change(
    call: CommandCall,
    campaign_id: Annotated[
        int, typer.Argument(callback=check_id, metavar="ID", help="The id of the campaign.")
    ],
    availability: Annotated[
        ApiAvailability, typer.Option(help="Whether it may use the API, and if not, why.")
    ],
    business: BusinessOption = None,
) -> None:
    """Switch a campaign off, or on again. It counts everywhere within 5 seconds."""
    from entrepot.db.accounts_change import set_availability  # noqa: PLC0415
    from entrepot.db.accounts_read import fetch_campaign  # noqa: PLC0415

    async def work(connection: "Connection") -> Campaign:
        business_id = await choose_business(connection, business)
        await set_availability(connection, business_id, campaign_id, availability)
        changed = await fetch_campaign(connection, business_id, campaign_id)
        if changed is None:
            raise CommandRefused(f"Business {business_id} has no campaign {campaign_id}.")
        return changed

    changed = call.change(work)
    call.show(_shown(changed))


@app.command("list")
@on_database
def list_(
    call: CommandCall,
    business: Annotated[
        int | None,
        typer.Option(callback=check_id, metavar="ID", help="Only those of this business."),
    ] = None,
) -> None:
    """List the campaigns of one business or of all."""
    from entrepot.db.accounts import list_all_campaigns  # noqa: PLC0415

    found = call.read(list_all_campaigns)
    chosen = [_shown(each) for each in found if business in {None, each.business_id}]
    call.show_rows(chosen, empty="No campaign yet.")


def _shown(campaign: Campaign) -> ShownCampaign:
    return ShownCampaign(
        id=campaign.id,
        business_id=campaign.business_id,
        name=campaign.name,
        placement_type=campaign.placement_type,
        api_availability=campaign.api_availability,
        region_id=campaign.region_id,
        vat=campaign.vat,
    )
