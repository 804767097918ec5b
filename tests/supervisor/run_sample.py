"""Supervise the sample application: `run_sample.py PORT WORKERS DATABASE_URL METRICS_PORT`."""

import asyncio
import sys
from pathlib import Path

from entrepot.db.start_refused import StartRefused
from entrepot.settings import LogLevel, Settings
from entrepot.supervisor.listening import listen
from entrepot.supervisor.logs import configure_logging
from entrepot.supervisor.orders import WorkerOrders
from entrepot.supervisor.supervise import supervise


async def _main(port: int, workers: int, database_url: str, metrics_port: int) -> None:
    settings = Settings(
        data_dir=Path("/nowhere"),
        workers=workers,
        log_level=LogLevel.ERROR,
        metrics_port=metrics_port or None,
    )
    configure_logging(settings)
    orders = WorkerOrders(settings, database_url, app="tests.supervisor.sample_app:create_app")

    async def ready() -> None:
        print("ready", flush=True)  # noqa: T201 - the test waits for it

    await supervise(listen("127.0.0.1", port, workers), orders, on_ready=ready)


try:
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
except StartRefused as error:
    sys.exit(error.sentence)
