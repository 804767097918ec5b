"""The engine and the session of a request."""

import os
from collections.abc import AsyncIterator
from typing import Annotated

import asyncpg
from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine


async def _connect() -> asyncpg.Connection:
    # asyncpg reads the URL itself: SQLAlchemy does not know every form libpq's URLs have.
    connection: asyncpg.Connection = await asyncpg.connect(  # type: ignore[no-untyped-call]
        os.environ["BENCH_DATABASE_URL"],
        server_settings={"application_name": "fastapi", "lock_timeout": "5s", "jit": "off"},
    )
    return connection


engine = create_async_engine(
    "postgresql+asyncpg://", async_creator=_connect, pool_size=24, max_overflow=8
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


async def get_session() -> AsyncIterator[AsyncSession]:
    """Give a request its session; what it did not commit is rolled back."""
    async with sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]
