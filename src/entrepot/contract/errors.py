"""Refusals of the contract: codes, message templates, and the envelope they travel in.

The templates are those of the contract's error pages (reference `errors.md` sections 3 to 5);
where its pages give no code for a message, the code is chosen from its published list. Words
in braces are filled in; nothing else of a message varies, so clients may match on it.
"""

from enum import StrEnum

import msgspec


class Code(StrEnum):
    """Codes of the contract's published vocabulary that Entrepot answers with."""

    BAD_REQUEST = "BAD_REQUEST"
    UNAUTHORIZED = "UNAUTHORIZED"
    FORBIDDEN = "FORBIDDEN"
    API_DISABLED = "API_DISABLED"
    CAMPAIGN_TYPE_NOT_SUPPORTED = "CAMPAIGN_TYPE_NOT_SUPPORTED"
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    REQUEST_LIMIT_EXCEEDED = "REQUEST_LIMIT_EXCEEDED"
    MISSING_PARAM = "MISSING_PARAM"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    NOT_ENOUGH_STOCK = "NOT_ENOUGH_STOCK"
    OFFER_NOT_FOUND = "OFFER_NOT_FOUND"
    DUPLICATE_OFFER = "DUPLICATE_OFFER"
    INVALID_CURRENCY = "INVALID_CURRENCY"
    INVALID_WAREHOUSE_ID = "INVALID_WAREHOUSE_ID"
    INVALID_ITEM_DIMENSIONS = "INVALID_ITEM_DIMENSIONS"
    INVALID_DELIVERY_OPTION = "INVALID_DELIVERY_OPTION"
    INVALID_DELIVERY_TYPE = "INVALID_DELIVERY_TYPE"
    COULD_NOT_FIND_COORDS = "COULD_NOT_FIND_COORDS"
    CANT_DELIVER_ORDER_TO_ADDRESS = "CANT_DELIVER_ORDER_TO_ADDRESS"
    ORDER_ALREADY_EXISTS = "ORDER_ALREADY_EXISTS"
    ORDER_MODIFICATION_NOT_ALLOWED = "ORDER_MODIFICATION_NOT_ALLOWED"
    STATUS_NOT_ALLOWED = "STATUS_NOT_ALLOWED"
    SUBSTATUS_NOT_ALLOWED = "SUBSTATUS_NOT_ALLOWED"
    ORDER_IN_TERMINAL_STATE = "ORDER_IN_TERMINAL_STATE"
    CANCELLATION_REQUESTED = "CANCELLATION_REQUESTED"


class ApiError(msgspec.Struct, frozen=True):
    """One entry of the envelope's `errors`."""

    code: str
    message: str


class ErrorEnvelope(msgspec.Struct, frozen=True, tag_field="status", tag="ERROR"):
    """The one shape of every refusal (`ApiErrorResponse`)."""

    errors: list[ApiError]


class Refusal(msgspec.Struct, frozen=True):
    """What a caller did that cannot be done: an HTTP status, a code and a message.

    The code is the contract's, or of an API of our own (`operator_errors`).
    """

    http_status: int
    code: StrEnum
    message: str

    def envelope(self) -> ErrorEnvelope:
        """Give the body of the answer."""
        return ErrorEnvelope([ApiError(self.code, self.message)])


class Template(msgspec.Struct, frozen=True):
    """A message of the contract with its HTTP status and code."""

    http_status: int
    code: StrEnum
    text: str

    def __call__(self, **words: object) -> Refusal:
        """Fill in the placeholders."""
        return Refusal(self.http_status, self.code, self.text.format(**words))


def listed(values: list[str] | tuple[str, ...], shown_max: int = 20) -> str:
    """Join names for a message, bounded so that a message stays readable."""
    more = len(values) - shown_max
    text = ", ".join(values[:shown_max])
    return f"{text} and {more} more" if more > 0 else text


