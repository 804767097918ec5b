"""`entrepot operator events`: what carriers tell, from a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from msgspec import Meta

from entrepot import limits
from entrepot.cli.command_call import CommandCall, on_database
from entrepot.cli.csv_rows import Line, Problem, Sheet, read_csv
from entrepot.cli.file_loads import refuse
from entrepot.cli.offers import OfferId
from entrepot.cli.output import ExitCode, progress
from entrepot.contract.enums import OrderSubstatus
from entrepot.contract.errors import Refusal
from entrepot.domain.carrier_events import CarrierEvent, CarrierEventKind
from entrepot.domain.carriers import CARRIERS, OWN_FLEET
from entrepot.domain.order_events import Actor, Source, UnitsRefused
from entrepot.domain.order_moves import ActorKind

if TYPE_CHECKING:
    from entrepot.db.transaction import Database
    from entrepot.fulfilment.change_orders import Outcome

app = typer.Typer(no_args_is_help=True)

_Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]
_Pieces = Annotated[int, Meta(ge=1, le=1000)]


class EventRow(msgspec.Struct, frozen=True):
    """A row of a CSV file. `refused` reads `2 CUP-1; 1 LAMP-7`."""

    business_id: _Id
    order_id: _Id
    type: CarrierEventKind
    receive_code: str | None = None
    reason: OrderSubstatus | None = None
    refused: str | None = None


class RefusedObject(msgspec.Struct, frozen=True, rename="camel"):
    """Pieces that the buyer did not take, in a JSON file."""

    offer_id: OfferId
    count: _Pieces


class EventObject(msgspec.Struct, frozen=True, rename="camel"):
    """An object of a JSON file, as the call takes them."""

    business_id: _Id
    order_id: _Id
    type: CarrierEventKind
    receive_code: str | None = None
    reason: OrderSubstatus | None = None
    refused: tuple[RefusedObject, ...] = ()


class ShownEvent(msgspec.Struct, frozen=True, rename="camel"):
    """What became of an event; `number` is its line, or its place in a JSON file."""

    number: int
    business_id: int
    order_id: int
    type: CarrierEventKind
    result: str
    error: str | None


@app.callback()
def _events() -> None:
    """What carriers tell of parcels."""


@app.command()
@on_database
def load(
    call: CommandCall,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A CSV file with the columns business_id, order_id, type and, if wanted,"
            " receive_code, reason, refused; or a .json file with a list of objects.",
        ),
    ],
    carrier: Annotated[str, typer.Option(metavar="ID", help="Whose file it is.")] = OWN_FLEET.id,
) -> None:
    """Carry out what a carrier tells, event by event; each has its own result.

    A file that cannot be read whole changes nothing. It may be loaded again: what was done stays
    as it is. Ends with 1 when some of it could not be done.
    """
    if carrier not in CARRIERS:
        raise typer.BadParameter(f"There is no carrier {carrier}; known: {', '.join(CARRIERS)}.")
    sheet = _read_json(file) if file.suffix.lower() == ".json" else _read_csv(file)
    if sheet.problems:
        raise refuse(call, sheet.problems)

    async def work(database: "Database") -> "list[Outcome]":
        return await _carry_out(database, carrier, [line.row for line in sheet.lines])

    outcomes = call.run(work)
    shown = [_shown(line, outcome) for line, outcome in zip(sheet.lines, outcomes, strict=True)]
    call.show_rows(shown, empty="The file names no event.")
    if any(isinstance(outcome, Refusal) for outcome in outcomes):
        raise typer.Exit(ExitCode.REFUSED)


async def _carry_out(
    database: "Database", carrier: str, events: list[CarrierEvent]
) -> "list[Outcome]":
    from entrepot.db.clock import Clock  # noqa: PLC0415
    from entrepot.fulfilment.carrier_events import record_events  # noqa: PLC0415

    actor = Actor(ActorKind.CARRIER, carrier, Source.CARRIER)
    outcomes: list[Outcome] = []
    size = limits.IMPORTED_EVENTS_MAX
    with progress("Events", len(events)) as advance:
        for start in range(0, len(events), size):
            chunk = events[start : start + size]
            outcomes += await record_events(
                database, Clock(movable=True), chunk, actor, carrier=carrier
            )
            advance(len(chunk))
    return outcomes


def _read_csv(file: Path) -> Sheet[CarrierEvent]:
    sheet = read_csv(file, EventRow)
    lines: list[Line[CarrierEvent]] = []
    problems = list(sheet.problems)
    for line in sheet.lines:
        refused = _refused(line.row.refused or "")
        if refused is None:
            problems.append(sheet.problem(line, "refused reads like this: 2 CUP-1; 1 LAMP-7"))
            continue
        lines.append(Line(line.number, _event(line.row, refused)))
    return Sheet(sheet.file, tuple(lines), tuple(problems))


def _refused(text: str) -> tuple[UnitsRefused, ...] | None:
    """Read pieces and offers; None when they do not read like that."""
    units = []
    for part in filter(None, map(str.strip, text.split(";"))):
        count, _, offer_id = part.partition(" ")
        if not (count.isascii() and count.isdecimal() and int(count) and offer_id.strip()):
            return None
        units.append(UnitsRefused(offer_id.strip(), int(count)))
    return tuple(units)


def _read_json(file: Path) -> Sheet[CarrierEvent]:
    name = str(file)
    try:
        with file.open("rb") as opened:
            raw = opened.read(limits.LOADED_FILE_BYTES_MAX + 1)
        found = msgspec.json.decode(raw, type=list[EventObject])
    except OSError as error:
        return Sheet(name, (), (Problem(name, 0, f"cannot be read: {error.strerror}"),))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Sheet(name, (), (Problem(name, 0, str(error)),))
    lines = (Line(number, _event(one, _units(one))) for number, one in enumerate(found, start=1))
    return Sheet(name, tuple(lines), ())


def _units(found: EventObject) -> tuple[UnitsRefused, ...]:
    return tuple(UnitsRefused(one.offer_id, one.count) for one in found.refused)


def _event(found: EventRow | EventObject, refused: tuple[UnitsRefused, ...]) -> CarrierEvent:
    return CarrierEvent(
        business_id=found.business_id,
        order_id=found.order_id,
        kind=found.type,
        receive_code=found.receive_code,
        refused=refused,
        reason=found.reason,
    )


def _shown(line: Line[CarrierEvent], outcome: "Outcome") -> ShownEvent:
    event = line.row
    result, error = "refused", None
    if isinstance(outcome, Refusal):
        error = outcome.message
    else:
        result = f"{outcome.stage}" if outcome.changed else f"{outcome.stage}, already"
    return ShownEvent(line.number, event.business_id, event.order_id, event.kind, result, error)
