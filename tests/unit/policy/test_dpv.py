"""The policy in terms of the Data Privacy Vocabulary: whole, linked within itself, for every example."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from senim.law import Override
from senim.policy import Promises
from senim.policy.dpv import OPERATIONS, document
from senim.policy.taxonomy import Operation
from tests.unit.made import NOW, PROFILES, looked_at

BASE = "https://operator.example/privacy/versions/1.jsonld"


def _terms(told: Any) -> Iterator[str]:
    """Every term and key of a document."""
    if isinstance(told, dict):
        for key, value in told.items():
            if key == "@context":
                continue
            yield key
            if key in ("@type", "@id") and isinstance(value, str):
                yield value
            yield from _terms(value)
    elif isinstance(told, list):
        for one in told:
            yield from _terms(one)


@pytest.mark.parametrize("name", ["travel", "airline", "tickets", "foundation", "shop"])
def test_every_example_is_told_whole(name: str) -> None:
    """Purposes, bases, data, recipients, countries and terms; each reference leads to a part of the document."""
    checked = looked_at((PROFILES / f"{name}.yaml").read_bytes())
    assert checked.policy is not None
    assert checked.law is not None
    promises = Promises(checked.policy, checked.law, 1, NOW, "0" * 64, Override())
    told = json.loads(json.dumps(document(promises, BASE)))
    policy = checked.policy
    assert [one["dpv:hasPurpose"]["title"]["en"] for one in told["dpv:hasProcess"]] == [
        " ".join(one.name.en.split()) for one in policy.purposes.values()
    ]
    assert {one["@id"] for one in told["dpv:hasPersonalData"]} == {f"{BASE}#{ref}" for ref in promises.fields}
    assert [one["dpv:hasCountry"] for one in told["dpv:hasRecipient"]] == [
        list(one.countries) for one in policy.recipients.values()
    ]
    parts = {one["@id"] for key in ("dpv:hasPersonalData", "dpv:hasRecipient") for one in told[key]}
    for process in told["dpv:hasProcess"]:
        linked = [one["@id"] for key in ("dpv:hasPersonalData", "dpv:hasRecipient") for one in process[key]]
        assert set(linked) <= parts
        assert process["dpv:hasLegalBasis"]["@type"] in ("dpv:Consent", "dpv:LegalBasis")
        assert process["dpv:hasStorageCondition"]["dpv:hasDuration"]
    prefixes = {one.partition(":")[0] for one in _terms(told) if ":" in one and not one.startswith("http")}
    assert prefixes <= set(told["@context"])


def test_every_operation_has_its_term() -> None:
    """tickets-5: the thirteen operations of the one taxonomy, each by another term."""
    assert set(OPERATIONS) == set(Operation)
    assert len(set(OPERATIONS.values())) == len(Operation)