# Section 3: every operation. `field` is a path such as order.itemsDelivery[0].items[2].count.
MUST_NOT_BE_NULL = Template(
    400, Code.BAD_REQUEST, "{field} must not be null (rejected value: null)"
)
ELEMENTS_NOT_NULL = Template(
    400, Code.BAD_REQUEST, "{field} elements must be not null (rejected value: null)"
)
MUST_NOT_BE_EMPTY = Template(
    400, Code.BAD_REQUEST, "{field} must not be empty (rejected value: {value})"
)
MUST_BE_GREATER = Template(
    400, Code.BAD_REQUEST, "{field} must be greater than {bound} (rejected value: {value})"
)
MUST_BE_AT_LEAST = Template(
    400,
    Code.BAD_REQUEST,
    "{field} must be greater than or equal to {bound} (rejected value: {value})",
)
MUST_BE_AT_MOST = Template(
    400, Code.BAD_REQUEST, "{field} must be less than or equal to {bound} (rejected value: {value})"
)
MUST_MATCH = Template(
    400, Code.BAD_REQUEST, "{field} must match {pattern} (rejected value: {value})"
)
SIZE_BETWEEN = Template(
    400,
    Code.BAD_REQUEST,
    "{field} size must be between {least} and {most} (rejected size: {size})",
)
LENGTH_BETWEEN = Template(
    400,
    Code.BAD_REQUEST,
    "{field} size must be between {least} and {most} (rejected value: {value})",
)
ILLEGAL_INPUT = Template(
    400, Code.BAD_REQUEST, "Illegal input at {path}: {reason} (rejected value: {value})"
)
MALFORMED_JSON = Template(400, Code.BAD_REQUEST, "JSON: {message}")
BODY_MISSING = Template(400, Code.BAD_REQUEST, "Required request body is missing")
UNEXPECTED_END = Template(400, Code.BAD_REQUEST, "Unexpected end of content")
PARAMETER_MISSING = Template(
    400, Code.MISSING_PARAM, "Required request parameter {param} is not present"
)
TYPE_MISMATCH = Template(400, Code.BAD_REQUEST, "Type mismatch: {value}")
BODY_TOO_BIG = Template(
    400,
    Code.BAD_REQUEST,
    "The request is too big: Maximum allowed request size must be less than {max_kb} KB, "
    "but passed {size_mb} MB",
)
HEAD_TOO_BIG = Template(
    400, Code.BAD_REQUEST, "The request is too big: more than {max_kb} KB before its body"
)
NOT_HTTP = Template(400, Code.BAD_REQUEST, "Illegal input at request: not valid HTTP")
CAMPAIGN_TYPE = Template(
    400,
    Code.CAMPAIGN_TYPE_NOT_SUPPORTED,
    "Campaign type is not allowed. Allowed campaign types: {types}",
)
HEADER_BUSINESS_MALFORMED = Template(
    400, Code.BAD_REQUEST, "Incorrect X-Business-Id header value: {value}"
)
HEADER_BUSINESS_MISMATCH = Template(
    400,
    Code.BAD_REQUEST,
    "URL businessId ({url_business_id}) does not match businessId in X-Business-Id header "
    "({header_business_id})",
)
BAD_PAGE_TOKEN = Template(400, Code.BAD_REQUEST, "Bad page token")
LIMIT_TOO_LARGE = Template(
    400,
    Code.BAD_REQUEST,
    "Parameter limit must be less than or equal to {maximum} (rejected value: {value})",
)

