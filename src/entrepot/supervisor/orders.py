"""What the supervisor tells a worker, in one line through the pipe that binds them."""

from pathlib import Path

import msgspec

from entrepot.settings import Settings, decode_path

APP = "entrepot.app:create_app"


class WorkerOrders(msgspec.Struct, frozen=True):
    """A worker's whole knowledge. Not in its arguments: the database's URL may hold a password.

    `app` names the function that makes the application, as `module:name`.
    """

    settings: Settings
    database_url: str
    app: str = APP


def orders_to_line(orders: WorkerOrders) -> bytes:
    return msgspec.json.encode(orders, enc_hook=_encode) + b"\n"


def orders_from_line(line: bytes) -> WorkerOrders:
    return msgspec.json.decode(line, type=WorkerOrders, dec_hook=decode_path)


def _encode(value: object) -> str:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(type(value))
