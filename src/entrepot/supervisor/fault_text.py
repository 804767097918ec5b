"""A fault as the log tells it: where and what, without anybody's personal data.

PostgreSQL quotes whole rows in the details of its errors, and its driver the values of
arguments; so of their errors only the SQLSTATE and the plain message are written. Python and its
libraries quote values in quotation marks; what stands in them is not written. Values of local
variables are never shown.
"""

import re
import traceback
from collections.abc import Iterator
from types import TracebackType

from asyncpg.exceptions import DataError, InterfaceError, PostgresError

from entrepot.db.transaction import sqlstate

CAUSES_MAX = 10
FRAMES_MAX = 40

_QUOTED = re.compile(r"""(?s)'[^']*'|"[^"]*"|`[^`]*`""")

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def fault_text(exc_info: ExcInfo) -> str:
    """Write a fault and what caused it, the last first."""
    return "".join(_lines(exc_info[1])).rstrip()


def _lines(error: BaseException) -> Iterator[str]:
    one: BaseException | None = error
    for _ in range(CAUSES_MAX):
        if one is None:
            return
        if one is not error:
            yield "after:\n"
        yield from traceback.format_tb(one.__traceback__, -FRAMES_MAX)
        yield f"{type(one).__name__}: {_message(one)}\n"
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _message(error: BaseException) -> str:
    if isinstance(error, DataError | InterfaceError):
        return "(not shown: it may quote values)"
    if isinstance(error, PostgresError):
        return f"{sqlstate(error)} {error.args[0] if error.args else ''}"
    if type(error).__module__.startswith("entrepot."):
        return str(error)  # ours say what they may
    return _QUOTED.sub("…", str(error))