# Section 4: orders.
NOT_ENOUGH_STOCK = Template(400, Code.NOT_ENOUGH_STOCK, "Not enough stock for items: {offer_ids}")
OFFERS_NOT_FOUND = Template(400, Code.OFFER_NOT_FOUND, "Offers not found for SKUs: {offer_ids}")
ORDER_ALREADY_EXISTS = Template(
    400, Code.ORDER_ALREADY_EXISTS, "Order already exists with external id {external_order_id}"
)
ADDRESS_UNRESOLVED = Template(
    400, Code.COULD_NOT_FIND_COORDS, "Can't resolve geo for address {address}"
)
INTERVAL_NOT_VALID = Template(
    400,
    Code.INVALID_DELIVERY_OPTION,
    "The requested delivery interval is not valid for order {order_id}",
)
DATES_FIXED = Template(
    400,
    Code.INVALID_DELIVERY_TYPE,
    "Delivery dates can't be updated for {delivery_type} order with id {order_id}",
)
CANCELLATION_UNDER_WAY = Template(
    400, Code.CANCELLATION_REQUESTED, "Order {order_id} is in cancellation state"
)
TERMINAL_STATE = Template(
    400, Code.ORDER_IN_TERMINAL_STATE, "Order {order_id} is in terminal state"
)
STATUS_NOT_ALLOWED = Template(400, Code.STATUS_NOT_ALLOWED, "Status not allowed: {status}")
NO_TRANSITION = Template(
    400, Code.STATUS_NOT_ALLOWED, "No transition found: {from_status} -> {to_status}"
)
TRANSITION_NOT_ALLOWED = Template(
    400,
    Code.STATUS_NOT_ALLOWED,
    "Transition {from_status} -> {to_status} is not allowed. Reason: {reason}",
)
CANCELLATION_SUBSTATUS = Template(
    400,
    Code.SUBSTATUS_NOT_ALLOWED,
    "Cancellation request substatus {substatus} is not available for status {status} and role "
    "{role} for order {order_id}",
)
ORDER_FILTER_TOO_WIDE = Template(
    400,
    Code.BAD_REQUEST,
    "Invalid filters: interval between {date_from} and {date_to} is more than {days} days.",
)
CREATION_DATES_INVERTED = Template(
    400, Code.BAD_REQUEST, "Order creation start date is required to be less than end date"
)
SHIPMENT_DATES_INVERTED = Template(
    400, Code.BAD_REQUEST, "Order shipment start date is required to be less than end date"
)
UPDATE_DATES_INVERTED = Template(
    400, Code.BAD_REQUEST, "Order update start is required to be less than end date"
)
# Where the contract documents no text: ours, in its manner.
DELIVERY_BOTH_OR_NEITHER = Template(
    400,
    Code.INVALID_DELIVERY_TYPE,
    "Exactly one of {field}.courierDelivery and {field}.pickupDelivery must be specified",
)
DUPLICATE_OFFER = Template(
    400,
    Code.DUPLICATE_OFFER,
    "Offers should have different ids. Following offers ids are repeating: {offer_ids}.",
)
DUPLICATE_WAREHOUSE = Template(
    400,
    Code.INVALID_WAREHOUSE_ID,
    "{field} must name each warehouse once (rejected value: {warehouse_id})",
)
CHANGE_NOTHING = Template(
    400,
    Code.BAD_REQUEST,
    "At least one of {field}.customer and {field}.deliveryInterval must be specified",
)
INTERVAL_CHANGES_SPENT = Template(
    400,
    Code.ORDER_MODIFICATION_NOT_ALLOWED,
    "The delivery interval of order {order_id} can't be changed more than {most} times",
)
RECEIVE_CODE_WRONG = Template(
    400, Code.BAD_REQUEST, "The receive code is not that of order {order_id}"
)
REFUSED_UNITS_WRONG = Template(
    400,
    Code.BAD_REQUEST,
    "What is refused must be some, not all, of the items of order {order_id}",
)
# Where the operation declares no 404.
ORDER_UNKNOWN = Template(400, Code.BAD_REQUEST, "Order not found: {order_id}")
WAREHOUSE_UNKNOWN = Template(400, Code.INVALID_WAREHOUSE_ID, "Warehouse not found: {warehouse_id}")
POINT_UNKNOWN = Template(
    400, Code.INVALID_DELIVERY_OPTION, "Logistic point not found: {logistic_point_id}"
)
TOO_LARGE_FOR_POINT = Template(
    400,
    Code.INVALID_ITEM_DIMENSIONS,
    "Items are too large for logistic point {logistic_point_id}: {offer_ids}",
)
TOO_LARGE_FOR_COURIER = Template(
    400,
    Code.INVALID_ITEM_DIMENSIONS,
    "Items are too large for courier delivery to {address}: {offer_ids}",
)
PARCEL_TOO_LARGE_FOR_POINT = Template(
    400,
    Code.INVALID_ITEM_DIMENSIONS,
    "The parcel from warehouse {warehouse_id} is too large for logistic point "
    "{logistic_point_id}: {measure} {found}, at most {most}",
)
PARCEL_TOO_LARGE_FOR_COURIER = Template(
    400,
    Code.INVALID_ITEM_DIMENSIONS,
    "The parcel from warehouse {warehouse_id} is too large for courier delivery to {address}: "
    "{measure} {found}, at most {most}",
)
PARCEL_TOO_VALUABLE_FOR_POINT = Template(
    400,
    Code.INVALID_DELIVERY_OPTION,
    "The parcel from warehouse {warehouse_id} is too valuable for logistic point "
    "{logistic_point_id}: {found} RUR, at most {most}",
)
PARCEL_TOO_VALUABLE_FOR_COURIER = Template(
    400,
    Code.INVALID_DELIVERY_OPTION,
    "The parcel from warehouse {warehouse_id} is too valuable for courier delivery to {address}: "
    "{found} RUR, at most {most}",
)
KIND_NOT_SENT = Template(
    400,
    Code.INVALID_WAREHOUSE_ID,
    "Items of this kind are not sent from warehouse {warehouse_id}: {offer_ids}",
)
NO_COURIER_TO_ADDRESS = Template(
    400, Code.CANT_DELIVER_ORDER_TO_ADDRESS, "Courier delivery is not available: {address}"
)
WRONG_CURRENCY = Template(
    400, Code.INVALID_CURRENCY, "{field} must match RUR (rejected value: {value})"
)
PRICE_TOO_FINE = Template(
    400,
    Code.BAD_REQUEST,
    "{field} must be at least one kopeck and whole in kopecks (rejected value: {value})",
)
TIME_INTERVAL_REQUIRED = Template(
    400,
    Code.BAD_REQUEST,
    "{field} must not be null for courier delivery (rejected value: null)",
)
IDEMPOTENCY_KEY_REUSED = Template(
    400,
    Code.BAD_REQUEST,
    "Idempotency-Key was already used with another request (rejected value: {value})",
)
IDEMPOTENCY_KEY_MALFORMED = Template(
    400,
    Code.BAD_REQUEST,
    "Idempotency-Key size must be between 1 and {most} printable ASCII characters "
    "(rejected value: {value})",
)

