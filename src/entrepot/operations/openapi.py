"""The OpenAPI document of an API, derived from the registry.

OpenAPI 3.0.3, as the contract's own: what generates clients from that understands this.
"""

import importlib.metadata
import inspect

from entrepot import limits
from entrepot.contract.errors import ErrorEnvelope
from entrepot.contract.request_limits import PARALLEL_DEFAULT, Budget, RequestLimit
from entrepot.contract.scopes import Scope
from entrepot.operations.openapi_schemas import Json, reference, schema_name, schemas_of
from entrepot.operations.registry import JSON, OPERATOR, SANDBOX, Api, Operation, summary

_DESCRIPTIONS = {
    "campaignId": "A shop of the key's business.",
    "businessId": "The business of the key.",
    "orderId": "An order of the campaign.",
    "warehouseId": "A warehouse.",
    "pickListId": "A pick list of the business.",
    "handoverId": "An act of the business.",
    "subscriptionId": "A subscription of the business.",
    "regionId": "A region.",
    "pageToken": "Where the page begins: `paging.nextPageToken` of the page before.",
    "limit": "How many at most.",
    "page": "The number of the page, from 1 (the older way of paging).",
    "pageSize": "How many on a page (the older way of paging).",
}

# Keys of the operator belong to no business, and those of the sandbox name no campaign.
_DESCRIPTIONS_ELSEWHERE = {
    OPERATOR.name: {"businessId": "A business.", "orderId": "An order of the business."},
    SANDBOX.name: {"orderId": "An order of the key's business."},
}

# An extension of ours beside the contract.
_RETRY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A repeated request gets the first answer, byte for byte, for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": limits.IDEMPOTENCY_KEY_CHARS_MAX},
}

# What any operation may answer besides 200; the body is the error envelope.
_REFUSALS = {
    "400": "Something in the request will not do; the message names it.",
    "401": "The API key is missing, malformed, unknown or revoked.",
    "403": "The key lacks the scope, or the campaign or business is not its own.",
    "404": "There is no such thing.",
    "415": "The body is not plain JSON in UTF-8.",
    "420": "A request limit was hit; X-RateLimit-Resource-Until says when it is over.",
    "500": "A fault of the service; X-Request-Id finds it in the log.",
    "503": "Overload, or the database cannot be asked; nothing was done, or its outcome is open.",
}

_REFUSALS_ELSEWHERE = {
    OPERATOR.name: {"403": "The role, the warehouses or the carrier of the key are others."},
}


def openapi_document(api: Api) -> Json:
    """Write the document of an API."""
    declared = sorted(api.operations.values(), key=lambda one: (one.section, one.path, one.method))
    schemas = _schemas_of(declared)
    meanings = _DESCRIPTIONS | _DESCRIPTIONS_ELSEWHERE.get(api.name, {})
    refusals = _REFUSALS | _REFUSALS_ELSEWHERE.get(api.name, {})
    paths: dict[str, Json] = {}
    for operation in declared:
        method = operation.method.lower()
        paths.setdefault(operation.path, {})[method] = _operation(operation, schemas, meanings)
    used_for_queries = {schema_name(one.query) for one in declared if one.query is not None}
    return {
        "openapi": "3.0.3",
        "info": {
            "title": api.title,
            "version": importlib.metadata.version("entrepot"),
            "description": api.introduction,
            "license": {"name": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"ApiKey": []}, {"Bearer": []}],
        "tags": [{"name": area} for area in sorted({one.section for one in declared})],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "ApiKey": {"type": "apiKey", "name": "Api-Key", "in": "header"},
                "Bearer": {"type": "http", "scheme": "bearer"},
            },
            "responses": {status: _refusal(text) for status, text in refusals.items()},
            "schemas": {
                name: schema for name, schema in schemas.items() if name not in used_for_queries
            },
        },
    }


