"""`entrepot listen`: hear notifications on this machine, and pass them on to a program here."""

import asyncio
import signal
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrepot.cli.chosen_business import BusinessOption, check_id, choose_business
from entrepot.cli.command_call import CommandCall, on_database
from entrepot.cli.database import command_database
from entrepot.cli.output import CommandRefused, note, warn
from entrepot.cli.subscription_words import KindOption, read_kinds
from entrepot.contract.notifications import NotificationKind
from entrepot.domain.notifications import SubscriptionState
from entrepot.settings import Settings

if TYPE_CHECKING:
    from entrepot.db.connection import Connection
    from entrepot.db.subscriptions import Subscription
    from entrepot.db.transaction import Database

ASKED_S_MAX = 10.0
LOOK_S = 0.1
CONNECTIONS_MAX = 2


@on_database
def listen(
    call: CommandCall,
    forward: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Pass each notification on to this URL, and answer what it answers.",
            show_default=False,
        ),
    ] = None,
    business: BusinessOption = None,
    campaign: Annotated[
        int | None,
        typer.Option(callback=check_id, metavar="ID", help="Only orders of this campaign."),
    ] = None,
    kind: KindOption = None,
) -> None:
    """Subscribe, and show each notification as it comes; Ctrl-C unsubscribes.

    The service must be a sandbox on this machine. Without --forward everything is accepted.
    """
    if forward is not None and not forward.startswith(("http://", "https://")):
        raise typer.BadParameter("Give a URL, such as http://127.0.0.1:9000/hook.")
    kinds = read_kinds(kind)
    asyncio.run(_listen(call.settings, _Wanted(forward, business, campaign, kinds, call.as_json)))


class _Wanted(msgspec.Struct, frozen=True):
    """What a person wants to hear of."""

    forward: str | None
    business: int | None
    campaign: int | None
    kinds: tuple[NotificationKind, ...]
    as_json: bool


async def _listen(settings: Settings, wanted: _Wanted) -> None:
    from entrepot.cli.listening import Listener  # noqa: PLC0415
    from entrepot.db.transaction import open_database  # noqa: PLC0415

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(command_database(settings))
        database = await open_database(url, connections_max=CONNECTIONS_MAX)
        stack.push_async_callback(database.close)
        business_id = await database.read(lambda one: choose_business(one, wanted.business))
        listener = Listener(wanted.forward, as_json=wanted.as_json)
        await stack.enter_async_context(listener.serving())
        await _forget_dead(database, business_id)
        subscription_id = await _subscribe(database, business_id, wanted, listener.url)
        try:
            await _tell_when_on(database, business_id, subscription_id, stop)
            await stop.wait()
        finally:
            await _unsubscribe(database, business_id, subscription_id)
    note("Unsubscribed.")


async def _subscribe(database: "Database", business_id: int, wanted: _Wanted, url: str) -> int:
    from entrepot.db.subscriptions import NewSubscription, create_subscription  # noqa: PLC0415

    new = NewSubscription(business_id, wanted.campaign, url, wanted.kinds, None)
    made = await database.transaction(lambda one: create_subscription(one, new))
    if made is None:
        raise CommandRefused(
            f"Business {business_id} cannot subscribe: it has no campaign {wanted.campaign},"
            " or as many subscriptions as there may be."
        )
    return made


async def _tell_when_on(
    database: "Database", business_id: int, subscription_id: int, stop: asyncio.Event
) -> None:
    """Tell once the service has asked us; it does so within a second or two."""
    from entrepot.db.subscriptions import read_subscription  # noqa: PLC0415

    note("Waiting for the service to ask with a PING …")
    loop = asyncio.get_running_loop()
    until, warned = loop.time() + ASKED_S_MAX, False
    while not stop.is_set():
        found = await database.read(
            lambda one: read_subscription(one, business_id, subscription_id)
        )
        if found is None or found.state is SubscriptionState.OFF:
            raise CommandRefused(
                "The service did not reach this machine, or may not: is it a sandbox here?"
            )
        if found.state is SubscriptionState.ON:
            note(f"Listening for notifications of business {business_id}. Stop with Ctrl-C.")
            return
        if loop.time() > until and not warned:
            warn("The service has not asked yet: is one running?")
            warned = True
        await asyncio.sleep(LOOK_S)


async def _unsubscribe(database: "Database", business_id: int, subscription_id: int) -> None:
    from entrepot.db import subscriptions  # noqa: PLC0415
    from entrepot.db.clock import Clock  # noqa: PLC0415
    from entrepot.db.transaction import DatabaseUnavailable  # noqa: PLC0415

    async def work(connection: "Connection") -> None:
        now = await Clock(movable=True).now(connection)
        await subscriptions.delete(connection, business_id, subscription_id, now)

    try:
        await database.transaction(work)
    except DatabaseUnavailable:
        warn(
            "The database is gone, the subscription is still there: end it with"
            f" `entrepot subscriptions delete {subscription_id}`."
        )


async def _forget_dead(database: "Database", business_id: int) -> None:
    """End what listeners left behind who were killed: their ports answer no more."""
    from entrepot.cli.listening import is_ours, nobody_listens  # noqa: PLC0415
    from entrepot.db.subscriptions import list_subscriptions  # noqa: PLC0415

    found: list[Subscription] = await database.read(
        lambda one: list_subscriptions(one, business_id)
    )
    for each in found:
        if is_ours(each.url) and await nobody_listens(each.url):
            await _unsubscribe(database, business_id, each.id)
