"""`entrepot stock`: what lies in the warehouses."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from msgspec import Meta

from entrepot import limits
from entrepot.cli.chosen_business import BusinessOption, check_id, choose_business
from entrepot.cli.command_call import CommandCall, on_database
from entrepot.cli.csv_rows import Line, Problem, Sheet
from entrepot.cli.file_loads import UNCHANGED, read_rows, refuse
from entrepot.cli.offers import OfferId
from entrepot.cli.output import CommandRefused, progress
from entrepot.domain.stock import StockKey
from entrepot.domain.stock_corrections import ChangeBy, Correction, Pile, SetTo
from entrepot.fulfilment.stock_words import objection_words

if TYPE_CHECKING:
    from entrepot.db.transaction import Database
    from entrepot.domain.stock_corrections import Movement
    from entrepot.fulfilment.correct_stock import CorrectionRefused

REASON_CHARS_MAX = 200

app = typer.Typer(no_args_is_help=True)

Pieces = Annotated[int, Meta(ge=0, le=limits.STOCK_PIECES_MAX)]


def _check_pieces(value: int | None) -> int | None:
    if value is not None and abs(value) > limits.STOCK_PIECES_MAX:
        raise typer.BadParameter(f"At most {limits.STOCK_PIECES_MAX} pieces.")
    return value


class StockRow(msgspec.Struct, frozen=True):
    """A row of a file of stock, in pieces; a pile left empty stays as it is."""

    warehouse_id: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    offer_id: OfferId
    fit: Pieces | None = None
    defect: Pieces | None = None
    quarantine: Pieces | None = None
    expired: Pieces | None = None
    utilization: Pieces | None = None


class ShownLoad(msgspec.Struct, frozen=True, rename="camel"):
    """What loading a file of stock did."""

    rows: int
    piles_changed: int


class ShownMovement(msgspec.Struct, frozen=True, rename="camel"):
    """A pile after its correction."""

    warehouse_id: int
    offer_id: str
    pile: Pile
    change: int
    pieces: int


class ShownObjections(msgspec.Struct, frozen=True, rename="camel"):
    """Why a correction was refused."""

    refused: tuple[str, ...]


@app.command()
@on_database
def load(
    call: CommandCall,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A CSV file with the columns warehouse_id, offer_id, fit and, if wanted, defect,"
            " quarantine, expired, utilization: pieces that lie there.",
        ),
    ],
    business: BusinessOption = None,
) -> None:
    """Set how many pieces lie in the warehouses, as counted.

    The file is checked as a whole, also against what orders hold, before anything changes. What
    it does not name stays as it is. It can be loaded again.
    """
    sheet = read_rows(
        call,
        file,
        StockRow,
        lambda row: (row.warehouse_id, row.offer_id),
        named="this offer in this warehouse",
    )

    async def work(database: "Database") -> ShownLoad | _Refused:
        business_id = await database.read(lambda one: choose_business(one, business))
        return await _load(database, business_id, sheet)

    outcome = call.run(work)
    if isinstance(outcome, _Refused):
        raise refuse(call, outcome.problems, outcome.left)
    call.show(outcome)


@app.command()
@on_database
def adjust(
    call: CommandCall,
    warehouse: Annotated[
        int, typer.Option(callback=check_id, metavar="ID", help="The warehouse's id.")
    ],
    offer: Annotated[str, typer.Option(metavar="SKU", help="The offer's id (SKU).")],
    business: BusinessOption = None,
    by: Annotated[
        int | None,
        typer.Option(
            callback=_check_pieces,
            metavar="PIECES",
            help="Add this many pieces; negative takes away.",
        ),
    ] = None,
    to: Annotated[
        int | None,
        typer.Option(callback=_check_pieces, metavar="PIECES", help="Make it this many."),
    ] = None,
    pile: Annotated[Pile, typer.Option(help="The pile to correct.")] = Pile.FIT,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Stands in the journal.")
    ] = "CORRECTION",
) -> None:
    """Correct one pile. It cannot go below what orders hold; those orders are named."""
    why = reason.strip()
    if not 0 < len(why) <= REASON_CHARS_MAX or not why.isprintable():
        raise typer.BadParameter(f"A reason has 1 to {REASON_CHARS_MAX} characters.")
    change = _change(by, to)

    async def work(database: "Database") -> "tuple[Movement, ...] | CorrectionRefused":
        business_id = await database.read(lambda one: choose_business(one, business))
        key = StockKey(business_id, warehouse, offer.strip())
        return await _adjust(database, Correction(key, pile, change), why)

    outcome = call.run(work)
    if not isinstance(outcome, tuple):
        words = tuple(objection_words(outcome))
        if call.as_json:
            call.show(ShownObjections(words))
        raise CommandRefused(" ".join(words))
    shown = [
        ShownMovement(each.key.warehouse_id, each.key.offer_id, each.pile, each.delta, each.pieces)
        for each in outcome
    ]
    call.show_rows(shown, empty="It was so already; nothing was changed.")


class _Refused(msgspec.Struct, frozen=True):
    """What stands against a file, and what became of the rest of it."""

    problems: tuple[Problem, ...]
    left: str


def _change(by: int | None, to: int | None) -> SetTo | ChangeBy:
    if by is not None and to is None:
        return ChangeBy(by)
    if to is not None and by is None and to >= 0:
        return SetTo(to)
    raise typer.BadParameter("Give either --by, or --to with 0 or more.")


async def _adjust(
    database: "Database", correction: Correction, reason: str
) -> "tuple[Movement, ...] | CorrectionRefused":
    from entrepot.db.clock import Clock  # noqa: PLC0415
    from entrepot.db.stock_places import read_places  # noqa: PLC0415
    from entrepot.fulfilment.correct_stock import correct_stock  # noqa: PLC0415

    key = correction.key
    places = await database.read(
        lambda connection: read_places(connection, key.business_id, [key.offer_id])
    )
    missing = places.missing(key)
    if missing is not None:
        raise CommandRefused(f"There is no {missing}.")
    return await correct_stock(
        database, Clock(movable=True), key.business_id, [correction], reason=reason
    )


async def _load(
    database: "Database", business_id: int, sheet: Sheet[StockRow]
) -> ShownLoad | _Refused:
    from entrepot.db.clock import Clock  # noqa: PLC0415
    from entrepot.fulfilment.correct_stock import check_stock_load, load_stock  # noqa: PLC0415

    unknown = await _unknown(database, business_id, sheet)
    if unknown:
        return _Refused(unknown, UNCHANGED)
    clock = Clock(movable=True)
    corrections = [each for line in sheet.lines for each in _corrections(business_id, line.row)]
    with progress("Checking stock", len(corrections)) as advance:
        refused = await check_stock_load(database, clock, business_id, corrections, advance=advance)
    if refused:
        return _Refused(tuple(_problems(business_id, sheet, refused)), UNCHANGED)
    with progress("Loading stock", len(corrections)) as advance:
        loaded = await load_stock(
            database, clock, business_id, corrections, reason="LOAD", advance=advance
        )
    if loaded.refused:
        left = f"Orders came in between. The other rows were loaded: {loaded.movements} changes."
        return _Refused(tuple(_problems(business_id, sheet, loaded.refused)), left)
    return ShownLoad(len(sheet.lines), loaded.movements)


async def _unknown(
    database: "Database", business_id: int, sheet: Sheet[StockRow]
) -> tuple[Problem, ...]:
    from entrepot.db.stock_places import read_places  # noqa: PLC0415

    offer_ids = sorted({line.row.offer_id for line in sheet.lines})
    places = await database.read(lambda connection: read_places(connection, business_id, offer_ids))
    found = []
    for line in sheet.lines:
        missing = places.missing(_key(business_id, line.row))
        if missing is not None:
            found.append(sheet.problem(line, f"there is no {missing}"))
    return tuple(found)


def _key(business_id: int, row: StockRow) -> StockKey:
    return StockKey(business_id, row.warehouse_id, row.offer_id)


def _corrections(business_id: int, row: StockRow) -> Iterator[Correction]:
    piles = {
        Pile.FIT: row.fit,
        Pile.DEFECT: row.defect,
        Pile.QUARANTINE: row.quarantine,
        Pile.EXPIRED: row.expired,
        Pile.UTILIZATION: row.utilization,
    }
    key = _key(business_id, row)
    return (Correction(key, pile, SetTo(n)) for pile, n in piles.items() if n is not None)


def _problems(
    business_id: int, sheet: Sheet[StockRow], refused: "Sequence[CorrectionRefused]"
) -> Iterator[Problem]:
    lines: dict[StockKey, Line[StockRow]] = {
        _key(business_id, line.row): line for line in sheet.lines
    }
    for each in refused:
        for objection, words in zip(each.objections, objection_words(each), strict=True):
            yield sheet.problem(lines[objection.key], words)
