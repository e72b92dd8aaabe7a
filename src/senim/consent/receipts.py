"""Receipts: what a person agreed to, in the terms of ISO/IEC TS 27560 with the W3C DPV as JSON-LD context. Pure.

The context stands in the receipt itself, so that reading one needs no network.
"""

from __future__ import annotations

import functools
from typing import Any, Literal

import msgspec

from senim.consent.records import Event, Scope
from senim.languages import LANGUAGES, Language
from senim.policy.dpv import OPERATIONS, PREFIXES
from senim.policy.promises import Promises
from senim.policy.records import Purpose
from senim.policy.taxonomy import Operation

KIND = "consent-receipt+jws"

CONTEXT: dict[str, Any] = {
    "dpv": PREFIXES["dpv"],
    "dct": PREFIXES["dct"],
    "schema_version": "dct:conformsTo",
    "record_id": "dct:identifier",
    "pii_principal_id": "dpv:hasDataSubject",
    "pii_controllers": "dpv:hasDataController",
    "party_name": "dpv:hasName",
    "party_address": "dpv:hasAddress",
    "party_contact": "dpv:hasContact",
    "privacy_notice": "dpv:hasNotice",
    "language": "dct:language",
    "purpose": "dpv:hasPurpose",
    "lawful_basis": "dpv:hasLegalBasis",
    "pii_information": "dpv:hasPersonalData",
    "processing_method": {"@id": "dpv:hasProcessing", "@type": "@vocab"},
    "storage_locations": "dpv:hasStorageCondition",
    "retention_period": "dpv:hasDuration",
    "recipient_third_parties": "dpv:hasRecipient",
    "withdrawal_method": "dpv:hasWithdrawalMethod",
    "jurisdiction": "dpv:hasJurisdiction",
    "event_time": "dct:date",
    "event_type": {"@id": "dpv:hasIndicationMethod", "@type": "@vocab"},
    "event_state": {"@id": "dpv:hasConsentStatus", "@type": "@vocab"},
}
"""Names of ISO/IEC TS 27560 as terms of DPV."""

_encode = msgspec.json.Encoder().encode
_HEAD = _encode({"@context": CONTEXT, "@type": "dpv:ConsentRecord", "schema_version": "ISO/IEC TS 27560:2023"})


def receipt(promises: Promises, event: Event) -> msgspec.Raw:
    """The payload of the receipt for an event, as JSON. It names the person by the random id alone."""
    said = event.said
    evidence = said.evidence
    party = {"entity_id": event.subject}
    if evidence.representative:
        party["representative"] = evidence.representative.authority
    about = {"record_id": event.id, "pii_principal_id": event.subject}
    happened = {
        "event": {
            "event_time": said.at,
            "event_type": "dpv:ExplicitlyExpressedConsent" if said.proven else "dpv:ImpliedConsent",
            "event_state": "dpv:ConsentGiven" if said.given else "dpv:ConsentWithdrawn",
            "validity_until": said.until or None,
            "surface": evidence.surface,
            "act": evidence.act,
            "channel": evidence.channel.value,
            "proven": said.proven,
            **party,
        },
        "log_entry": event.id,
    }
    alike = _alike(promises, said.scope, evidence.notice, evidence.language)
    return msgspec.Raw(b",".join((_HEAD[:-1], _encode(about)[1:-1], alike[1:-1], _encode(happened)[1:])))


@functools.lru_cache(maxsize=512)
def _alike(promises: Promises, scope: Scope, notice: str, language: Language | Literal[""]) -> bytes:
    """The part that is alike for everybody who says the same, as JSON: most of a receipt."""
    return _encode(
        {
            "policy": {"id": promises.policy.id, "version": promises.version, "digest": promises.digest},
            "privacy_notice": {"digest": notice, "shown": bool(notice)},
            "language": language or "und",
            **_processing(promises, scope, language or "en"),
        }
    )


def _processing(promises: Promises, scope: Scope, language: Language) -> dict[str, Any]:
    operator, purpose = (promises.policy.operator, promises.policy.purposes.get(scope.purpose))
    if purpose is None:
        return {"purpose": {"id": scope.purpose}}
    basis = promises.law.bases[purpose.basis]
    return {
        "pii_controllers": [
            {
                "party_name": operator.name.in_(language),
                "party_number": operator.bin,
                "party_address": operator.address.in_(language),
                "party_contact": f"mailto:{operator.contacts.email}",
            }
        ],
        "purpose": {"id": scope.purpose, **{one: purpose.name.in_(one) for one in LANGUAGES}},
        "consent_to": {
            "recipient": scope.recipient or None,
            "channel": scope.channel or None,
            "country": scope.country or None,
            **({"category": scope.category} if scope.category else {}),
        },
        "lawful_basis": "dpv:Consent" if basis.consent else purpose.act.in_(language),
        "pii_information": sorted(promises.needed[scope.purpose]),
        "processing_method": [OPERATIONS[operation] for operation in _covered(promises, purpose)],
        "storage_locations": list(promises.law.pack.borders.home) if promises.law.pack.borders.store_at_home else [],
        "retention_period": _retention(promises, scope.purpose),
        "recipient_third_parties": [
            {"id": name, "party_name": one.name.in_(language), "countries": list(one.countries)}
            for name, one in promises.recipients_for(scope.purpose).items()
        ],
        "withdrawal_method": f"mailto:{operator.contacts.email}",
        "jurisdiction": promises.law.pack.pack,
    }


def _covered(promises: Promises, purpose: Purpose) -> list[Operation]:
    """The operations that a consent names: those of its purpose, as far as the text's consent covers them."""
    covers = promises.policy.consent.covers
    return [operation for operation in purpose.operations if not covers or operation in covers]


def _retention(promises: Promises, purpose: str) -> str:
    term = promises.term(purpose)
    if term is None:
        return "until the purpose is met"
    return f"until {term.until}" if term.until else f"{term.lasts} after {term.after}"