# Section 5: who may ask, and for what.
CREDENTIALS_MISSING = Template(401, Code.UNAUTHORIZED, "Credentials are not specified")
KEY_MISSING = Template(401, Code.UNAUTHORIZED, "Api-Key token is not specified")
KEY_INVALID = Template(401, Code.UNAUTHORIZED, "Api-Key token is invalid")
KEY_LENGTH = Template(401, Code.UNAUTHORIZED, "Api-Key token length invalid")
KEY_PREFIX = Template(401, Code.UNAUTHORIZED, "Api-Key token prefix invalid")
KEY_FORMAT = Template(401, Code.UNAUTHORIZED, "Api-Key token format invalid")
KEY_REVOKED = Template(401, Code.UNAUTHORIZED, "Api-Key token is revoked")
AUTHORIZATION_SYNTAX = Template(401, Code.UNAUTHORIZED, "Authorization header has invalid syntax")
OAUTH_CREDENTIALS_MISSING = Template(401, Code.UNAUTHORIZED, "OAuth credentials are not specified")
OAUTH_CLIENT_MISSING = Template(401, Code.UNAUTHORIZED, "OAuth client id is not specified")
OAUTH_MISSING = Template(401, Code.UNAUTHORIZED, "OAuth token is not specified")
OAUTH_INVALID = Template(403, Code.FORBIDDEN, "OAuth token is invalid")
OAUTH_SCOPE_INVALID = Template(403, Code.FORBIDDEN, "Scope is invalid")
SCOPE_MISSING = Template(
    403,
    Code.FORBIDDEN,
    "Token does not have any of the scopes to access the API method: {scopes}",
)
NO_ACCESS = Template(403, Code.FORBIDDEN, "No access to campaigns: {campaigns}")
ACCESS_DENIED = Template(403, Code.FORBIDDEN, "Access denied")
HEADER_BUSINESS_OF_CAMPAIGN = Template(
    403,
    Code.FORBIDDEN,
    "businessId in X-Business-Id header ({header_business_id}) does not match the business that "
    "the campaign {campaign_id} belongs to ({actual_business_id})",
)
BUSINESS_DISABLED = Template(
    403,
    Code.API_DISABLED,
    "API for business {business_id} disabled because it has only disabled partners",
)
CAMPAIGN_DISABLED = Template(403, Code.API_DISABLED, "API for campaign {campaign_id} {reason}")
URL_NOT_FOUND = Template(404, Code.NOT_FOUND, "Resource not found")
ORDER_NOT_FOUND = Template(404, Code.NOT_FOUND, "Order not found: {order_id}")
REGION_NOT_FOUND = Template(404, Code.NOT_FOUND, "Region {region_id} not found.")
METHOD_NOT_SUPPORTED = Template(
    405, Code.METHOD_NOT_ALLOWED, "Request method {method} not supported"
)
CONTENT_TYPE = Template(
    415, Code.UNSUPPORTED_MEDIA_TYPE, "Content type {content_type} not supported"
)
PARALLEL_LIMIT = Template(
    420,
    Code.REQUEST_LIMIT_EXCEEDED,
    "Hit rate limit of {limit} parallel requests for {entity}",
)
REQUEST_LIMIT = Template(
    420,
    Code.REQUEST_LIMIT_EXCEEDED,
    "Hit rate limit of {limit} requests per {period} for resource {resource} for {entity}",
)

# Faults: never a detail, the request id of the answer header finds it in the log.
INTERNAL_ERROR = Template(500, Code.INTERNAL_ERROR, "Internal server error")
UNAVAILABLE = Template(
    503, Code.INTERNAL_ERROR, "Service temporarily unavailable. Please, try again later"
)
