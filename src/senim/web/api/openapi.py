"""OpenAPI 3.1, made from the operations and their structs."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from senim.version import __version__
from senim.web.api.bodies import Problem
from senim.web.api.calls import JSON, Operation

_REFUSALS = {
    "400": "The body or a parameter is malformed.",
    "401": "No valid key was sent.",
    "403": "The policy, a consent, the law or the role does not allow it; every reason is told.",
    "404": "There is nothing of that name.",
    "409": "It clashes with something that stands.",
    "410": "The person's data was destroyed.",
    "413": "The body is too large.",
    "415": "The media type is not taken here.",
    "422": "The input is wrong; every fault is told.",
    "429": "It was tried too often; later it is taken again.",
    "503": "The machine cannot do it now; nothing was lost.",
}


def document(operations: tuple[Operation, ...], url: str) -> dict[str, Any]:
    """The OpenAPI document."""
    types = [kind for one in operations for kind in (*one.bodies, *one.answers) if kind is not bytes]
    schemas, components = msgspec.json.schema_components([*types, Problem], ref_template="#/components/schemas/{name}")
    by_type = dict(zip(types, schemas, strict=False))
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        path = re.sub(r"{(\w+):path}", r"{\1}", one.path)
        paths.setdefault(path, {})[one.method.lower()] = _operation(one, by_type, schemas[-1])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Senim",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": url}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "senim access add NAME --role ROLE"}
            },
        },
    }


def _operation(one: Operation, schemas: dict[Any, Any], problem: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.says,
        "parameters": [*_path_params(one), *_query_params(one), *_headers(one)],
        "responses": {
            str(one.status): {
                "description": one.says,
                "content": {one.media: {"schema": _any_of(one.answers, schemas)}},
            }
        },
    }
    for status, says in _REFUSALS.items():
        told["responses"][status] = {"description": says, "content": {"application/problem+json": {"schema": problem}}}
    if one.grant is not None:
        told["security"] = [{"key": []}]
        told["x-grant"] = one.grant
    if one.bodies:
        told["requestBody"] = {"required": True, "content": {JSON: {"schema": _any_of(one.bodies, schemas)}}}
    elif one.takes != JSON:
        binary = {"schema": {"type": "string", "contentMediaType": one.takes}}
        media = ("application/pdf", "image/jpeg", "image/png")
        told["requestBody"] = {"required": True, "content": dict.fromkeys(media, binary)}
    return told


def _any_of(kinds: tuple[Any, ...], schemas: dict[Any, Any]) -> Any:
    if kinds == (bytes,):
        return {"type": "string"}
    return schemas[kinds[0]] if len(kinds) == 1 else {"anyOf": [schemas[kind] for kind in kinds]}


def _path_params(one: Operation) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)", one.path)
    patterns = {"subject": "^[0-9a-f]{32}$", "document": "^[0-9a-f]{32}$"}
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", **({"pattern": patterns[name]} if name in patterns else {})},
        }
        for name in names
    ]


def _query_params(one: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": param.name,
            "in": "query",
            "required": param.required,
            "description": param.says,
            "schema": param.schema,
        }
        for param in one.params
    ]


def _headers(one: Operation) -> list[dict[str, Any]]:
    if not one.once:
        return []
    says = "Makes the act happen at most once: the same key with the same request answers as before."
    schema = {"type": "string", "pattern": "^[\\x21-\\x7e]{1,200}$"}
    return [{"name": "Idempotency-Key", "in": "header", "required": False, "description": says, "schema": schema}]
