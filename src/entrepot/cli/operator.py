"""`entrepot operator`: what concerns the operator's own people."""

import typer

from entrepot.cli.carrier_events import app as events
from entrepot.cli.operator_keys import app as keys

app = typer.Typer(no_args_is_help=True)
app.add_typer(keys, name="keys")
app.add_typer(events, name="events")


@app.callback()
def _operator() -> None:
    """Keys of the operator's people, and their files."""
