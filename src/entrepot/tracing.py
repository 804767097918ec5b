"""OpenTelemetry traces: a request, the batch that places its order, the transaction of that.

Off unless `start_tracing` was called; then whoever asks finds `tracer()` empty, which is all that
it costs. Spans hold names and counts, never what a request or a row says, and no texts of errors.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import SpanContext, Tracer

Attribute: TypeAlias = str | int | float | bool

_PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


class _Switch:
    tracer: "Tracer | None" = None


_switch = _Switch()


def missing_packages() -> list[str]:
    """Name the packages of the extra `tracing` that are not installed."""
    missing = []
    for package in _PACKAGES:
        try:
            found = find_spec(package)
        except ModuleNotFoundError:  # of a package above it
            found = None
        if found is None:
            missing.append(package)
    return missing


def start_tracing(endpoint: str) -> None:
    """Send spans to a collector (OTLP over HTTP) from now on, by a thread of its own.

    The standard variables count: `OTEL_TRACES_SAMPLER`, `OTEL_EXPORTER_OTLP_HEADERS`, and so on.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )

    trace_to(OTLPSpanExporter(endpoint=endpoint))


def trace_to(exporter: "SpanExporter") -> None:
    """Give spans to an exporter from now on."""
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": "entrepot"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    _switch.tracer = provider.get_tracer("entrepot")


def stop_tracing() -> None:
    """Make no more spans."""
    _switch.tracer = None


def is_tracing() -> bool:
    """Tell whether spans are made."""
    return _switch.tracer is not None


def current_span() -> "SpanContext | None":
    """Give the span that is under way here, to be linked to; None when there are no traces."""
    if _switch.tracer is None:
        return None
    from opentelemetry.trace import get_current_span  # noqa: PLC0415

    return get_current_span().get_span_context()


@contextmanager
def span(
    name: str,
    *,
    links: Sequence["SpanContext | None"] = (),
    parent: str | None = None,
    **attributes: Attribute,
) -> Iterator[None]:
    """Make what happens within one span.

    Args:
        name: of the span.
        links: spans of others that it works for.
        parent: the caller's `traceparent` header, if it sent one.
        attributes: what to tell of it.
    """
    tracer = _switch.tracer
    if tracer is None:
        yield
        return
    from opentelemetry.trace import Link, SpanKind  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
        TraceContextTextMapPropagator,
    )

    context = TraceContextTextMapPropagator().extract({"traceparent": parent}) if parent else None
    with tracer.start_as_current_span(
        name,
        context=context,
        kind=SpanKind.INTERNAL if parent is None else SpanKind.SERVER,
        links=[Link(one) for one in links if one is not None],
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ):
        yield
