"""``api.md``: the operations of ``/v1`` and their bodies, from the OpenAPI document and the structs behind it."""

from __future__ import annotations

import functools
from typing import Any

from scripts.docs.markdown import code, field_docs, fill, prose, table
from senim.collection import records as collection
from senim.collection import technical_records
from senim.consent import records as consent
from senim.web.api import bodies, request_bodies
from senim.web.api.openapi import document
from senim.web.api.routes import OPERATIONS

METHODS = ("get", "post", "patch", "delete")


@functools.cache
def told() -> dict[str, Any]:
    """The OpenAPI document."""
    return document(OPERATIONS, "https://privacy.shop.example")


@functools.cache
def _docs() -> dict[str, dict[str, str]]:
    """The docstrings of all fields of all bodies."""
    modules = (consent, collection, technical_records, bodies, request_bodies)
    return {name: fields for module in modules for name, fields in field_docs(module).items()}


def meaning(name: str, key: str) -> str:
    """What a key of a body means; what a body has from another one is told there."""
    kind = (
        getattr(bodies, name, None)
        or getattr(request_bodies, name, None)
        or getattr(collection, name, None)
        or getattr(technical_records, name, None)
        or getattr(consent, name, None)
    )
    lines = [one.__name__ for one in getattr(kind, "__mro__", ())]
    return next((says for line in lines if (says := _docs().get(line, {}).get(key, ""))), "")


def page() -> str:
    """The page."""
    operations = [(method, path, one) for path, found in told()["paths"].items() for method, one in found.items()]
    index = [
        [f"[`{m.upper()} {p}`](#operation-{one['operationId']})", one["summary"], _grant(one)]
        for m, p, one in operations
    ]
    return fill(
        "api",
        index=table(["operation", "what it does", "grant"], index),
        operations="\n".join(_operation(*one) for one in operations),
        bodies="\n".join(_body(name, one) for name, one in sorted(told()["components"]["schemas"].items())),
    )


def _grant(one: dict[str, Any]) -> str:
    return code(one["x-grant"]) if "x-grant" in one else "public"


def _operation(method: str, path: str, one: dict[str, Any]) -> str:
    done, answer = next(item for item in one["responses"].items() if item[0].startswith("2"))
    lines = [f'<a id="operation-{one["operationId"]}"></a>\n\n## {method.upper()} {path}\n', f"{one['summary']}\n"]
    rows = [
        [
            code(each["name"]),
            each["in"],
            "**required**" if each["required"] else "",
            each.get("description", ""),
            _kind(each["schema"]),
        ]
        for each in one["parameters"]
    ]
    if rows:
        lines.append(table(["parameter", "in", "", "meaning", "kind"], rows))
    if "requestBody" in one:
        lines.append(f"Takes {_content(one['requestBody']['content'])}. Gives {done}: {_content(answer['content'])}.\n")
    else:
        lines.append(f"Gives {done}: {_content(answer['content'])}.\n")
    return "\n".join(lines)


def _content(content: dict[str, Any]) -> str:
    kinds = {_kind(one["schema"]): None for one in content.values()}
    media = ", ".join(code(name) for name in content if name != "application/json")
    return " or ".join(kinds) + (f" as {media}" if media else "")


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(code(str(one)) for one in schema["enum"] if one != "") or "text"
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if schema.get("type") == "object":
        return f"name → {_kind(schema['additionalProperties'])}" if schema.get("additionalProperties") else "object"
    return {
        "string": "id" if schema.get("pattern") == "^[0-9a-f]{32}$" else "text",
        "boolean": "`true` or `false`",
        "integer": "number",
        "null": "`null`",
    }.get(str(schema.get("type")), "anything")


def _body(name: str, schema: dict[str, Any]) -> str:
    says = f"### {name}\n\n{prose(schema.get('description'))}\n"
    if "enum" in schema:
        return f"{says}\n{_kind(schema)}\n"
    required = schema.get("required", ())
    rows = [
        [code(key), _kind(one), "**required**" if key in required else "", meaning(name, key)]
        for key, one in schema.get("properties", {}).items()
    ]
    return f"{says}\n{table(['key', 'kind', '', 'meaning'], rows)}"