def _operation(operation: Operation, schemas: Json, meanings: dict[str, str]) -> Json:
    described = (inspect.getdoc(operation.handler) or "").partition("\n")[2].strip()
    document: Json = {
        "operationId": operation.id,
        "tags": [operation.section],
        "summary": summary(operation),
        "parameters": [
            *_path_parameters(operation, meanings),
            *_query_parameters(operation, schemas, meanings),
            *([_RETRY_KEY] if operation.takes_retry_key else []),
        ],
        "responses": _responses(operation),
    }
    if operation.scopes:
        document["x-auth-scopes"] = [scope.value for scope in Scope if scope in operation.scopes]
    if operation.roles:
        document["x-roles"] = sorted(operation.roles)
    if operation.limit is not None:
        document["x-resource-limit-config"] = _limit(operation.limit)
    if described:
        document["description"] = described
    if operation.body is not None:
        document["requestBody"] = {
            "required": operation.body.required,
            "content": {"application/json": {"schema": reference(operation.body.type)}},
        }
    if operation.deprecation is not None:
        document["deprecated"] = True
        document["x-deprecation-config"] = {
            "degradation-start-date": operation.deprecation.degradation_start,
            "shutdown-date": operation.deprecation.shutdown,
            "replacement-operation-id": operation.deprecation.replacement,
        }
    return document


def _path_parameters(operation: Operation, meanings: dict[str, str]) -> list[Json]:
    parameters: list[Json] = []
    for name, kind in operation.path_parameters.items():
        schema: Json = {"type": "string"}
        if kind is not str:
            schema = {"type": "integer", "format": "int64", "minimum": 1}
        parameters.append(
            {
                "name": name,
                "in": "path",
                "required": True,
                "description": meanings.get(name, ""),
                "schema": schema,
            }
        )
    return parameters


def _query_parameters(operation: Operation, schemas: Json, meanings: dict[str, str]) -> list[Json]:
    if operation.query is None:
        return []
    declared = schemas[schema_name(operation.query)]
    parameters: list[Json] = []
    for name, field in declared["properties"].items():
        schema = {part: value for part, value in field.items() if part != "nullable"}
        description = schema.pop("description", None) or meanings.get(name)
        parameter = {
            "name": name,
            "in": "query",
            "required": name in declared.get("required", ()),
            "schema": schema["allOf"][0] if "allOf" in schema else schema,
        }
        if description:
            parameter["description"] = description
        parameters.append(parameter)
    return parameters


def _responses(operation: Operation) -> Json:
    statuses = ["400", "401", "403", "500", "503"]
    if operation.limit is not None:
        statuses.append("420")
    if operation.body is not None:
        statuses.append("415")
    if operation.path_parameters.keys() - {"campaignId", "businessId"}:
        statuses.append("404")
    schema: Json = {"type": "string", "format": "binary"}
    answered = "The file."
    if operation.produces == JSON:
        schema = reference(operation.answer)
        answered = inspect.getdoc(operation.answer) or "The answer."
    content = {operation.produces: {"schema": schema}}
    responses: Json = {"200": {"description": answered, "content": content}}
    for status in sorted(statuses):
        responses[status] = {"$ref": f"#/components/responses/{status}"}
    return responses


def _limit(limit: RequestLimit) -> Json:
    document: Json = {
        "path": limit.counted,
        "none": _tier(limit.none),
        "medium": _tier(limit.medium),
    }
    if limit.parallel != PARALLEL_DEFAULT:
        document["parallel-limit-value"] = limit.parallel
    return document


def _tier(budget: Budget) -> Json:
    hours, rest = divmod(budget.window_s, 3600)
    unit, duration = ("minutes", budget.window_s // 60) if rest else ("hours", hours)
    return {"amount": budget.amount, "period": unit, "period-duration": duration}


def _refusal(description: str) -> Json:
    content = {"application/json": {"schema": reference(ErrorEnvelope)}}
    return {"description": description, "content": content}


def _schemas_of(operations: list[Operation]) -> Json:
    types: list[type] = [ErrorEnvelope]
    for operation in operations:
        types.extend([operation.answer] if operation.produces == JSON else [])
        types.extend([operation.body.type] if operation.body is not None else [])
        types.extend([operation.query] if operation.query is not None else [])
    return schemas_of(types)
