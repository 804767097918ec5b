"""Which business a command is about: the one named, or the only one there is."""

from typing import TYPE_CHECKING, Annotated

import typer

from entrepot.cli.output import CommandRefused

if TYPE_CHECKING:
    from entrepot.db.connection import Connection

ID_MAX = 2**63 - 1


def check_id(value: int | None) -> int | None:
    """Check an id that a person gave.

    Raises:
        typer.BadParameter: no id is like that.
    """
    if value is not None and not 0 < value <= ID_MAX:
        raise typer.BadParameter(f"An id is a whole number from 1 to {ID_MAX}.")
    return value


BusinessOption = Annotated[
    int | None,
    typer.Option(
        "--business",
        callback=check_id,
        metavar="ID",
        help="The id of the business; can be left out where there is only one.",
        show_default=False,
    ),
]


async def choose_business(connection: "Connection", named: int | None) -> int:
    """Give the id of the business a command is about.

    Raises:
        CommandRefused: there is no such business, or nobody said which.
    """
    from entrepot.db.accounts import list_businesses  # noqa: PLC0415
    from entrepot.db.accounts_read import fetch_business  # noqa: PLC0415

    if named is not None:
        if await fetch_business(connection, named) is None:
            raise CommandRefused(no_such_business(named))
        return named
    known = await list_businesses(connection)
    if not known:
        raise CommandRefused("There is no business yet; `entrepot business create` makes one.")
    if len(known) > 1:
        raise CommandRefused(
            f"There are {len(known)} businesses: say which with --business;"
            " `entrepot business list` shows them."
        )
    return known[0].id


def no_such_business(business_id: int) -> str:
    """Say that a business does not exist, and how to see those that do."""
    return f"There is no business {business_id}; `entrepot business list` shows those there are."
