"""Keys of the demo's operator: one for each role."""

from entrepot.db.connection import Connection
from entrepot.db.operator_keys import (
    IssuedOperatorKey,
    create_operator_key,
    fetch_operator_key,
    list_operator_keys,
    revoke_operator_key,
)
from entrepot.domain.api_key import parse_operator_token
from entrepot.domain.carriers import OWN_FLEET
from entrepot.domain.operators import Role

OPERATOR_KEYS_FILE = "demo-operator-keys.json"
_NAME_PREFIX = "demo: "


async def seed_operator_keys(
    connection: Connection, known: dict[str, str], *, warehouse_id: int
) -> dict[str, str]:
    """Keep the keys whose tokens are known and in force; replace and revoke the others.

    The key of the role WAREHOUSE works in one warehouse.
    """
    kept: dict[str, str] = {}
    kept_ids: set[int] = set()
    for role in Role:
        token_hash = parse_operator_token(known.get(role, ""))
        if not isinstance(token_hash, bytes):
            continue
        key = await fetch_operator_key(connection, token_hash)
        if key is not None and not key.revoked:
            kept[role] = known[role]
            kept_ids.add(key.id)
    for listed in await list_operator_keys(connection):
        ours = listed.key.name.startswith(_NAME_PREFIX)
        if ours and not listed.key.revoked and listed.key.id not in kept_ids:
            await revoke_operator_key(connection, listed.key.id)
    for role in Role:
        if role not in kept:
            issued = await create_operator_key(
                connection,
                _NAME_PREFIX + role.lower(),
                role,
                warehouse_ids={warehouse_id} if role is Role.WAREHOUSE else None,
                carrier=OWN_FLEET.id if role is Role.CARRIER else None,
            )
            assert isinstance(issued, IssuedOperatorKey)
            kept[role] = issued.token
    return {role.value: kept[role] for role in Role}
