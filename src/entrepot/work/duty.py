"""What a duty is: a kind of thing that happens later.

Each such thing is a row with a state and a moment at which it falls due. A duty does what is
due, in bounded pieces, whichever process comes first; a moved clock goes from one such moment
to the next, so each duty also says when that is.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec

from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database

Do = Callable[[Database, Clock], Awaitable[int]]
NextDue = Callable[[Connection], Awaitable[datetime | None]]


class Duty(msgspec.Struct, frozen=True):
    """One kind of thing that happens later.

    `do` does some of what is due now and tells how much it did; 0 says that nothing is left for
    this process at the moment. It is bounded, idempotent (a crash in the middle is a repeat),
    and several processes may be in it at once.

    `next_due` gives the moment at which the earliest row that waits falls due, by index; None
    when none waits. A row that some process is in the middle of still waits: it counts until
    its outcome is written, so that whoever moves the clock knows when everything has been done.
    A claim on a row therefore runs out by PostgreSQL's own time, never by the clock of `NOW_SQL`,
    which may stand still. What nobody can tell apart may be gathered: a moment may be named that
    is later than the earliest row's, never an earlier one.
    """

    name: str
    do: Do
    next_due: NextDue


async def not_by_the_clock(_connection: Connection) -> datetime | None:
    """Say of a duty that nothing of it falls due by the clock: it tidies up as time really goes."""
    return None
