"""`entrepot openapi`: the OpenAPI document of an API, or a table of what is in it."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from entrepot.cli.output import CommandRefused, JsonOption, say, show_rows

FileArgument = Annotated[
    Path | None, typer.Argument(help="Write the document into this file.", show_default=False)
]


class ApiName(StrEnum):
    """Which API: the contract's, or one of our own beside it."""

    CONTRACT = "contract"
    SANDBOX = "sandbox"
    OPERATOR = "operator"


class ListedOperation(msgspec.Struct, frozen=True):
    """An operation as the table shows it."""

    operation: str
    method: str
    path: str
    about: str


def openapi(
    file: FileArgument = None,
    api: Annotated[ApiName, typer.Option("--api", help="Which API.")] = ApiName.CONTRACT,
    as_json: JsonOption = False,
) -> None:
    """List the operations; with --json or a file, write the OpenAPI document (3.0.3)."""
    from entrepot.operations.openapi import openapi_document  # noqa: PLC0415
    from entrepot.operations.registry import (  # noqa: PLC0415
        APIS,
        load_operations,
        summary,
    )

    load_operations()
    chosen = next(one for one in APIS if one.name == api)
    if file is None and not as_json:
        declared = sorted(chosen.operations.values(), key=lambda one: (one.section, one.path))
        rows = [ListedOperation(one.id, one.method, one.path, summary(one)) for one in declared]
        show_rows(rows, as_json=False)
        return
    document = msgspec.json.encode(openapi_document(chosen))
    text = msgspec.json.format(document, indent=2).decode() + "\n"
    if file is None:
        typer.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise CommandRefused(f"{file} cannot be written: {reason}.") from error
    say(f"{file}: {len(chosen.operations)} operations.")
