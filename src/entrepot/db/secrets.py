"""Secrets of the service that every process of it shares."""

from entrepot.db.connection import Connection

_READ_PAGE_KEY = "SELECT value FROM secret WHERE name = 'page tokens'"


async def read_page_token_key(connection: Connection) -> bytes:
    """Give the key that page tokens are marked with; it is made once, with the table."""
    return bytes(await connection.fetchval(_READ_PAGE_KEY))
