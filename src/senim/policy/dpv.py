"""A policy in the terms of the W3C Data Privacy Vocabulary (DPV 2, DPV-PD), as JSON-LD. Pure.

The context stands in the document itself, so that reading one needs no network.
"""

from __future__ import annotations

from typing import Any

from senim.languages import LANGUAGES, Text
from senim.policy.notices import field_name
from senim.policy.promises import Promises
from senim.policy.records import Purpose, Recipient
from senim.policy.taxonomy import FieldType, Operation

PREFIXES: dict[str, Any] = {
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "dct": "http://purl.org/dc/terms/",
    "schema": "https://schema.org/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "title": {"@id": "dct:title", "@container": "@language"},
    "description": {"@id": "dct:description", "@container": "@language"},
    "source": {"@id": "dct:source", "@container": "@language"},
}
"""Names of vocabularies, and of texts in several languages."""

OPERATIONS = {
    Operation.COLLECT: "dpv:Collect",
    Operation.RECORD: "dpv:Record",
    Operation.SYSTEMATISE: "dpv:Structure",
    Operation.ACCUMULATE: "dpv:Combine",
    Operation.STORE: "dpv:Store",
    Operation.CLARIFY: "dpv:Alter",
    Operation.EXTRACT: "dpv:Retrieve",
    Operation.USE: "dpv:Use",
    Operation.TRANSFER: "dpv:Transfer",
    Operation.DEPERSONALISE: "dpv:Anonymise",
    Operation.BLOCK: "dpv:Restrict",
    Operation.DELETE: "dpv:Erase",
    Operation.DESTROY: "dpv:Destruct",
}
"""The thirteen operations as terms of DPV."""

_DATA = {
    FieldType.NAME: "pd:Name",
    FieldType.EMAIL: "pd:EmailAddress",
    FieldType.PHONE: "pd:TelephoneNumber",
    FieldType.BIRTH_DATE: "pd:BirthDate",
    FieldType.COUNTRY: "pd:Country",
    FieldType.ADDRESS: "pd:PhysicalAddress",
    FieldType.POSTCODE: "pd:PhysicalAddress",
    FieldType.IIN: "pd:OfficialID",
    FieldType.PASSPORT: "pd:OfficialID",
    FieldType.ID_CARD: "pd:OfficialID",
    FieldType.CARD: "pd:PaymentCardNumber",
    FieldType.CARD_EXPIRY: "pd:PaymentCardExpiry",
    FieldType.IBAN: "pd:BankAccount",
    FieldType.ACCOUNT: "pd:Username",
    FieldType.IP: "pd:IPAddress",
    FieldType.USER_AGENT: "pd:DeviceBased",
    FieldType.PHOTO: "pd:Picture",
}
_PURPOSES = {
    "service": "dpv:ServiceProvision",
    "marketing": "dpv:Marketing",
    "statistics": "dpv:ServiceUsageAnalytics",
    "security": "dpv:EnforceSecurity",
    "law": "dpv:LegalCompliance",
}
_RECIPIENTS = {"processor": "dpv:DataProcessor", "authority": "dpv:Authority", "public": "dpv:Recipient"}


def document(promises: Promises, base: str) -> dict[str, Any]:
    """The whole of a version: who, why, on what basis, which data, to whom, where and how long.

    ``base`` is the address of the version; parts of it are named as its fragments.
    """
    policy = promises.policy
    return {
        "@context": PREFIXES,
        "@id": base,
        "@type": "dpv:PrivacyNotice",
        "title": _text(policy.title),
        "dct:identifier": f"{policy.id}/{promises.version}",
        "dct:issued": {"@value": promises.effective.isoformat(), "@type": "xsd:dateTime"},
        "dct:language": list(LANGUAGES),
        "schema:sha256": promises.digest,
        "dpv:hasJurisdiction": promises.law.pack.pack,
        "dpv:hasApplicableLaw": {"title": _text(promises.law.pack.act)},
        "dpv:hasDataController": _controller(promises, base),
        "dpv:hasProcess": [_process(promises, name, base) for name in policy.purposes],
        "dpv:hasPersonalData": [_data(promises, ref, base) for ref in promises.fields],
        "dpv:hasRecipient": [_recipient(promises, name, base) for name in policy.recipients],
        "dpv:hasRight": [{"@type": "dpv:DataSubjectRight", "dct:identifier": kind} for kind in policy.rights.kinds],
    }


def _text(text: Text) -> dict[str, str]:
    return {language: " ".join(text.in_(language).split()) for language in LANGUAGES}


