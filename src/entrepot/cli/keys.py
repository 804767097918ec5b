"""`entrepot keys`: API keys of a business."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrepot.cli.chosen_business import BusinessOption, check_id, choose_business
from entrepot.cli.command_call import CommandCall, on_database
from entrepot.cli.output import CommandRefused, note
from entrepot.contract.scopes import Scope

if TYPE_CHECKING:
    from entrepot.db.accounts import IssuedKey, KeyRefused, ListedKey
    from entrepot.db.connection import Connection

KEY_NAME_CHARS_MAX = 100  # the contract's
KEY_DAYS_MAX = 36_500

DaysOption = Annotated[
    int | None,
    typer.Option(
        min=1, max=KEY_DAYS_MAX, metavar="DAYS", help="For how long; without it, until revoked."
    ),
]

KeyArgument = Annotated[
    int, typer.Argument(callback=check_id, metavar="ID", help="The id of the key.")
]
KEEP_IT_NOW = "Keep the token now: it cannot be shown again."

_SCOPES = "Scopes: " + ", ".join(Scope)

app = typer.Typer(no_args_is_help=True)


class ShownKey(msgspec.Struct, frozen=True, rename="camel"):
    """A key as commands print it; its token is not known."""

    id: int
    name: str
    scopes: tuple[Scope, ...]
    state: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class ShownNewKey(msgspec.Struct, frozen=True, rename="camel"):
    """A key just created, with its token."""

    id: int
    business_id: int
    name: str
    scopes: tuple[Scope, ...]
    expires_at: datetime | None
    token: str


class ShownRevocation(msgspec.Struct, frozen=True, rename="camel"):
    """A key that no longer works."""

    id: int
    business_id: int
    state: str


@app.command(epilog=_SCOPES)
@on_database
def create(
    call: CommandCall,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What the key is for, in your words.")
    ],
    scope: Annotated[
        list[Scope],
        typer.Option(
            metavar="SCOPE",
            help="What the key may do; can be given several times.",
        ),
    ],
    business: BusinessOption = None,
    days: DaysOption = None,
) -> None:
    """Create an API key and show its token, once: only a hash of it is stored."""
    from entrepot.db.accounts import KeyRefused, create_key  # noqa: PLC0415

    named = checked_name(name)

    async def work(connection: "Connection") -> "IssuedKey | KeyRefused":
        expires_at = await end_after(connection, days)
        business_id = await choose_business(connection, business)
        return await create_key(connection, business_id, named, scope, expires_at=expires_at)

    made = call.change(work)
    if isinstance(made, KeyRefused):
        raise CommandRefused(f"Not created: {made}.")
    key = made.key
    shown = ShownNewKey(
        key.id, key.business_id, key.name, tuple(sorted(key.scopes)), key.expires_at, made.token
    )
    call.show(shown)
    note(KEEP_IT_NOW)


@app.command("list")
@on_database
def list_(call: CommandCall, business: BusinessOption = None) -> None:
    """List the keys of a business, also those that no longer work."""
    from entrepot.db.accounts import list_keys  # noqa: PLC0415

    async def work(connection: "Connection") -> "list[ListedKey]":
        return await list_keys(connection, await choose_business(connection, business))

    found = call.read(work)
    call.show_rows([_shown(key) for key in found], empty="No key yet.")


@app.command(epilog=_SCOPES)
@on_database
def change(
    call: CommandCall,
    key_id: KeyArgument,
    scope: Annotated[
        list[Scope] | None,
        typer.Option(metavar="SCOPE", help="What it may do from now on, instead of before."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="What it is for, in your words.")
    ] = None,
    business: BusinessOption = None,
) -> None:
    """Change what a key may do, or its name. It counts everywhere within 5 seconds."""
    from entrepot.db.accounts import list_keys  # noqa: PLC0415
    from entrepot.db.accounts_change import change_key  # noqa: PLC0415

    if not scope and name is None:
        raise typer.BadParameter("Say --scope, --name or both.")
    named = None if name is None else checked_name(name)

    async def work(connection: "Connection") -> "ListedKey":
        business_id = await choose_business(connection, business)
        if not await change_key(connection, business_id, key_id, name=named, scopes=scope or None):
            raise CommandRefused(f"Business {business_id} has no key {key_id} in force.")
        keys = await list_keys(connection, business_id)
        return next(listed for listed in keys if listed.key.id == key_id)

    changed = call.change(work)
    call.show(_shown(changed))


@app.command()
@on_database
def revoke(call: CommandCall, key_id: KeyArgument, business: BusinessOption = None) -> None:
    """End a key for ever. It stops working everywhere within 5 seconds."""
    from entrepot.db.accounts import revoke_key  # noqa: PLC0415

    async def work(connection: "Connection") -> int:
        business_id = await choose_business(connection, business)
        if not await revoke_key(connection, business_id, key_id):
            raise CommandRefused(f"Business {business_id} has no key {key_id}.")
        return business_id

    business_id = call.change(work)
    call.tell(
        f"Key {key_id} is revoked; it stops working everywhere within 5 seconds.",
        json=ShownRevocation(key_id, business_id, "revoked"),
    )


def checked_name(name: str) -> str:
    """Trim what somebody calls a key.

    Raises:
        typer.BadParameter: nobody could tell the key by it.
    """
    named = name.strip()
    if not 0 < len(named) <= KEY_NAME_CHARS_MAX or not named.isprintable():
        raise typer.BadParameter(f"A key's name has 1 to {KEY_NAME_CHARS_MAX} characters.")
    return named


async def end_after(connection: "Connection", days: int | None) -> datetime | None:
    """Say when a key created now ends; None when only revoking ends it."""
    from entrepot.db.clock import Clock  # noqa: PLC0415

    if days is None:
        return None
    return await Clock(movable=True).now(connection) + timedelta(days=days)


def state_of(*, revoked_at: datetime | None, ended: bool) -> str:
    """Say how a key stands."""
    return "revoked" if revoked_at else "run out" if ended else "in force"


def _shown(listed: "ListedKey") -> ShownKey:
    key = listed.key
    return ShownKey(
        id=key.id,
        name=key.name,
        scopes=tuple(sorted(key.scopes)),
        state=state_of(revoked_at=listed.revoked_at, ended=key.revoked),
        created_at=listed.created_at,
        expires_at=key.expires_at,
        revoked_at=listed.revoked_at,
        last_used_at=listed.last_used_at,
    )
