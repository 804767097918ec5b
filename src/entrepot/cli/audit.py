"""`entrepot audit`: does everything still add up?"""

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrepot.cli.chosen_business import check_id, choose_business
from entrepot.cli.command_call import CommandCall, on_database
from entrepot.cli.output import ExitCode, note, progress, say
from entrepot.db.audit import AuditReport, Finding
from entrepot.limits import AUDIT_STATEMENT_S_MAX

if TYPE_CHECKING:
    from entrepot.db.transaction import Database


class ShownReport(msgspec.Struct, frozen=True, rename="camel"):
    """An audit's result."""

    findings: tuple[Finding, ...]
    rows_checked: int
    complete: bool


@on_database
def audit(
    call: CommandCall,
    business: Annotated[
        int | None,
        typer.Option(
            callback=check_id,
            metavar="ID",
            help="Only what belongs to this business alone; delivery slots are shared.",
        ),
    ] = None,
) -> None:
    """Recompute every balance from its rows, and name each row that disagrees.

    It may run beside a busy service. It ends with 1 when anything was found.
    """
    report = call.run(
        lambda database: _audit(database, business), statement_s_max=AUDIT_STATEMENT_S_MAX
    )
    if call.as_json:
        call.show(ShownReport(report.findings, report.rows_checked, report.complete))
    elif report.findings:
        call.show_rows(report.findings)
        note(f"{len(report.findings)} found, {report.rows_checked} rows checked.")
    else:
        say(f"Nothing found, {report.rows_checked} rows checked.")
    if not report.complete:
        note("There is more: the audit stopped here.")
    if report.findings:
        raise typer.Exit(ExitCode.REFUSED)


async def _audit(database: "Database", business_id: int | None) -> AuditReport:
    from entrepot.db.audit import audit as run_audit  # noqa: PLC0415
    from entrepot.db.audit import estimate_rows  # noqa: PLC0415

    if business_id is not None:
        await database.read(lambda connection: choose_business(connection, business_id))
    with progress("Auditing", await estimate_rows(database)) as advance:
        return await run_audit(database, business_id=business_id, advance=advance)
