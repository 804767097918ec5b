"""`entrepot limits`: request limits of a business."""

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrepot.cli.chosen_business import BusinessOption, choose_business
from entrepot.cli.command_call import CommandCall, on_database
from entrepot.cli.output import CommandRefused, note
from entrepot.contract.request_limits import PARALLEL_DEFAULT, SHARED_PARALLEL, OwnLimit, figures_of
from entrepot.domain.accounts import Business

if TYPE_CHECKING:
    from entrepot.db.connection import Connection

AMOUNT_MAX = 1_000_000_000
PARALLEL_MAX = 100_000
ALL_OPERATIONS = "all"
"""How a person names the figure that operations share."""

_SOON = "It is in force everywhere within 5 seconds."

app = typer.Typer(no_args_is_help=True)

OperationArgument = Annotated[
    str,
    typer.Argument(
        metavar="OPERATION",
        help=f"Such as createOrder; '{ALL_OPERATIONS}' for the parallel figure they share.",
    ),
]


class ShownLimit(msgspec.Struct, frozen=True, rename="camel"):
    """The limit of an operation, as it is for a business."""

    operation: str
    amount: int | None
    period: str | None
    counted: str | None
    parallel: int
    own: bool


class ShownReset(msgspec.Struct, frozen=True, rename="camel"):
    """The operations that have the contract's figures again."""

    business_id: int
    operations: tuple[str, ...]


@app.command("show")
@on_database
def show_limits(call: CommandCall, business: BusinessOption = None) -> None:
    """Show what a business may ask, operation by operation, for each of its campaigns."""

    async def work(connection: "Connection") -> Business:
        return await _business(connection, business)

    found = call.read(work)
    call.show_rows(_shown(found))


@app.command("set")
@on_database
def set_limit(
    call: CommandCall,
    operation: OperationArgument,
    business: BusinessOption = None,
    amount: Annotated[
        int | None,
        typer.Option(
            min=0, max=AMOUNT_MAX, metavar="N", help="Requests or elements in each window."
        ),
    ] = None,
    parallel: Annotated[
        int | None,
        typer.Option(min=0, max=PARALLEL_MAX, metavar="N", help="Requests in flight at once."),
    ] = None,
) -> None:
    """Give a business figures of its own. The length of a window stays the contract's."""
    from entrepot.db.own_limits import set_own_limit  # noqa: PLC0415

    name = _read_operation(operation)
    if amount is None and parallel is None:
        raise typer.BadParameter("Say --amount, --parallel or both.")
    if name == SHARED_PARALLEL and amount is not None:
        raise typer.BadParameter("Operations share no amount; name one of them.")

    async def work(connection: "Connection") -> Business:
        business_id = await choose_business(connection, business)
        await set_own_limit(connection, business_id, name, OwnLimit(amount, parallel))
        return await _business(connection, business_id)

    changed = call.change(work)
    (shown,) = (one for one in _shown(changed) if one.operation == _name(name))
    call.show(shown)
    note(_SOON)


@app.command("reset")
@on_database
def reset_limits(
    call: CommandCall,
    operation: Annotated[
        str | None,
        typer.Argument(metavar="[OPERATION]", help="Which one; without it, all of them."),
    ] = None,
    business: BusinessOption = None,
) -> None:
    """Go back to the contract's figures."""
    from entrepot.db.own_limits import reset_own_limits  # noqa: PLC0415

    name = None if operation is None else _read_operation(operation)

    async def work(connection: "Connection") -> ShownReset:
        business_id = await choose_business(connection, business)
        changed = await reset_own_limits(connection, business_id, name)
        return ShownReset(business_id, tuple(map(_name, changed)))

    done = call.change(work)
    sentence = (
        f"The contract's figures again: {', '.join(done.operations)}. {_SOON}"
        if done.operations
        else "They were the contract's already."
    )
    call.tell(sentence, json=done)


async def _business(connection: "Connection", named: int | None) -> Business:
    from entrepot.db.accounts_read import fetch_business  # noqa: PLC0415

    found = await fetch_business(connection, await choose_business(connection, named))
    assert found is not None, "a chosen business exists"
    return found


def _read_operation(text: str) -> str:
    from entrepot.operations.registry import OPERATIONS, load_operations  # noqa: PLC0415

    load_operations()
    if text == ALL_OPERATIONS:
        return SHARED_PARALLEL
    if text not in OPERATIONS:
        raise CommandRefused(
            f"There is no operation {text!r}; `entrepot limits show` lists those there are."
        )
    return text


def _shown(business: Business) -> list[ShownLimit]:
    from entrepot.operations.registry import OPERATIONS, load_operations  # noqa: PLC0415

    load_operations()
    shared = business.own_limits.get(SHARED_PARALLEL)
    common = PARALLEL_DEFAULT if shared is None or shared.parallel is None else shared.parallel
    shown = [ShownLimit(ALL_OPERATIONS, None, None, None, common, own=shared is not None)]
    for name in sorted(OPERATIONS):
        limit = OPERATIONS[name].limit
        assert limit is not None  # the contract's operations have one each
        budget, parallel, _ = figures_of(
            name, limit, business.subscription_level, business.own_limits
        )
        own = name in business.own_limits
        shown.append(
            ShownLimit(name, budget.amount, budget.period, limit.counted, parallel, own=own)
        )
    return shown


def _name(operation: str) -> str:
    return ALL_OPERATIONS if operation == SHARED_PARALLEL else operation
