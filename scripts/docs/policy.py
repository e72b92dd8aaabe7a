"""``policy.md`` and ``policy.schema.json``: the format of the policy file, from its structs and their docstrings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import Enum
from typing import Any

import msgspec
from msgspec import inspect as shapes

from scripts.docs.markdown import anchor, code, codes, field_docs, fill, prose, table
from senim.languages import Text, wording
from senim.law import available
from senim.policy import json_schema, records, rights, taxonomy, visits
from senim.policy.references import ABOUT_HEADS
from senim.policy.shape import format_of_policy
from senim.policy.taxonomy import Channel, FieldType, Operation

_ENUMS: dict[type[Enum], str] = {Operation: "operations", FieldType: "types-of-fields", Channel: "channels"}
Key = tuple[str, str, str, str]
"""A key: name, kind, default, meaning."""


def parts() -> list[shapes.StructType]:
    """The structs of the format, each once, in the order in which one meets them."""
    found: dict[type, shapes.StructType] = {}

    def meet(kind: Any) -> None:
        match kind:
            case shapes.StructType() if kind.cls is not Text and kind.cls not in found:
                found[kind.cls] = kind
                for field in kind.fields:
                    meet(field.type)
            case shapes.DictType():
                meet(kind.value_type)
            case shapes.VarTupleType():
                meet(kind.item_type)
            case shapes.UnionType():
                for one in kind.types:
                    meet(one)

    meet(format_of_policy())
    return list(found.values())


def keys_of(part: shapes.StructType) -> Iterator[Key]:
    """The keys of a part."""
    docs = {**field_docs(records), **field_docs(rights), **field_docs(visits)}[part.cls.__name__]
    for field in part.fields:
        yield field.encode_name, _kind(field.type), _default(field), docs.get(field.name, "")


def _kind(kind: Any) -> str:
    match kind:
        case shapes.StructType() if kind.cls is Text:
            return "text in kk, ru, en"
        case shapes.StructType():
            return f"[{_title(kind)}](#{anchor(_title(kind))})"
        case shapes.DictType():
            return f"name → {_kind(kind.value_type)}"
        case shapes.VarTupleType():
            return f"list of {_kind(kind.item_type)}"
        case shapes.UnionType():
            return " or ".join(_kind(one) for one in kind.types if not isinstance(one, shapes.NoneType))
        case shapes.EnumType():
            return f"one of the [{_ENUMS[kind.cls].replace('-', ' ')}](#{_ENUMS[kind.cls]})"
        case shapes.LiteralType():
            return " \\| ".join(code(str(one)) for one in kind.values).replace("\\|", "or")
        case shapes.StrType():
            return _text(kind.pattern or "")
        case shapes.IntType():
            return "number"
        case shapes.BoolType():
            return "`true` or `false`"
        case shapes.DateType():
            return "date"
    raise TypeError(kind)


_PATTERNS = {
    r"^[a-z][a-z0-9-]{0,62}$": "id",
    r"^([a-z][a-z0-9-]{0,62})?$": "id",
    r"^[a-z][a-z0-9-]{0,62}(\.[a-z][a-z0-9-]{0,62})?$": "`category` or `category.field`",
    r"^[A-Z]{2}$": "country",
    r"^https?://[^\s]+$": "address",
}


def _text(pattern: str) -> str:
    return _PATTERNS[pattern] if pattern else "words"


def _default(field: shapes.Field) -> str:
    if field.required:
        return "**required**"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if value in (None, "", ()) or value == {} or value == Text():
        return ""
    if isinstance(value, msgspec.Struct):
        return ""
    if isinstance(value, bool):
        return code(str(value).lower())
    if isinstance(value, tuple):
        return codes(str(one.value if isinstance(one, Enum) else one) for one in value)
    return code(str(value.value if isinstance(value, Enum) else value))


def _title(part: shapes.StructType) -> str:
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in part.cls.__name__)
    return words.strip().capitalize()


def page() -> str:
    """The page."""
    accepted = field_docs(taxonomy)["FieldType"]
    return fill(
        "policy",
        packs=codes(available()),
        parts="\n".join(_part(one) for one in parts()),
        operations=_words("operation", "notices", [(one.value, f"operation-{one.value}") for one in Operation]),
        types=table(
            ["type", "in words", "accepted"],
            [[code(one.value), wording("fields")[f"type-{one.value}"].en, accepted[one.name]] for one in FieldType],
        ),
        channels=_words("channel", "notices", [(one.value, f"channel-{one.value}") for one in Channel]),
        heads=codes(one for one in ABOUT_HEADS if one != "terms"),
    )


def _words(head: str, name: str, found: list[tuple[str, str]]) -> str:
    return table([head, "in words"], [[code(word), wording(name)[key].en] for word, key in found])


def _part(part: shapes.StructType) -> str:
    heading = "## The file" if part.cls is records.Policy else f"## {_title(part)}"
    return f"{heading}\n\n{prose(part.cls.__doc__)}\n\n{table(['key', 'kind', 'default', 'meaning'], _rows(part))}"


def _rows(part: shapes.StructType) -> list[list[str]]:
    return [[code(name), kind, default, says] for name, kind, default, says in keys_of(part)]


def schema() -> str:
    """The JSON Schema."""
    return f"{json.dumps(json_schema(), ensure_ascii=False, indent=2)}\n"
