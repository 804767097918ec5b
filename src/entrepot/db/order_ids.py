"""Order ids, taken from PostgreSQL in blocks and handed out without asking.

Ids are unique for ever and below 2^53; they are not dense and not in order of creation (pages
go by creation time). After a lost connection the block is dropped: a server that failed over
may hand the same block out again.
"""

import asyncio

from entrepot.db.connection import Connection
from entrepot.db.transaction import Database

BLOCK_SIZE = 1_000

_NEXT_BLOCK = "SELECT nextval('order_id_block')"


class OrderIds:
    """A process's supply of order ids."""

    def __init__(self, database: Database) -> None:
        """Start without a block; the first id asks for one."""
        self._database = database
        self._next = self._end = 0
        self._asking = asyncio.Lock()

    def at_hand(self, count: int) -> tuple[int, ...] | None:
        """Hand out ids as `take` does, but without asking: None when the block has too few."""
        upto = self._next + count
        if upto > self._end:
            return None
        taken = tuple(range(self._next, upto))
        self._next = upto
        return taken

    async def take(self, count: int) -> tuple[int, ...]:
        """Hand out ids, each exactly once.

        Raises:
            DatabaseUnavailable: a new block is needed and the server cannot be asked.
        """
        taken: list[int] = []
        while len(taken) < count:
            if self._next == self._end:
                await self._refill()
            upto = min(self._end, self._next + count - len(taken))
            taken.extend(range(self._next, upto))
            self._next = upto
        return tuple(taken)

    def drop(self) -> None:
        """Forget the rest of the block."""
        self._next = self._end = 0

    async def _refill(self) -> None:
        async with self._asking:
            if self._next != self._end:
                return
            block: int = await self._database.read(_next_block)
            self._next, self._end = block * BLOCK_SIZE, (block + 1) * BLOCK_SIZE


async def _next_block(connection: Connection) -> int:
    block: int = await connection.fetchval(_NEXT_BLOCK)
    return block
