"""`entrepot orders`: what an operator does with single orders."""

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrepot import limits
from entrepot.cli.chosen_business import BusinessOption, check_id, choose_business
from entrepot.cli.command_call import CommandCall, on_database
from entrepot.cli.output import CommandRefused

if TYPE_CHECKING:
    from entrepot.db.transaction import Database
    from entrepot.fulfilment.erase_orders import Erased, NotErased

app = typer.Typer(no_args_is_help=True)


class ShownErasure(msgspec.Struct, frozen=True, rename="camel"):
    """Orders without recipients."""

    erased: tuple[int, ...]
    erased_before: tuple[int, ...]


@app.callback()
def _orders() -> None:
    """Do something with single orders."""


@app.command()
@on_database
def erase(
    call: CommandCall,
    orders: Annotated[list[int], typer.Argument(metavar="ORDER_ID...", help="Ids of the orders.")],
    business: BusinessOption = None,
) -> None:
    """Erase what orders say about their recipients: names, phone, address and notes.

    For good, and only of orders that have ended. The order itself, its items, its history and
    the journal of stock stay. All of the orders are erased or none.
    """
    for order_id in orders:
        check_id(order_id)
    if len(orders) > limits.ERASED_ORDERS_PER_TRANSACTION_MAX:
        raise CommandRefused(
            f"At most {limits.ERASED_ORDERS_PER_TRANSACTION_MAX} orders are erased at once."
        )
    from entrepot.db.clock import Clock  # noqa: PLC0415
    from entrepot.fulfilment.erase_orders import NotErased, erase_orders  # noqa: PLC0415

    async def work(database: "Database") -> "Erased | NotErased":
        business_id = await database.read(lambda one: choose_business(one, business))
        return await erase_orders(database, Clock(movable=True), business_id, orders)

    outcome = call.run(work)
    if isinstance(outcome, NotErased):
        raise CommandRefused(_why_not(outcome))
    call.show(ShownErasure(outcome.orders, outcome.already))


def _why_not(outcome: "NotErased") -> str:
    sentences = []
    if outcome.unknown:
        sentences.append(f"The business has no order {', '.join(map(str, outcome.unknown))}.")
    if outcome.under_way:
        named = ", ".join(f"{number} ({status})" for number, status in outcome.under_way.items())
        sentences.append(
            f"Still under way: {named}. An order that has not ended needs its recipient;"
            " cancel it or wait."
        )
    return " ".join([*sentences, "Nothing was erased."])
