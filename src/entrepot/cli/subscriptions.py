"""`entrepot subscriptions`: which server hears of which events."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrepot import limits
from entrepot.cli.chosen_business import BusinessOption, check_id, choose_business
from entrepot.cli.database import ConfigOption, DatabaseUrlOption, DataDirOption, read_settings
from entrepot.cli.output import CommandRefused, JsonOption, note, say, show, show_rows
from entrepot.cli.subscription_words import (
    ShownAttempt,
    ShownSubscription,
    shown_attempt,
    shown_subscription,
    tell_state,
)
from entrepot.cli.with_database import with_database
from entrepot.contract.notifications import NotificationKind
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
def create(
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
    kind: Annotated[
        list[NotificationKind] | None,
        typer.Option(metavar="KIND", help="What to hear of; can be given several times. [all]"),
    ] = None,
    signed: Annotated[
        bool, typer.Option("--signed", help="Sign each notification; the secret is shown, once.")
    ] = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Subscribe a server to notifications. It is asked with a PING, and on when it answers."""
    settings = read_settings(config, database_url=database_url, data_dir=data_dir)
    from entrepot.db.subscriptions import NewSubscription, create_subscription  # noqa: PLC0415
    from entrepot.outbound.addresses import check_url  # noqa: PLC0415
    from entrepot.outbound.signing import new_secret  # noqa: PLC0415

    if objection := check_url(url):
        raise typer.BadParameter(objection)
    kinds = tuple(kind or SUBSCRIBED_KINDS)
    if NotificationKind.PING in kinds:
        raise typer.BadParameter("PING is asked of every server, not subscribed to.")
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

    shown = with_database(settings, work)
    show(msgspec.structs.replace(shown, secret=secret), as_json=as_json)
    if not as_json:
        tell_state(shown)
        if signed:
            note("Keep the secret now: it cannot be shown again.")


@app.command("list")
def list_(
    business: BusinessOption = None,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the subscriptions of a business, and how many notifications wait for each."""
    settings = read_settings(config, database_url=database_url, data_dir=data_dir)
    from entrepot.db.subscriptions import list_subscriptions  # noqa: PLC0415

    async def work(connection: "Connection") -> list[ShownSubscription]:
        business_id = await choose_business(connection, business)
        found = await list_subscriptions(connection, business_id)
        return [await shown_subscription(connection, each) for each in found]

    found = with_database(settings, lambda database: database.read(work))
    show_rows(found, as_json=as_json, empty="No subscription yet.")


@app.command()
def enable(
    subscription_id: SubscriptionArgument,
    business: BusinessOption = None,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Switch a subscription on again: its server is asked with a PING first."""
    settings = read_settings(config, database_url=database_url, data_dir=data_dir)

    async def work(database: "Database") -> ShownSubscription:
        from entrepot.db import subscriptions  # noqa: PLC0415

        async def connect(connection: "Connection") -> int:
            business_id = await _existing(connection, business, subscription_id)
            now = await _now(connection)
            await subscriptions.connect(connection, business_id, subscription_id, now)
            return business_id

        return await _once_asked(database, await database.transaction(connect), subscription_id)

    shown = with_database(settings, work)
    show(shown, as_json=as_json)
    if not as_json:
        tell_state(shown)


@app.command()
def disable(
    subscription_id: SubscriptionArgument,
    business: BusinessOption = None,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Switch a subscription off: nothing more is queued for it, what waits is dropped."""
    settings = read_settings(config, database_url=database_url, data_dir=data_dir)

    async def work(connection: "Connection") -> ShownSubscription:
        from entrepot.db import subscriptions  # noqa: PLC0415

        business_id = await _existing(connection, business, subscription_id)
        key = (business_id, subscription_id)
        await subscriptions.switch_off(connection, *key, OffReason.BY_HAND, await _now(connection))
        return await _shown(connection, *key)

    shown = with_database(settings, lambda database: database.transaction(work))
    show(shown, as_json=as_json)


@app.command()
def delete(
    subscription_id: SubscriptionArgument,
    business: BusinessOption = None,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a subscription for ever, its log too."""
    settings = read_settings(config, database_url=database_url, data_dir=data_dir)

    async def work(connection: "Connection") -> ShownSubscription:
        from entrepot.db import subscriptions  # noqa: PLC0415

        business_id = await _existing(connection, business, subscription_id)
        shown = await _shown(connection, business_id, subscription_id)
        now = await _now(connection)
        await subscriptions.delete(connection, business_id, subscription_id, now)
        return msgspec.structs.replace(shown, state=SubscriptionState.DELETED)

    shown = with_database(settings, lambda database: database.transaction(work))
    if as_json:
        show(shown, as_json=True)
    else:
        say(f"Subscription {shown.id} is deleted.")


@app.command()
def log(
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
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what was sent to a server and what it answered, the latest first."""
    settings = read_settings(config, database_url=database_url, data_dir=data_dir)
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

    found = with_database(settings, lambda database: database.read(work))
    show_rows(found, as_json=as_json, empty="Nothing was sent.")


@app.command()
def redeliver(
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
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send notifications again: of orders, or those that did not come through."""
    settings = read_settings(config, database_url=database_url, data_dir=data_dir)
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

    show(with_database(settings, lambda database: database.transaction(work)), as_json=as_json)


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
