"""`entrepot subscriptions`: which server hears of which events."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrepot import limits
from entrepot.cli.chosen_business import BusinessOption, check_id, choose_business
from entrepot.cli.command_call import CommandCall, on_database
from entrepot.cli.output import CommandRefused, note
from entrepot.cli.subscription_words import (
    KindOption,
    ShownAttempt,
    ShownSubscription,
    read_kinds,
    shown_attempt,
    shown_subscription,
    tell_state,
)
from entrepot.domain.notifications import SUBSCRIBED_KINDS, OffReason, SubscriptionState

if TYPE_CHECKING:
    from entrepot.db.connection import Connection
    from entrepot.db.transaction import Database

LOG_LINES = 50
HOURS_MAX = 24 * 30

app = typer.Typer(no_args_is_help=True)

SubscriptionArgument = Annotated[
    int, typer.Argument(callback=check_id, metavar="ID", help="The id of the subscription.")
]


class ShownCount(msgspec.Struct, frozen=True, rename="camel"):
    """How many notifications a command queued."""

    id: int
    business_id: int
    queued: int


@app.command(epilog="Kinds: " + ", ".join(SUBSCRIBED_KINDS))
@on_database
def create(
    call: CommandCall,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where notifications are sent to.")],
    business: BusinessOption = None,
    campaign: Annotated[
        int | None,
        typer.Option(
            callback=check_id,
            metavar="ID",
            help="Only orders of this campaign; instead of what the whole business subscribed to.",
        ),
    ] = None,
    kind: KindOption = None,
    signed: Annotated[
        bool, typer.Option("--signed", help="Sign each notification; the secret is shown, once.")
    ] = False,
) -> None:
    """Subscribe a server to notifications. It is asked with a PING, and on when it answers."""
    from entrepot.db.subscriptions import NewSubscription, create_subscription  # noqa: PLC0415
    from entrepot.outbound.addresses import check_url  # noqa: PLC0415
    from entrepot.outbound.signing import new_secret  # noqa: PLC0415

    if objection := check_url(url):
        raise typer.BadParameter(objection)
    kinds = read_kinds(kind)
    secret = new_secret() if signed else None

    async def work(database: "Database") -> ShownSubscription:
        business_id = await database.read(lambda one: choose_business(one, business))
        wanted = NewSubscription(business_id, campaign, url, kinds, secret)
        made = await database.transaction(lambda one: create_subscription(one, wanted))
        if made is None:
            raise CommandRefused(
                f"Business {business_id} has no campaign {campaign}."
                if campaign is not None
                else f"A business has at most {limits.SUBSCRIPTIONS_PER_BUSINESS_MAX}"
                " subscriptions."
            )
        return await _once_asked(database, business_id, made)

    shown = call.run(work)
    call.show(msgspec.structs.replace(shown, secret=secret))
    if not call.as_json:
        tell_state(shown)
        if signed:
            note("Keep the secret now: it cannot be shown again.")


@app.command("list")
@on_database
def list_(call: CommandCall, business: BusinessOption = None) -> None:
    """List the subscriptions of a business, and how many notifications wait for each."""
    from entrepot.db.subscriptions import list_subscriptions  # noqa: PLC0415

    async def work(connection: "Connection") -> list[ShownSubscription]:
        business_id = await choose_business(connection, business)
        found = await list_subscriptions(connection, business_id)
        return [await shown_subscription(connection, each) for each in found]

    found = call.read(work)
    call.show_rows(found, empty="No subscription yet.")


@app.command()
@on_database
def enable(
    call: CommandCall,
    subscription_id: SubscriptionArgument,
    business: BusinessOption = None,
) -> None:
    """Switch a subscription on again: its server is asked with a PING first."""

    async def work(database: "Database") -> ShownSubscription:
        from entrepot.db import subscriptions  # noqa: PLC0415

        async def connect(connection: "Connection") -> int:
            business_id = await _existing(connection, business, subscription_id)
            now = await _now(connection)
            await subscriptions.connect(connection, business_id, subscription_id, now)
            return business_id

        return await _once_asked(database, await database.transaction(connect), subscription_id)

    shown = call.run(work)
    call.show(shown)
    if not call.as_json:
        tell_state(shown)


@app.command()
@on_database
def disable(
    call: CommandCall,
    subscription_id: SubscriptionArgument,
    business: BusinessOption = None,
) -> None:
    """Switch a subscription off: nothing more is queued for it, what waits is dropped."""

    async def work(connection: "Connection") -> ShownSubscription:
        from entrepot.db import subscriptions  # noqa: PLC0415

        business_id = await _existing(connection, business, subscription_id)
        key = (business_id, subscription_id)
        await subscriptions.switch_off(connection, *key, OffReason.BY_HAND, await _now(connection))
        return await _shown(connection, *key)

    shown = call.change(work)
    call.show(shown)


@app.command()
@on_database
def delete(
    call: CommandCall,
    subscription_id: SubscriptionArgument,
    business: BusinessOption = None,
) -> None:
    """End a subscription for ever, its log too."""

    async def work(connection: "Connection") -> ShownSubscription:
        from entrepot.db import subscriptions  # noqa: PLC0415

        business_id = await _existing(connection, business, subscription_id)
        shown = await _shown(connection, business_id, subscription_id)
        now = await _now(connection)
        await subscriptions.delete(connection, business_id, subscription_id, now)
        return msgspec.structs.replace(shown, state=SubscriptionState.DELETED)

    shown = call.change(work)
    call.tell(f"Subscription {shown.id} is deleted.", json=shown)


@app.command()
@on_database
def log(
    call: CommandCall,
    subscription_id: SubscriptionArgument,
    business: BusinessOption = None,
    order: Annotated[
        int | None,
        typer.Option(callback=check_id, metavar="ID", help="Only what is about this order."),
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only what was not accepted.")] = False,
    lines: Annotated[
        int, typer.Option(min=1, max=limits.DELIVERY_LOG_LINES_MAX, help="How many at most.")
    ] = LOG_LINES,
) -> None:
    """Show what was sent to a server and what it answered, the latest first."""
    from entrepot.db.delivery_log import UNACCEPTED, read_log  # noqa: PLC0415

    async def work(connection: "Connection") -> list[ShownAttempt]:
        business_id = await _existing(connection, business, subscription_id)
        found = await read_log(
            connection,
            business_id,
            subscription_id,
            order_id=order,
            outcomes=UNACCEPTED if failed else None,
            lines_max=lines,
        )
        return [shown_attempt(each) for each in found]

    found = call.read(work)
    call.show_rows(found, empty="Nothing was sent.")


@app.command()
@on_database
def redeliver(
    call: CommandCall,
    subscription_id: SubscriptionArgument,
    business: BusinessOption = None,
    order: Annotated[
        list[int] | None,
        typer.Option(metavar="ID", help="All there is to tell of this order; several times."),
    ] = None,
    hours: Annotated[
        int | None,
        typer.Option(
            min=1, max=HOURS_MAX, help="What was rejected, given up or dropped in so many hours."
        ),
    ] = None,
) -> None:
    """Send notifications again: of orders, or those that did not come through."""
    from entrepot.db.delivery_log import redeliver_failed, redeliver_orders  # noqa: PLC0415

    if (order is None) == (hours is None):
        raise typer.BadParameter("Say which: --order or --hours.")

    async def work(connection: "Connection") -> ShownCount:
        business_id = await _existing(connection, business, subscription_id)
        shown = await _shown(connection, business_id, subscription_id)
        if shown.state is not SubscriptionState.ON:
            raise CommandRefused(f"Subscription {subscription_id} is not on: enable it first.")
        key = (business_id, subscription_id)
        if hours is None:
            queued = await redeliver_orders(connection, *key, order or ())
        else:
            since = await _now(connection) - timedelta(hours=hours)
            queued = await redeliver_failed(connection, *key, since)
        return ShownCount(subscription_id, business_id, queued)

    call.show(call.change(work))


async def _existing(connection: "Connection", business: int | None, subscription_id: int) -> int:
    """Give the business of a subscription that there must be."""
    from entrepot.db.subscriptions import read_subscription  # noqa: PLC0415

    business_id = await choose_business(connection, business)
    if await read_subscription(connection, business_id, subscription_id) is None:
        raise CommandRefused(f"Business {business_id} has no subscription {subscription_id}.")
    return business_id


async def _shown(
    connection: "Connection", business_id: int, subscription_id: int
) -> ShownSubscription:
    from entrepot.db.subscriptions import read_subscription  # noqa: PLC0415

    found = await read_subscription(connection, business_id, subscription_id)
    if found is None:
        raise CommandRefused(f"Subscription {subscription_id} was deleted meanwhile.")
    return await shown_subscription(connection, found)


async def _once_asked(
    database: "Database", business_id: int, subscription_id: int
) -> ShownSubscription:
    """Wait a little for a service to ask the server; give the subscription as it is then."""
    from entrepot.cli.subscription_words import until_asked  # noqa: PLC0415

    async def read(connection: "Connection") -> ShownSubscription:
        return await _shown(connection, business_id, subscription_id)

    return await until_asked(database, read)


async def _now(connection: "Connection") -> datetime:
    from entrepot.db.clock import Clock  # noqa: PLC0415

    return await Clock(movable=True).now(connection)