def _controller(promises: Promises, base: str) -> dict[str, Any]:
    operator = promises.policy.operator
    return {
        "@id": f"{base}#operator",
        "@type": "dpv:DataController",
        "title": _text(operator.name),
        "dct:identifier": operator.bin,
        "dpv:hasAddress": _text(operator.address),
        "dpv:hasContact": f"mailto:{operator.contacts.email}",
        "dpv:hasCountry": operator.country,
        "dpv:hasDataProtectionOfficer": {
            "title": _text(operator.responsible.position),
            "dpv:hasContact": f"mailto:{operator.responsible.email or operator.contacts.email}",
        },
    }


def _process(promises: Promises, name: str, base: str) -> dict[str, Any]:
    purpose = promises.policy.purposes[name]
    return {
        "@id": f"{base}#purpose-{name}",
        "@type": "dpv:Process",
        "dpv:hasPurpose": {"@type": _PURPOSES[purpose.kind], "title": _text(purpose.name)},
        "dpv:hasLegalBasis": _basis(promises, purpose),
        "dpv:hasPersonalData": [{"@id": f"{base}#{ref}"} for ref in sorted(promises.needed[name])],
        "dpv:hasProcessing": [{"@type": OPERATIONS[one]} for one in purpose.operations],
        "dpv:hasRecipient": [{"@id": f"{base}#recipient-{one}"} for one in promises.recipients_for(name)],
        "dpv:hasStorageCondition": _storage(promises, name),
        "dpv:hasNecessity": {"@id": "dpv:Optional" if purpose.optional else "dpv:Required"},
    }


def _basis(promises: Promises, purpose: Purpose) -> dict[str, Any]:
    basis = promises.law.bases[purpose.basis]
    cited = purpose.act if purpose.act != Text() else _cited(promises, basis.article)
    kind = "dpv:Consent" if basis.consent else "dpv:LegalBasis"
    return {"@type": kind, "title": _text(basis.name), "source": _text(cited)}


def _cited(promises: Promises, article: str) -> Text:
    return Text(**{language: promises.law.cite(article, language) for language in LANGUAGES})


def _storage(promises: Promises, name: str) -> dict[str, Any]:
    """How long, and what happens then. Times and events are the policy file's own words."""
    term = promises.term(name)
    home = {"dpv:hasLocation": list(promises.law.pack.borders.home)} if promises.law.pack.borders.store_at_home else {}
    if term is None:
        return {"@type": "dpv:StorageCondition", "dpv:hasDuration": {"@type": "dpv:UntilEventDuration"}, **home}
    length = {"dct:extent": term.lasts, "dct:isReferencedBy": term.after} if term.lasts else {"dct:subject": term.until}
    kind = "dpv:TemporalDuration" if term.lasts else "dpv:UntilEventDuration"
    erased = {"destroy": "dpv:Destruct", "depersonalise": "dpv:Anonymise"}[term.then]
    kept = [
        {
            "dct:extent": one.term,
            "source": _text(one.act),
            "dpv:hasPersonalData": sorted(promises.policy.expand(one.what)),
        }
        for one in term.keep
    ]
    more = {"dpv:hasException": kept} if kept else {}
    told = {"@type": "dpv:StorageCondition", "dpv:hasDuration": {"@type": kind, **length}}
    return {**told, "dpv:hasProcessing": {"@type": erased}, **home, **more}


def _data(promises: Promises, ref: str, base: str) -> dict[str, Any]:
    category = promises.policy.categories[ref.partition(".")[0]]
    special = ["dpv:SpecialCategoryPersonalData"] if category.special else []
    sensitive = ["dpv:SensitivePersonalData"] if category.sensitive and not special else []
    kind = _DATA.get(promises.fields[ref].type, "dpv:PersonalData")
    return {
        "@id": f"{base}#{ref}",
        "@type": [kind, *special, *sensitive],
        "title": {language: field_name(promises, ref, language) for language in LANGUAGES},
        "dct:isPartOf": _text(category.name),
    }


def _recipient(promises: Promises, name: str, base: str) -> dict[str, Any]:
    one: Recipient = promises.policy.recipients[name]
    told: dict[str, Any] = {
        "@id": f"{base}#recipient-{name}",
        "@type": _RECIPIENTS.get(one.kind, "dpv:ThirdParty"),
        "title": _text(one.name),
        "dpv:hasCountry": list(one.countries),
        "dpv:hasProcessing": [{"@type": OPERATIONS[operation]} for operation in one.operations],
        "dpv:hasPersonalData": [{"@id": f"{base}#{ref}"} for ref in sorted(promises.policy.expand(one.uses))],
    }
    if one.address != Text():
        told["dpv:hasAddress"] = _text(one.address)
    if one.contract:
        told["dpv:hasContract"] = {"dct:title": one.contract.name, "dct:date": one.contract.date.isoformat()}
    if one.policy:
        told["dpv:hasPolicy"] = {"@id": one.policy}
    return told
