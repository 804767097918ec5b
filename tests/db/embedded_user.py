"""A process that uses the embedded PostgreSQL: `embedded_user.py DATA_DIR`.

Prints the database's URL, stays until its input ends, and prints "left" when it has let go.
"""

import asyncio
import sys
from pathlib import Path

from entrepot.db.embedded import embedded_postgres
from entrepot.db.start_refused import StartRefused


async def _use(data_dir: Path) -> None:
    async with embedded_postgres(data_dir) as url:
        print(url, flush=True)  # noqa: T201 - the test waits for it
        await asyncio.to_thread(sys.stdin.read)
    print("left", flush=True)  # noqa: T201


try:
    asyncio.run(_use(Path(sys.argv[1])))
except StartRefused as refusal:
    sys.exit(refusal.sentence)
