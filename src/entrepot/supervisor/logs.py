"""How every process of the service logs: one line an event, on stderr."""

import logging
import sys

import structlog

from entrepot.settings import LogFormat, Settings
from entrepot.supervisor.fault_text import fault_text
from entrepot.supervisor.masking import mask_event


def configure_logging(settings: Settings) -> None:
    """Send structlog's events and the libraries' log records the same way."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(fault_text),
        mask_event,
    ]
    if settings.log_format is LogFormat.JSON:
        renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # That a worker started, or which revision ran, is told by those who asked for it. And which
    # letters a label's font was cut down to are those of a recipient.
    for chatty in ("uvicorn", "alembic", "fontTools", "fpdf"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
    # Its connections are tried again by whoever needs one, and who could not have one says so.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)
