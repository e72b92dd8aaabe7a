"""The JSON Schema that editors complete from takes what the loader takes, and marks the same slips."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest
import yaml

from senim.policy import json_schema
from senim.policy.records import Policy
from tests.unit.made import MINI, PROFILES

SCHEMA = json_schema()
VALIDATOR = jsonschema_rs.validator_for(SCHEMA, validate_formats=True)


class Editor(yaml.CSafeLoader):
    """YAML 1.2, as editors read it: ``on`` and ``no`` are words, dates are texts."""


Editor.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag.rpartition(":")[2] in ("int", "float", "null")]
    for first, found in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
Editor.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)\Z"), list("tf"))


def plain(source: bytes) -> Any:
    """A file as an editor sees it."""
    return yaml.load(source, Loader=Editor)


def wrong(tree: Any) -> list[str]:
    return ["/".join(str(step) for step in error.instance_path) for error in VALIDATOR.iter_errors(tree)]


FILES = {path.stem: path.read_bytes() for path in sorted(PROFILES.glob("*.yaml"))}
SMALL = MINI.replace(b"bin: 691240000010", b'bin: "691240000010"')


@pytest.mark.parametrize("source", [*FILES.values(), SMALL], ids=[*FILES, "mini"])
def test_good_policies_are_good_for_editors(source: bytes) -> None:
    """The five operators and the small policy are without a mark in any editor."""
    assert wrong(plain(source)) == []


def changed(path: str, value: object) -> Any:
    tree = plain(SMALL)
    part = tree
    *steps, last = path.split("/")
    for step in steps:
        part = part[int(step)] if isinstance(part, list) else part[step]
    part[last] = value
    return tree


@pytest.mark.parametrize(
    ("path", "value"),
    [("colour", "red"), ("title/de", "Datenschutz"), ("purposes/orders/basiss", "consent"),
     ("purposes/Orders", {}), ("purposes/orders/operations", ["sell"]), ("purposes/orders/operations", "use"),
     ("purposes/newsletter/channels", ["fax"]), ("categories/contact/fields", {"phone": "fone"}),
     ("recipients/mailer/countries", ["Turkey"]), ("roles/shop/may", ["everything"]), ("senim", 2),
     ("rights/kinds", {"acces": {}}), ("categories/payment-card/sensitive", "perhaps"), ("clauses/0/kept_by", []),
     ("purposes/newsletter/term", "forever"), ("sites/0/address", "mini.example"),
     ("recipients/courier/contract/date", "soon")],
)  # fmt: skip
def test_slips_are_marked(path: str, value: object) -> None:
    """What the loader refuses for its form the editor marks while it is typed."""
    assert wrong(changed(path, value))


def test_keys_carry_their_description() -> None:
    """Editors show what a key means: every key that has a description in the format has it in the schema."""
    definitions = SCHEMA["$defs"]
    described = {
        f"{name}.{key}"
        for name, one in definitions.items()
        for key, part in one.get("properties", {}).items()
        if part.get("description")
    }
    assert "Purpose.uses" in described
    assert "Category.people" in described
    assert len(described) > 60


def test_the_schema_is_the_format() -> None:
    """Keys of the schema are those of the format, no more and no fewer."""
    keys = set(SCHEMA["$defs"]["Policy"]["properties"])
    assert keys == {name.replace("_", "-") for name in Policy.__struct_fields__}
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
