"""`entrepot operator keys`: keys of the operator's own people and carriers."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrepot.cli.command_call import CommandCall, on_database
from entrepot.cli.keys import (
    KEEP_IT_NOW,
    DaysOption,
    KeyArgument,
    checked_name,
    end_after,
    state_of,
)
from entrepot.cli.output import CommandRefused, note
from entrepot.domain.carriers import CARRIERS, OWN_FLEET
from entrepot.domain.operators import Role

if TYPE_CHECKING:
    from entrepot.db.connection import Connection
    from entrepot.db.operator_keys import IssuedOperatorKey, ListedOperatorKey, OperatorKeyRefused

app = typer.Typer(no_args_is_help=True)


class ShownOperatorKey(msgspec.Struct, frozen=True, rename="camel"):
    """A key as commands print it; its token is not known."""

    id: int
    name: str
    role: Role
    warehouse_ids: tuple[int, ...] | None
    carrier: str | None
    state: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class ShownNewOperatorKey(msgspec.Struct, frozen=True, rename="camel"):
    """A key just created, with its token."""

    id: int
    name: str
    role: Role
    warehouse_ids: tuple[int, ...] | None
    carrier: str | None
    expires_at: datetime | None
    token: str


class ShownOperatorKeyRevocation(msgspec.Struct, frozen=True, rename="camel"):
    """A key that no longer works."""

    id: int
    state: str


@app.callback()
def _keys() -> None:
    """Create, list and revoke keys of the operator's people and carriers."""


@app.command()
@on_database
def create(
    call: CommandCall,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is.")],
    role: Annotated[Role, typer.Option(metavar="ROLE", help="What for: " + ", ".join(Role) + ".")],
    warehouse: Annotated[
        list[int] | None,
        typer.Option(
            metavar="ID",
            help="Where a WAREHOUSE key works; several times for several, not at all for all.",
        ),
    ] = None,
    carrier: Annotated[
        str | None,
        typer.Option(metavar="ID", help=f"Whose a CARRIER key is; otherwise {OWN_FLEET.id}."),
    ] = None,
    days: DaysOption = None,
) -> None:
    """Create a key of the operator's and show its token, once: only a hash of it is stored."""
    from entrepot.db.operator_keys import (  # noqa: PLC0415
        OperatorKeyRefused,
        create_operator_key,
    )

    named = checked_name(name)
    bound_carrier = _checked_carrier(role, carrier)
    if warehouse and role is not Role.WAREHOUSE:
        raise typer.BadParameter(f"Only a {Role.WAREHOUSE} key is bound to warehouses.")

    async def work(connection: "Connection") -> "IssuedOperatorKey | OperatorKeyRefused":
        await _check_warehouses(connection, warehouse or [])
        return await create_operator_key(
            connection,
            named,
            role,
            warehouse_ids=warehouse or None,
            carrier=bound_carrier,
            expires_at=await end_after(connection, days),
        )

    made = call.change(work)
    if isinstance(made, OperatorKeyRefused):
        raise CommandRefused(f"Not created: {made}.")
    call.show(_shown_new(made))
    note(KEEP_IT_NOW)


@app.command("list")
@on_database
def list_(call: CommandCall) -> None:
    """List the operator's keys, also those that no longer work."""
    from entrepot.db.operator_keys import list_operator_keys  # noqa: PLC0415

    found = call.read(list_operator_keys)
    call.show_rows([_shown(key) for key in found], empty="No operator key yet.")


@app.command()
@on_database
def revoke(call: CommandCall, key_id: KeyArgument) -> None:
    """End a key of the operator's for ever. It stops working everywhere within 5 seconds."""
    from entrepot.db.operator_keys import revoke_operator_key  # noqa: PLC0415

    async def work(connection: "Connection") -> bool:
        return await revoke_operator_key(connection, key_id)

    if not call.change(work):
        raise CommandRefused(f"There is no operator key {key_id}.")
    call.tell(
        f"Operator key {key_id} is revoked; it stops working everywhere within 5 seconds.",
        json=ShownOperatorKeyRevocation(key_id, "revoked"),
    )


def _checked_carrier(role: Role, carrier: str | None) -> str | None:
    if role is not Role.CARRIER:
        if carrier is not None:
            raise typer.BadParameter(f"Only a {Role.CARRIER} key is a carrier's.")
        return None
    chosen = carrier or OWN_FLEET.id
    if chosen not in CARRIERS:
        raise typer.BadParameter(f"There is no carrier {chosen}; known: {', '.join(CARRIERS)}.")
    return chosen


async def _check_warehouses(connection: "Connection", warehouse_ids: list[int]) -> None:
    from entrepot.db.network import read_network  # noqa: PLC0415

    if not warehouse_ids:
        return
    known = {each.id for each in (await read_network(connection)).described.warehouses}
    unknown = sorted(set(warehouse_ids) - known)
    if unknown:
        raise CommandRefused(f"The network has no warehouse {unknown[0]}.")


def _sorted(warehouse_ids: frozenset[int] | None) -> tuple[int, ...] | None:
    return None if warehouse_ids is None else tuple(sorted(warehouse_ids))


def _shown_new(made: "IssuedOperatorKey") -> ShownNewOperatorKey:
    key = made.key
    return ShownNewOperatorKey(
        id=key.id,
        name=key.name,
        role=key.role,
        warehouse_ids=_sorted(key.warehouse_ids),
        carrier=key.carrier,
        expires_at=key.expires_at,
        token=made.token,
    )


def _shown(listed: "ListedOperatorKey") -> ShownOperatorKey:
    key = listed.key
    return ShownOperatorKey(
        id=key.id,
        name=key.name,
        role=key.role,
        warehouse_ids=_sorted(key.warehouse_ids),
        carrier=key.carrier,
        state=state_of(revoked_at=listed.revoked_at, ended=key.revoked),
        created_at=listed.created_at,
        expires_at=key.expires_at,
        revoked_at=listed.revoked_at,
    )
