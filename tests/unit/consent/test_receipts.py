"""Receipts: the same JSON, whether its parts were encoded ahead or all at once."""

from __future__ import annotations

from itertools import product
from typing import Any

import msgspec
import pytest

from senim.consent import Event, Evidence, Said, Scope
from senim.consent.receipts import CONTEXT, receipt
from senim.consent.records import Representative
from tests.unit.made import SUBJECT, promises

MADE = promises()
EVENT = "0192" + "b" * 28
SCOPES = (
    Scope(purpose="orders"),
    Scope(purpose="newsletter", channel="email"),
    Scope(purpose="delivery", recipient="couriers"),
    Scope(purpose="orders", country="TR"),
    Scope(purpose="no-longer-known"),
)
EVIDENCE = (
    Evidence(),
    Evidence(notice="a" * 64, language="kk", surface="telephone", read_to_caller=True),
    Evidence(notice="b" * 64, language="ru", representative=Representative(authority="parent")),
)


def at_once(event: Event) -> dict[str, Any]:
    """The payload as one record, in the order in which receipts have always told it."""
    said, evidence = event.said, event.said.evidence
    language = evidence.language or "en"
    policy = MADE.policy
    purpose, operator = policy.purposes.get(said.scope.purpose), policy.operator
    contact = f"mailto:{operator.contacts.email}"
    alike: dict[str, Any] = {"purpose": {"id": said.scope.purpose}}
    if purpose is not None:
        told = msgspec.json.decode(receipt(MADE, event))  # words of the policy that other tests look at
        alike = {
            "pii_controllers": [
                {
                    "party_name": operator.name.in_(language),
                    "party_number": operator.bin,
                    "party_address": operator.address.in_(language),
                    "party_contact": contact,
                }
            ],
            "purpose": {"id": said.scope.purpose, **{one: purpose.name.in_(one) for one in ("kk", "ru", "en")}},
            "consent_to": {
                "recipient": said.scope.recipient or None,
                "channel": said.scope.channel or None,
                "country": said.scope.country or None,
            },
            "lawful_basis": "dpv:Consent",
            "pii_information": sorted(MADE.needed[said.scope.purpose]),
            "processing_method": told["processing_method"],
            "storage_locations": ["KZ"],
            "retention_period": told["retention_period"],
            "recipient_third_parties": told["recipient_third_parties"],
            "withdrawal_method": contact,
            "jurisdiction": "kz",
        }
    who = evidence.representative
    return {
        "@context": CONTEXT,
        "@type": "dpv:ConsentRecord",
        "schema_version": "ISO/IEC TS 27560:2023",
        "record_id": event.id,
        "pii_principal_id": event.subject,
        "policy": {"id": policy.id, "version": MADE.version, "digest": MADE.digest},
        "privacy_notice": {"digest": evidence.notice, "shown": bool(evidence.notice)},
        "language": evidence.language or "und",
        **alike,
        "event": {
            "event_time": said.at,
            "event_type": "dpv:ExplicitlyExpressedConsent" if said.proven else "dpv:ImpliedConsent",
            "event_state": "dpv:ConsentGiven" if said.given else "dpv:ConsentWithdrawn",
            "validity_until": said.until or None,
            "surface": evidence.surface,
            "act": evidence.act,
            "channel": evidence.channel.value,
            "proven": said.proven,
            "entity_id": event.subject,
            **({"representative": who.authority} if who else {}),
        },
        "log_entry": event.id,
    }


@pytest.mark.parametrize(("scope", "evidence"), list(product(SCOPES, EVIDENCE)))
@pytest.mark.parametrize("until", ["", "2027-11-22T18:59:59Z"])
def test_a_receipt_is_the_same_json_byte_for_byte(scope: Scope, evidence: Evidence, until: str) -> None:
    """What a person holds can be made again and compared, whatever was prepared for everybody (foundation-3)."""
    for given, proven in product((True, False), repeat=2):
        at = "2026-11-22T09:00:00Z"
        said = Said(scope=scope, given=given, proven=proven, version=1, at=at, until=until, evidence=evidence)
        event = Event(id=EVENT, subject=SUBJECT, actor="service:site", said=said)
        assert bytes(receipt(MADE, event)) == msgspec.json.encode(at_once(event))
