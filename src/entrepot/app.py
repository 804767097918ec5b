"""The composition root of one process: settings and a database become an ASGI application.

Nothing happens at import, and nothing is opened before the application's lifespan begins.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial

from entrepot import limits
from entrepot.console.routes import console_routes
from entrepot.contract.paging import PageTokens
from entrepot.db.accounts_cache import AccountsCache
from entrepot.db.clock import Clock, Use, decide_use
from entrepot.db.migrate import check_server
from entrepot.db.network_cache import NetworkCache
from entrepot.db.order_ids import OrderIds
from entrepot.db.request_limiter import request_limiter
from entrepot.db.secrets import read_page_token_key
from entrepot.db.start_refused import StartRefused
from entrepot.db.transaction import Database, open_database
from entrepot.figures import WorkFigures
from entrepot.fulfilment.group_commit import GroupCommit
from entrepot.fulfilment.place_batch import PlaceBatch
from entrepot.http.apis import Apis
from entrepot.http.application import Application
from entrepot.http.entrance import BusinessEntrance, Entrance
from entrepot.http.life import Life
from entrepot.http.operator_entrance import OperatorEntrance
from entrepot.http.pages import build_pages
from entrepot.operations.call import Platform
from entrepot.operations.orders.create_order import encode_outcome
from entrepot.operations.registry import CONTRACT, OPERATOR, SANDBOX, Api, load_operations
from entrepot.outbound.addresses import Reach
from entrepot.settings import LogLevel, Settings
from entrepot.work import loop
from entrepot.work.autopilot import autopilot
from entrepot.work.duties import DUTIES
from entrepot.work.duty import Duty
from entrepot.work.finish_operations import finish_operations_duty
from entrepot.work.follow_network import NetworkFollower
from entrepot.work.note_key_uses import note_key_uses
from entrepot.work.send_notifications import sending
from entrepot.work.share_limits import share_limits


def create_app(settings: Settings, database_url: str, *, works: bool = True) -> Application:
    """Make the application of one process; `works` says that it does its share of the duties."""
    load_operations()
    life = Life(partial(open_platform, settings, database_url, works=works))
    entrances = _entrances(settings)
    return Application(
        Apis(entrances),
        build_pages(life, console_routes(tuple(entrances))),
        life,
        log_answers=settings.log_level is LogLevel.DEBUG,
    )


def _entrances(settings: Settings) -> dict[Api, Entrance]:
    """Give the APIs that are served, each with the entrance to it."""
    business = BusinessEntrance()
    sandbox: dict[Api, Entrance] = {SANDBOX: business} if settings.sandbox else {}
    return {CONTRACT: business, OPERATOR: OperatorEntrance(), **sandbox}


@asynccontextmanager
async def open_platform(
    settings: Settings, database_url: str, *, works: bool = True
) -> AsyncIterator[Platform]:
    """Open everything an operation may reach, and close it in reverse order.

    Raises:
        StartRefused: the database is not one that this program works with.
        DatabaseUnavailable: it does not answer.
    """
    await check_server(database_url)
    async with AsyncExitStack() as stack:
        database = await open_database(database_url)
        stack.push_async_callback(database.close)
        await _decide_use(database, settings)
        # Apart from the others' connections: orders never wait for one, and those few server
        # processes have at hand what placing needs.
        placing_database = await open_database(
            database_url, connections_max=limits.PLACING_CONNECTIONS_MAX, pool_name="placing"
        )
        stack.push_async_callback(placing_database.close)
        reach = Reach.SANDBOX if settings.sandbox else Reach.PUBLIC
        notifying = await stack.enter_async_context(sending(reach))
        platform = await _build(database, placing_database, settings, notifying)
        platform.placing.start()
        stack.push_async_callback(platform.placing.close)
        await stack.enter_async_context(_working(platform, works=works))
        yield platform


async def _decide_use(database: Database, settings: Settings) -> None:
    """Make sure that a database in production is never a sandbox's, nor the other way round."""
    wanted = Use.SANDBOX if settings.sandbox else Use.PRODUCTION
    found = await database.transaction(lambda connection: decide_use(connection, wanted))
    if found is wanted:
        return
    if found is Use.PRODUCTION:
        why, help_ = "is in production: its clock does not move", "Serve it without --sandbox"
    else:
        why, help_ = "is a sandbox's", "Serve it with --sandbox"
    raise StartRefused(
        f"The database {why}. {help_}, or use another one (--data-dir, --database-url)."
    )


async def _build(
    database: Database, placing_database: Database, settings: Settings, notifying: Duty
) -> Platform:
    clock = Clock(movable=settings.sandbox)
    network = NetworkCache()
    await database.read(network.latest)
    order_ids = OrderIds(database)
    place_batch = PlaceBatch(
        placing_database,
        clock,
        network,
        order_ids,
        encode_outcome,
        days_ahead=settings.delivery_days_ahead,
    )
    return Platform(
        database=database,
        placing_database=placing_database,
        clock=clock,
        network=network,
        accounts=AccountsCache(database),
        placing=GroupCommit(place_batch.place, processes=settings.workers),
        order_ids=order_ids,
        working=WorkFigures(),
        page_tokens=PageTokens(await database.read(read_page_token_key)),
        delivery_days_ahead=settings.delivery_days_ahead,
        limiter=request_limiter(database, clock) if settings.limits_enabled else None,
        duties=(*_duties(settings, network), notifying),
        interval_changes_max=settings.interval_changes_max,
        operations_take=timedelta(milliseconds=settings.operation_duration_ms),
    )


def _duties(settings: Settings, network: NetworkCache) -> tuple[Duty, ...]:
    """Give what this service does later: also what depends on its settings."""
    pace_s = settings.autopilot
    return (
        *DUTIES,
        finish_operations_duty(network, settings.delivery_days_ahead),
        *(() if pace_s is None else (autopilot(pace_s),)),
    )


@asynccontextmanager
async def _working(platform: Platform, *, works: bool) -> AsyncIterator[None]:
    """Do what falls due for as long as the process serves."""
    stopping = asyncio.Event()
    duties = platform.duties if works else ()
    work = asyncio.create_task(
        loop.run(platform.database, platform.clock, duties, stopping, platform.working),
        name="work",
    )
    follower = NetworkFollower(platform.database, platform.network)
    noting = note_key_uses(platform.accounts.uses, platform.database, stopping)
    beside = [
        asyncio.create_task(follower.run(stopping), name="follow network"),
        asyncio.create_task(noting, name="note key uses"),
    ]
    if platform.limiter is not None:
        sharing = share_limits(platform.limiter, stopping)
        beside.append(asyncio.create_task(sharing, name="share limits"))
    try:
        yield
    finally:
        stopping.set()
        await work
        await asyncio.gather(*beside)
