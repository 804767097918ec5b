"""getPickList: a pick list as it stands now."""

from entrepot.contract import operator_errors as errors
from entrepot.contract.errors import Refusal
from entrepot.db.connection import Connection
from entrepot.db.pick_lists import PickList, read_list
from entrepot.domain.operators import Role, works_in
from entrepot.operations.operator.calls import OperatorCall
from entrepot.operations.operator.views import PickListView, show_pick_list
from entrepot.operations.registry import OPERATOR, Method, operation


@operation(
    "getPickList",
    Method.GET,
    "/operator/v1/businesses/{businessId}/pick-lists/{pickListId}",
    api=OPERATOR,
    roles=(Role.ADMIN, Role.WAREHOUSE, Role.SUPPORT),
    section="picking",
)
async def get_pick_list(
    call: OperatorCall, business_id: int, pick_list_id: int
) -> PickListView | Refusal:
    """Show a pick list as it stands now: what is picked, what is left, what was put aside."""

    async def read(connection: Connection) -> PickList | None:
        return await read_list(connection, business_id, pick_list_id)

    found = await call.platform.database.read(read)
    if found is None:
        return errors.NO_SUCH_PICK_LIST(pick_list_id=pick_list_id)
    if not works_in(call.key, found.warehouse_id):
        return errors.WAREHOUSE_NOT_ALLOWED(warehouse_id=found.warehouse_id)
    return show_pick_list(found)
