"""Refusals of the operator's API: codes that a scanner's program can tell apart, and sentences.

They travel in the contract's envelope. The codes are ours, and stand in the API's documentation.
"""

from enum import StrEnum

from entrepot.contract.errors import Template


class OperatorCode(StrEnum):
    """Why the operator's API refuses, where the contract has no word for it."""

    ROLE_NOT_ALLOWED = "ROLE_NOT_ALLOWED"
    WAREHOUSE_NOT_ALLOWED = "WAREHOUSE_NOT_ALLOWED"
    NOT_FOUND = "NOT_FOUND"
    NOTHING_TO_PICK = "NOTHING_TO_PICK"
    WRONG_ITEM = "WRONG_ITEM"
    TOO_MANY = "TOO_MANY"
    SCAN_ID_REUSED = "SCAN_ID_REUSED"
    NOT_TO_BE_PICKED = "NOT_TO_BE_PICKED"
    SHORTAGE = "SHORTAGE"
    BEING_CANCELLED = "BEING_CANCELLED"
    NOT_PICKED = "NOT_PICKED"
    ALREADY_PACKED = "ALREADY_PACKED"
    NOTHING_TO_PUT_BACK = "NOTHING_TO_PUT_BACK"
    NOT_A_PARCEL = "NOT_A_PARCEL"
    HANDED_OVER_ELSEWHERE = "HANDED_OVER_ELSEWHERE"
    HANDOVER_FULL = "HANDOVER_FULL"
    CARRIER_REFUSES = "CARRIER_REFUSES"
    RECEIVE_CODE = "RECEIVE_CODE"
    BAD_FIELD = "BAD_FIELD"
    SEARCH_TOO_WIDE = "SEARCH_TOO_WIDE"
    SUBSCRIPTION_IMPOSSIBLE = "SUBSCRIPTION_IMPOSSIBLE"


ROLE_NOT_ALLOWED = Template(
    403, OperatorCode.ROLE_NOT_ALLOWED, "The role {role} may not do this; allowed: {allowed}"
)
WAREHOUSE_NOT_ALLOWED = Template(
    403, OperatorCode.WAREHOUSE_NOT_ALLOWED, "The key does not work in warehouse {warehouse_id}"
)
NO_SUCH_WAREHOUSE = Template(404, OperatorCode.NOT_FOUND, "Warehouse not found: {warehouse_id}")
NO_SUCH_BUSINESS = Template(404, OperatorCode.NOT_FOUND, "Business not found: {business_id}")
NO_SUCH_PICK_LIST = Template(404, OperatorCode.NOT_FOUND, "Pick list not found: {pick_list_id}")
NO_SUCH_HANDOVER = Template(404, OperatorCode.NOT_FOUND, "Hand-over not found: {handover_id}")
NO_SUCH_SUBSCRIPTION = Template(
    404, OperatorCode.NOT_FOUND, "Subscription not found: {subscription_id}"
)
SUBSCRIPTION_IMPOSSIBLE = Template(
    400, OperatorCode.SUBSCRIPTION_IMPOSSIBLE, "This cannot be done: {reason}"
)
NO_SUCH_CARRIER = Template(
    400, OperatorCode.NOT_FOUND, "Carrier not found: {carrier}; known: {known}"
)
NOTHING_TO_PICK = Template(
    400, OperatorCode.NOTHING_TO_PICK, "Nothing waits to be picked in warehouse {warehouse_id}"
)
WRONG_ITEM = Template(
    400, OperatorCode.WRONG_ITEM, "Not on this pick list: {scanned}. Put it back on its shelf"
)
TOO_MANY = Template(
    400,
    OperatorCode.TOO_MANY,
    "Too many of {offer_id}: {left} are still to be picked, not {pieces}",
)
SCAN_ID_REUSED = Template(
    400, OperatorCode.SCAN_ID_REUSED, "scanId was already used for another scan: {scan_id}"
)
NOT_TO_BE_PICKED = Template(
    400, OperatorCode.NOT_TO_BE_PICKED, "Order {order_id} is not to be picked: it is {standing}"
)
NOT_OF_ORDER = Template(
    400, OperatorCode.WRONG_ITEM, "Order {order_id} has no offer {offer_id} that could be short"
)
MISSING_TOO_MANY = Template(
    400, OperatorCode.TOO_MANY, "Order {order_id} has {count} of {offer_id}: {missing} cannot miss"
)
STILL_SHORT = Template(
    400,
    OperatorCode.SHORTAGE,
    "Order {order_id} cannot go on, not enough in stock: {offer_ids}",
)
BEING_CANCELLED = Template(
    400, OperatorCode.BEING_CANCELLED, "Order {order_id} is being cancelled: it must not leave"
)
NOT_PICKED = Template(
    400, OperatorCode.NOT_PICKED, "Order {order_id} is not ready to be packed: it is {standing}"
)
ALREADY_PACKED = Template(
    400, OperatorCode.ALREADY_PACKED, "Order {order_id} is packed already, otherwise than this"
)
NOTHING_TO_PUT_BACK = Template(
    400,
    OperatorCode.NOTHING_TO_PUT_BACK,
    "Order {order_id} has no goods to put back: it is not cancelled, or was never begun with",
)
NOT_A_PARCEL = Template(
    400, OperatorCode.NOT_A_PARCEL, "That is no parcel of this warehouse: {scanned}"
)
NOT_PACKED = Template(
    400, OperatorCode.NOT_PICKED, "Order {order_id} has no parcels: it is {standing}"
)
HANDED_OVER_ELSEWHERE = Template(
    400,
    OperatorCode.HANDED_OVER_ELSEWHERE,
    "Parcel {parcel} stands on hand-over {handover_id} already, which is another carrier's",
)
HANDOVER_FULL = Template(
    400,
    OperatorCode.HANDOVER_FULL,
    "Hand-over {handover_id} has {parcels} parcels: close it, and scan again",
)
CARRIER_REFUSES = Template(
    400, OperatorCode.CARRIER_REFUSES, "{carrier} does not take order {order_id}: {reason}"
)
NOT_ITS_CARRIER = Template(
    403, OperatorCode.ROLE_NOT_ALLOWED, "Order {order_id} was not handed to carrier {carrier}"
)
RECEIVE_CODE_MISSING = Template(
    400,
    OperatorCode.RECEIVE_CODE,
    "Order {order_id} is handed out against its receive code only: receiveCode is missing",
)
RECEIVE_CODE_TRIES = Template(
    400,
    OperatorCode.RECEIVE_CODE,
    "Too many wrong receive codes for order {order_id}: only an administrator can hand it out now",
)
BAD_FIELD = Template(400, OperatorCode.BAD_FIELD, "{field} {problem}")
SEARCH_TOO_WIDE = Template(
    400,
    OperatorCode.SEARCH_TOO_WIDE,
    "Name what to look for: orderIds, externalOrderIds, phone, lastName, or a business with days",
)
