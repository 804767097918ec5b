"""`entrepot offers`: what a business sells."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from msgspec import Meta

from entrepot import limits
from entrepot.cli.chosen_business import BusinessOption, choose_business
from entrepot.cli.command_call import CommandCall, on_database
from entrepot.cli.file_loads import read_rows
from entrepot.cli.output import progress
from entrepot.domain.delivery.goods import GENERAL_GOODS
from entrepot.domain.offers import (
    GOODS_KIND_CHARS_MAX,
    OFFER_ID_CHARS_MAX,
    SIDE_MM_MAX,
    WEIGHT_G_MAX,
    Offer,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entrepot.db.connection import Connection
    from entrepot.db.offers import OffersLoaded
    from entrepot.db.transaction import Database

NAME_CHARS_MAX = 1_000

app = typer.Typer(no_args_is_help=True)

OfferId = Annotated[
    str, Meta(min_length=1, max_length=OFFER_ID_CHARS_MAX, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Side = Annotated[int, Meta(ge=1, le=SIDE_MM_MAX)]


class OfferRow(msgspec.Struct, frozen=True):
    """A row of a file of offers: weight in grams and sides in millimetres of one piece."""

    offer_id: OfferId
    name: Annotated[str, Meta(min_length=1, max_length=NAME_CHARS_MAX, pattern=r"^[^\x00]*$")]
    weight_g: Annotated[int, Meta(ge=1, le=WEIGHT_G_MAX)]
    length_mm: Side
    width_mm: Side
    height_mm: Side
    archived: bool = False
    kind: Annotated[
        str, Meta(min_length=1, max_length=GOODS_KIND_CHARS_MAX, pattern=r"^[^\x00-\x1f\x7f]*$")
    ] = GENERAL_GOODS


class ShownLoad(msgspec.Struct, frozen=True, rename="camel"):
    """What loading a file of offers did, in offers."""

    created: int
    changed: int
    unchanged: int


@app.callback()
def _offers() -> None:
    """What a business sells."""


@app.command()
@on_database
def load(
    call: CommandCall,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A CSV file with the columns offer_id, name, weight_g, length_mm, width_mm,"
            " height_mm and, if wanted, archived and kind, the kind of goods (GENERAL if empty).",
        ),
    ],
    business: BusinessOption = None,
) -> None:
    """Create the offers in a file, and change those that exist.

    The file is checked as a whole before anything changes. Offers that it does not name stay as
    they are. It can be loaded again.
    """
    sheet = read_rows(call, file, OfferRow, lambda row: row.offer_id, named="this offer_id")
    offers = [Offer(*msgspec.structs.astuple(line.row)) for line in sheet.lines]
    done = call.run(lambda database: _load(database, business, offers))
    call.show(ShownLoad(done.created, done.changed, done.unchanged))


async def _load(
    database: "Database", business: int | None, offers: "Sequence[Offer]"
) -> "OffersLoaded":
    from entrepot.db.offers import OffersLoaded, load_offers  # noqa: PLC0415

    business_id = await database.read(lambda connection: choose_business(connection, business))
    loaded = OffersLoaded()
    size = limits.LOADED_ROWS_PER_STATEMENT_MAX
    with progress("Loading offers", len(offers)) as advance:
        for start in range(0, len(offers), size):
            chunk = offers[start : start + size]

            async def work(
                connection: "Connection", chunk: "Sequence[Offer]" = chunk
            ) -> OffersLoaded:
                return await load_offers(connection, business_id, chunk)

            loaded += await database.transaction(work)
            advance(len(chunk))
    return loaded
