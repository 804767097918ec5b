"""`entrepot serve`: the database, the demo world if asked for, and the service over them."""

import asyncio
import contextlib
import functools
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from entrepot.cli.database import (
    ConfigOption,
    DatabaseUrlOption,
    DataDirOption,
    command_database,
    read_settings,
)
from entrepot.cli.entry import INTERRUPTED
from entrepot.cli.output import activity
from entrepot.settings import LogFormat, LogLevel, Settings, description

if TYPE_CHECKING:
    from entrepot.demo.seed import DemoWorld


def _option(setting: str, *flags: str, metavar: str | None = None) -> typer.models.OptionInfo:
    """A flag with the setting's own description; None means that it was not given."""
    option: typer.models.OptionInfo = typer.Option(
        *flags, help=description(setting).replace("`", ""), show_default=False, metavar=metavar
    )
    return option


def serve(
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
    data_dir: DataDirOption = None,
    host: Annotated[str | None, _option("host", "--host")] = None,
    port: Annotated[int | None, _option("port", "--port")] = None,
    workers: Annotated[int | None, _option("workers", "--workers")] = None,
    demo: Annotated[bool | None, _option("demo", "--demo")] = None,
    sandbox: Annotated[bool | None, _option("sandbox", "--sandbox")] = None,
    autopilot: Annotated[int | None, _option("autopilot", "--autopilot", metavar="[PACE]")] = None,
    no_limits: Annotated[
        bool, typer.Option("--no-limits", help="Do not enforce request limits: benches and tests.")
    ] = False,
    metrics_host: Annotated[str | None, _option("metrics_host", "--metrics-host")] = None,
    metrics_port: Annotated[int | None, _option("metrics_port", "--metrics-port")] = None,
    traces_endpoint: Annotated[str | None, _option("traces_endpoint", "--traces-endpoint")] = None,
    ready_file: Annotated[Path | None, _option("ready_file", "--ready-file")] = None,
    delivery_days_ahead: Annotated[
        int | None, _option("delivery_days_ahead", "--delivery-days-ahead")
    ] = None,
    operation_duration_ms: Annotated[
        int | None, _option("operation_duration_ms", "--operation-duration-ms")
    ] = None,
    interval_changes_max: Annotated[
        int | None, _option("interval_changes_max", "--interval-changes-max")
    ] = None,
    log_level: Annotated[LogLevel | None, _option("log_level", "--log-level")] = None,
    log_format: Annotated[LogFormat | None, _option("log_format", "--log-format")] = None,
) -> None:
    """Run the service until Ctrl-C or SIGTERM; requests in flight are finished."""
    settings = read_settings(
        config,
        database_url=database_url,
        data_dir=data_dir,
        host=host,
        port=port,
        workers=workers,
        demo=demo,
        sandbox=sandbox,
        autopilot=autopilot,
        limits_enabled=False if no_limits else None,
        metrics_host=metrics_host,
        metrics_port=metrics_port,
        traces_endpoint=traces_endpoint,
        ready_file=ready_file,
        delivery_days_ahead=delivery_days_ahead,
        operation_duration_ms=operation_duration_ms,
        interval_changes_max=interval_changes_max,
        log_level=log_level,
        log_format=log_format,
    )
    try:
        asyncio.run(_serve(settings))
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise typer.Exit(INTERRUPTED) from None  # asked to stop before it was up


async def _serve(settings: Settings) -> None:
    # Imported here so that `entrepot serve --help` need not wait for them.
    from entrepot.cli.welcome import announce, fresh_ready_file  # noqa: PLC0415
    from entrepot.supervisor.listening import listen  # noqa: PLC0415
    from entrepot.supervisor.logs import configure_logging  # noqa: PLC0415
    from entrepot.supervisor.orders import WorkerOrders  # noqa: PLC0415
    from entrepot.supervisor.supervise import supervise  # noqa: PLC0415

    configure_logging(settings)
    _require_tracing(settings)
    _cancel_on_signals()
    async with contextlib.AsyncExitStack() as stack:
        listeners = listen(settings.host, settings.port, settings.workers)
        for listener in listeners:
            stack.enter_context(contextlib.closing(listener))
        stack.enter_context(fresh_ready_file(settings.ready_file))
        with activity("Starting the database"):
            database_url = await stack.enter_async_context(command_database(settings))
        world = await _make_demo_world(settings, database_url) if settings.demo else None
        await supervise(
            listeners,
            WorkerOrders(settings, database_url),
            on_ready=functools.partial(announce, settings, listeners, world),
        )


def _require_tracing(settings: Settings) -> None:
    from entrepot.db.start_refused import StartRefused  # noqa: PLC0415
    from entrepot.tracing import missing_packages  # noqa: PLC0415

    if settings.traces_endpoint is not None and (missing := missing_packages()):
        raise StartRefused(
            f"Traces need {', '.join(missing)}: install the extra entrepot[tracing]."
        )


async def _make_demo_world(settings: Settings, database_url: str) -> "DemoWorld":
    from entrepot.demo.seed import seed_demo  # noqa: PLC0415

    with activity("Making the demo world"):
        return await seed_demo(database_url, settings.data_dir)


def _cancel_on_signals() -> None:
    """Until the service runs a signal simply unwinds what was begun."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
