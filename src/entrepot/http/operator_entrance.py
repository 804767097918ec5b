"""The entrance to the operator's API: keys with roles, bound to warehouses or to a carrier.

Least privilege is kept here, for every operation alike: the role, the warehouse in the path, and
the warehouse of the order in the path.
"""

from entrepot.contract import operator_errors as errors
from entrepot.contract.errors import ORDER_NOT_FOUND, Refusal
from entrepot.db.connection import Connection
from entrepot.db.recipients import read_warehouse_of
from entrepot.domain.operators import OperatorKey, Role, works_in
from entrepot.http.access import Arguments, read_path
from entrepot.http.authentication import authenticate_operator
from entrepot.http.endpoint import Endpoint
from entrepot.http.entrance import Admitted
from entrepot.http.request import Request
from entrepot.operations.call import Platform
from entrepot.operations.operator.calls import OperatorCall

Path = dict[str, int | str]


class OperatorEntrance:
    """Lets the operator's people and carriers in, each to what their role is for."""

    async def admit(self, request: Request, platform: Platform) -> Admitted | Refusal:
        """Let the holder of an operator's key in."""
        endpoint = request.endpoint
        key = await authenticate_operator(request.headers, platform.accounts)
        if isinstance(key, Refusal):
            return key
        if key.role not in endpoint.roles:
            allowed = ", ".join(role for role in Role if role in endpoint.roles)
            return errors.ROLE_NOT_ALLOWED(role=key.role, allowed=allowed)
        path = read_path(endpoint, request.values)
        if isinstance(path, Refusal):
            return path
        arguments = await _arguments(endpoint, path, key, platform)
        return arguments if isinstance(arguments, Refusal) else (key, arguments)

    def call(self, caller: object, request: Request, raw_body: bytes, platform: Platform) -> object:
        """Give the call of an operator's key."""
        del request, raw_body
        assert isinstance(caller, OperatorKey)
        return OperatorCall(platform=platform, key=caller)


async def _arguments(
    endpoint: Endpoint, path: Path, key: OperatorKey, platform: Platform
) -> Arguments | Refusal:
    """Check what the path names, and give what it stands for."""
    arguments: Arguments = {
        parameter.argument: path[parameter.name]
        for parameter in endpoint.path_parameters
        if parameter.argument in endpoint.takes
    }
    if "warehouseId" in path:
        warehouse_id = int(path["warehouseId"])
        if not works_in(key, warehouse_id):
            return errors.WAREHOUSE_NOT_ALLOWED(warehouse_id=warehouse_id)
        network = await platform.database.read(platform.network.latest)
        warehouse = network.warehouses.get(warehouse_id)
        if warehouse is None:
            return errors.NO_SUCH_WAREHOUSE(warehouse_id=warehouse_id)
        if "warehouse" in endpoint.takes:
            arguments["warehouse"] = warehouse
    if "businessId" in path:
        refusal = await _refuse_business(path, key, platform)
        if refusal is not None:
            return refusal
    return arguments


async def _refuse_business(path: Path, key: OperatorKey, platform: Platform) -> Refusal | None:
    business_id = int(path["businessId"])
    if await platform.accounts.business(business_id) is None:
        return errors.NO_SUCH_BUSINESS(business_id=business_id)
    if "orderId" not in path or key.warehouse_ids is None:
        return None
    order_id = int(path["orderId"])

    async def read(connection: Connection) -> int | None:
        return await read_warehouse_of(connection, business_id, order_id)

    warehouse_id = await platform.database.read(read)
    if warehouse_id is None:
        return ORDER_NOT_FOUND(order_id=order_id)
    if not works_in(key, warehouse_id):
        return errors.WAREHOUSE_NOT_ALLOWED(warehouse_id=warehouse_id)
    return None
