"""Stored answers are forgotten a day after they were given."""

from entrepot import limits
from entrepot.db import stored_answers
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database
from entrepot.work.duty import Duty


async def forget_answers(database: Database, clock: Clock) -> int:
    """Remove some answers past their day; gives how many."""

    async def work(connection: Connection) -> int:
        now = await clock.now(connection)
        return await stored_answers.forget_expired(
            connection, now, limits.FORGOTTEN_ANSWERS_PER_TRANSACTION_MAX
        )

    return await database.transaction(work)


FORGET_ANSWERS = Duty("forget answers", forget_answers, stored_answers.next_forgotten)
