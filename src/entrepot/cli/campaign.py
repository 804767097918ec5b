"""`entrepot campaign`: the shops of a business."""

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrepot.cli.business import read_name
from entrepot.cli.chosen_business import BusinessOption, check_id, choose_business
from entrepot.cli.database import ConfigOption, DatabaseUrlOption, DataDirOption, read_settings
from entrepot.cli.output import CommandRefused, JsonOption, show, show_rows
from entrepot.cli.with_database import with_database
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
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the shop.")],
    business: BusinessOption = None,
    region: Annotated[
        int | None,
        typer.Option(callback=check_id, metavar="ID", help="The region in which the shop is."),
    ] = None,
    vat: Annotated[VatRate, typer.Option(help="The shop's value added tax.")] = VatRate.VAT_22,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Create a campaign: a LaaS shop, under whose id orders are placed."""
    settings = read_settings(config, database_url=database_url, data_dir=data_dir)
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

    made = with_database(settings, lambda database: database.transaction(work))
    show(_shown(made), as_json=as_json)


@app.command()
def change(
    campaign_id: Annotated[
        int, typer.Argument(callback=check_id, metavar="ID", help="The id of the campaign.")
    ],
    availability: Annotated[
        ApiAvailability, typer.Option(help="Whether it may use the API, and if not, why.")
    ],
    business: BusinessOption = None,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Switch a campaign off, or on again. It counts everywhere within 5 seconds."""
    settings = read_settings(config, database_url=database_url, data_dir=data_dir)
    from entrepot.db.accounts_change import set_availability  # noqa: PLC0415
    from entrepot.db.accounts_read import fetch_campaign  # noqa: PLC0415

    async def work(connection: "Connection") -> Campaign:
        business_id = await choose_business(connection, business)
        await set_availability(connection, business_id, campaign_id, availability)
        changed = await fetch_campaign(connection, business_id, campaign_id)
        if changed is None:
            raise CommandRefused(f"Business {business_id} has no campaign {campaign_id}.")
        return changed

    changed = with_database(settings, lambda database: database.transaction(work))
    show(_shown(changed), as_json=as_json)


@app.command("list")
def list_(
    business: Annotated[
        int | None,
        typer.Option(callback=check_id, metavar="ID", help="Only those of this business."),
    ] = None,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the campaigns of one business or of all."""
    settings = read_settings(config, database_url=database_url, data_dir=data_dir)
    from entrepot.db.accounts import list_all_campaigns  # noqa: PLC0415

    found = with_database(settings, lambda database: database.read(list_all_campaigns))
    chosen = [_shown(each) for each in found if business in {None, each.business_id}]
    show_rows(chosen, as_json=as_json, empty="No campaign yet.")


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
