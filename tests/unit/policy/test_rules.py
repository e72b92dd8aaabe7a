"""What keeps a policy from being published: each rule fires where it should, with its place, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from senim.errors import Code
from tests.unit.made import GONE, looked_at, varied

KK_RU = {"kk": "Мәтін", "ru": "Текст"}
ALL = {**KK_RU, "en": "Text"}

FAULTS: dict[str, tuple[Mapping[str, object], set[tuple[Code, str]]]] = {
    # languages
    "a language is missing": ({"clauses.0.says.kk": ""}, {(Code.LANGUAGE_MISSING, "clauses[0].says")}),
    "two languages are missing in a point's reason": (
        {"points.registration.why": {"kk": "Мәтін"}}, {(Code.LANGUAGE_MISSING, "points.registration.why")},
    ),
    "only white space in a language": (
        {"operator.name.ru": "  "}, {(Code.LANGUAGE_MISSING, "operator.name")},
    ),
    "a Latin letter in a Kazakh word": (
        {"clauses.0.says.kk": "Бұл саясат сaйтқа қолданылады."}, {(Code.MIXED_SCRIPT, "clauses[0].says.kk")},
    ),
    "a Latin letter in a Russian word": (
        {"purposes.orders.name.ru": "выполнение зaказа"}, {(Code.MIXED_SCRIPT, "purposes.orders.name.ru")},
    ),
    # the operator
    "a wrong check digit": ({"operator.bin": "691240000011"}, {(Code.NUMBER_WRONG, "operator.bin")}),
    "a month that is none": ({"operator.bin": "691340000010"}, {(Code.NUMBER_WRONG, "operator.bin")}),
    "no number": ({"operator.bin": ""}, {(Code.NUMBER_WRONG, "operator.bin")}),
    "no e-mail": ({"operator.contacts.email": ""}, {(Code.KEY_MISSING, "operator.contacts.email")}),
    "a wrong e-mail": (
        {"operator.contacts.email": "data at mini"}, {(Code.INVALID_VALUE, "operator.contacts.email")},
    ),
    "a wrong telephone": ({"operator.contacts.phone": "12"}, {(Code.INVALID_VALUE, "operator.contacts.phone")}),
    "a wrong e-mail of the responsible person": (
        {"operator.responsible.email": "nobody"}, {(Code.INVALID_VALUE, "operator.responsible.email")},
    ),
    # ids and references
    "a clause twice": ({"clauses.2.id": "mini-1"}, {(Code.ID_DUPLICATE, "clauses[2].id")}),
    "a site twice": (
        {"sites": [{"address": "https://mini.example"}, {"address": "https://mini.example"}]},
        {(Code.ID_DUPLICATE, "sites")},
    ),
    "a reserved role": (
        {"roles.responsible": {"name": ALL, "kind": "staff", "may": []}}, {(Code.ID_WRONG, "roles.responsible")},
    ),
    "the role of Senim itself": (
        {"roles.system": {"name": ALL, "kind": "service", "may": []}}, {(Code.ID_WRONG, "roles.system")},
    ),
    "a purpose uses a category that is not there": (
        {"purposes.orders.uses": ["identity", "contact", "payment-card", "health"]},
        {(Code.REFERENCE_DANGLING, "purposes.orders.uses")},
    ),
    "a field that is not there": (
        {"roles.desk.sees": ["identity.nickname"]}, {(Code.REFERENCE_DANGLING, "roles.desk.sees")},
    ),
    "something to keep that is not there": (
        {"purposes.orders.term.keep.0.what": ["contact.receipt"]},
        {(Code.REFERENCE_DANGLING, "purposes.orders.term.keep[0].what")},
    ),
    "a recipient's field that is not there": (
        {"recipients.courier.uses": ["identity.given", "contact.fax"]},
        {(Code.REFERENCE_DANGLING, "recipients.courier.uses")},
    ),
    "a recipient's purpose that is not there": (
        {"recipients.tax.purposes": ["bookkeeping", "audits"]},
        {(Code.REFERENCE_DANGLING, "recipients.tax.purposes")},
    ),
    "a role's purpose that is not there": (
        {"roles.desk.purposes": ["order"]}, {(Code.REFERENCE_DANGLING, "roles.desk.purposes")},
    ),
    "a reader that is not there": (
        {"categories.payment-card.readers": ["cashier"]},
        {(Code.REFERENCE_DANGLING, "categories.payment-card.readers")},
    ),
    "a sender that is not there": (
        {"purposes.newsletter.sender": "agency"}, {(Code.REFERENCE_DANGLING, "purposes.newsletter.sender")},
    ),
    "a source that is not there": (
        {"points.registration.source": "oracle"}, {(Code.REFERENCE_DANGLING, "points.registration.source")},
    ),
    "a site that is not there": (
        {"points.registration.site": "https://other.example"},
        {(Code.REFERENCE_DANGLING, "points.registration.site")},
    ),
    "a whole category asked for": (
        {"points.registration.asks.contact": "optional"},
        {(Code.REFERENCE_DANGLING, "points.registration.asks.contact")},
    ),
    "a consent to a purpose that is not there": (
        {"points.registration.consents.5.purpose": "letters"},
        {(Code.REFERENCE_DANGLING, "points.registration.consents[5].purpose")},
    ),
    "a consent to a recipient that is not there": (
        {"points.registration.consents.2.recipient": "pigeons"},
        {(Code.REFERENCE_DANGLING, "points.registration.consents[2].recipient"),
         (Code.RECIPIENT_UNDECLARED, "points.registration.consents[2].recipient")},
    ),
    "a consent to a recipient of another purpose": (
        {"points.registration.consents.2.recipient": "mailer"},
        {(Code.RECIPIENT_UNDECLARED, "points.registration.consents[2].recipient")},
    ),
    "a consent to a country where nobody is": (
        {"points.registration.consents.4.country": "US"},
        {(Code.COUNTRY_NOT_ALLOWED, "points.registration.consents[4].country")},
    ),
    "a clause about what is not there": (
        {"clauses.0.about": ["sites", "purposes.loyalty"]}, {(Code.REFERENCE_DANGLING, "clauses[0].about")},
    ),
    "a clause about nothing that a policy has": (
        {"clauses.0.about": ["weather"]}, {(Code.REFERENCE_DANGLING, "clauses[0].about")},
    ),
    "a clause about a part that a declaration has not": (
        {"clauses.0.about": ["operator.colour"]}, {(Code.REFERENCE_DANGLING, "clauses[0].about")},
    ),
    "a clause states what no consent holds": (
        {"clauses.0.states": ["weather"]}, {(Code.REFERENCE_DANGLING, "clauses[0].states")},
    ),
    "a control that is none": ({"clauses.0.kept-by": ["policy.magic"]}, {(Code.CONTROL_UNKNOWN, "clauses[0].kept-by")}),
    "a clause that nothing keeps": ({"clauses.0.kept-by": []}, {(Code.CONTROL_UNKNOWN, "clauses[0].kept-by")}),
    # purposes
    "a basis that the law has not": (
        {"purposes.delivery.basis": "contract"}, {(Code.BASIS_UNKNOWN, "purposes.delivery.basis")},
    ),
    "legitimate interests in Kazakhstan": (
        {"purposes.newsletter.basis": "legitimate-interests"}, {(Code.BASIS_UNKNOWN, "purposes.newsletter.basis")},
    ),
    "a duty without its act": ({"purposes.bookkeeping.act": GONE}, {(Code.KEY_MISSING, "purposes.bookkeeping.act")}),
    "a term that has no end": ({"purposes.orders.term": {}}, {(Code.KEY_MISSING, "purposes.orders.term")}),
    "a term with two ends": (
        {"purposes.orders.term": {"until": "order-completed", "lasts": "3 years"}},
        {(Code.KEY_MISSING, "purposes.orders.term")},
    ),
    "a term that cannot be counted": (
        {"purposes.newsletter.term": {"lasts": "a while"}}, {(Code.TYPE_WRONG, "purposes.newsletter.term.lasts")},
    ),
    "a term beyond all calendars": (
        {"purposes.newsletter.term": {"lasts": "9999 years"}}, {(Code.TYPE_WRONG, "purposes.newsletter.term.lasts")},
    ),
    "a duty counted from a consent that nobody gives": (
        {"purposes.bookkeeping.term": {"lasts": "5 years"}}, {(Code.KEY_MISSING, "purposes.bookkeeping.term.after")},
    ),
    "an empty time to keep": (
        {"purposes.orders.term.keep.0.term": ""}, {(Code.TYPE_WRONG, "purposes.orders.term.keep[0].term")},
    ),
    "an empty time for claims": ({"rights.claim.term": ""}, {(Code.TYPE_WRONG, "rights.claim.term")}),
    "a right answered some time": (
        {"rights.kinds.access": {"term": "soon"}}, {(Code.TYPE_WRONG, "rights.kinds.access.term")},
    ),
    # fields
    "a field that serves no purpose": (
        {"categories.identity.fields.nickname": "name", "purposes.orders.uses":
         ["identity.family", "identity.given", "identity.patronymic", "identity.iin", "contact", "payment-card"]},
        {(Code.FIELD_WITHOUT_PURPOSE, "categories.identity.fields.nickname")},
    ),
    "a choice without choices": (
        {"categories.profile.fields.tastes": "choice"}, {(Code.KEY_MISSING, "categories.profile.fields.tastes")},
    ),
    "a special category that the law has not": (
        {"categories.profile.special": "horoscope"}, {(Code.REFERENCE_DANGLING, "categories.profile.special")},
    ),
    "cards that people may read": (
        {"categories.payment-card.people": "masked"}, {(Code.TYPE_WRONG, "categories.payment-card")},
    ),
    "cards that are not sensitive": (
        {"categories.payment-card.sensitive": "false"}, {(Code.TYPE_WRONG, "categories.payment-card")},
    ),
    "a card among contacts": (
        {"categories.contact.fields.card": "card"}, {(Code.TYPE_WRONG, "categories.contact")},
    ),
    # points
    "a point asks for what its purposes do not need": (
        {"points.registration.consents": [{"purpose": "orders", "ask": "required"}]},
        {(Code.FIELD_NOT_NEEDED, "points.registration.asks.profile.tastes")},
    ),
    "a required field without a word why": (
        {"points.registration.why": GONE},
        {(Code.EXPLANATION_MISSING, "points.registration.asks.identity.family"),
         (Code.EXPLANATION_MISSING, "points.registration.asks.identity.given")},
    ),
    "a required field without what refusing means (travel-42)": (
        {"points.registration.refusal": GONE},
        {(Code.EXPLANATION_MISSING, "points.registration.asks.identity.family"),
         (Code.EXPLANATION_MISSING, "points.registration.asks.identity.given")},
    ),
    "a required file": (
        {"points.registration.asks.profile.scan": "required"} | {},
        {(Code.TYPE_WRONG, "points.registration.asks.profile.scan")},
    ),
    "a newsletter that cannot be refused (foundation-2)": (
        {"points.registration.consents.5.ask": "required"},
        {(Code.CONSENT_BUNDLED, "points.registration.consents[5]")},
    ),
    "a consent to a channel that the purpose has not": (
        {"points.registration.consents.6.channel": "telephone"},
        {(Code.CHANNEL_UNDECLARED, "points.registration.consents[6]")},
    ),
    # recipients
    "a recipient gets what its purposes do not use": (
        {"recipients.courier.uses": ["identity", "contact.phone"]},
        {(Code.FIELD_NOT_NEEDED, "recipients.courier.uses")},
    ),
    "a recipient of a purpose that passes nothing on": (
        {"recipients.tax.purposes": ["bookkeeping", "newsletter"], "recipients.tax.uses": ["contact.order"]},
        {(Code.OPERATION_UNDECLARED, "recipients.tax.purposes")},
    ),
    "a contract that binds to no secrecy (foundation-22)": (
        {"recipients.courier.contract.secrecy": "false"}, {(Code.TYPE_WRONG, "recipients.courier.contract")},
    ),
    # nothing at all
    "no sites": ({"sites": [], "points.registration.site": ""}, {(Code.KEY_MISSING, "sites")}),
    "no clauses": ({"clauses": []}, {(Code.KEY_MISSING, "clauses")}),
    "a law that is not there": ({"law": "atlantis"}, {(Code.REFERENCE_DANGLING, "law")}),
}  # fmt: skip


def with_dots(changes: Mapping[str, object]) -> bytes:
    """The changed policy; fields that a point asks for have a dot in their key."""
    plain: dict[str, object] = {}
    asks: dict[str, object] = {}
    for path, value in changes.items():
        _, mark, field = path.partition(".asks.")
        (asks if mark else plain)[field if mark else path] = value
    source = varied(plain)
    if asks:
        text = source.decode()
        for field, value in asks.items():
            text = text.replace("    asks:\n", f"    asks:\n      {field}: {value}\n", 1)
        source = text.encode()
    return source


@pytest.mark.parametrize(("changes", "expected"), FAULTS.values(), ids=FAULTS)
def test_fault(changes: Mapping[str, object], expected: set[tuple[Code, str]]) -> None:
    """Each fault is found, at its place and with words that help, and no other is told beside it."""
    checked = looked_at(with_dots(changes))
    assert {(fault.code, fault.where) for fault in checked.faults} == expected
    assert all(fault.hint for fault in checked.faults)
    assert all(fault.line > 1 for fault in checked.faults)


GOOD: dict[str, Mapping[str, object]] = {
    "nothing changed": {},
    "a sole entrepreneur by IIN": {"operator.bin": "981231500014"},
    "the responsible person as reader": {"categories.payment-card.readers": ["responsible"]},
    "a law on a day": {"law": {"pack": "kz", "on": "2025-06-01"}},
    "an unlimited term is published, and the clash shown": {"purposes.orders.term": "unlimited"},
    "a clause about a part of a declaration": {"clauses.0.about": ["purposes.orders.term", "operator.bin", "rights"]},
    "an optional text left out": {"operator.contacts.post": {"kk": "", "ru": "", "en": ""}},
    "a file asked for as optional": {"points.registration.asks.profile.scan": "optional"},
    "a permission for one recipient, not its class": {"points.registration.consents.2.recipient": "courier"},
    "loanwords in Latin letters": {"clauses.0.says.ru": "Мы шлём SMS и e-mail."},
}


@pytest.mark.parametrize("changes", GOOD.values(), ids=GOOD)
def test_what_is_good(changes: Mapping[str, object]) -> None:
    """What is right is not found fault with."""
    assert looked_at(with_dots(changes)).faults == ()


def test_all_faults_in_one_run() -> None:
    """A careless file shows all that is wrong with it at once."""
    changes = {
        "operator.bin": "691240000011",
        "title.en": "",
        "purposes.delivery.basis": "contract",
        "clauses.0.kept-by": ["policy.magic"],
        "recipients.courier.contract.security": "false",
        "roles.desk.purposes": ["order"],
    }
    assert {fault.code for fault in looked_at(varied(changes)).faults} == {
        Code.NUMBER_WRONG, Code.LANGUAGE_MISSING, Code.BASIS_UNKNOWN, Code.CONTROL_UNKNOWN, Code.TYPE_WRONG,
        Code.REFERENCE_DANGLING,
    }  # fmt: skip


def test_faults_of_clauses_name_the_clause() -> None:
    """A fault in a clause carries the clause's id for the lawyer who wrote it."""
    (fault,) = looked_at(varied({"clauses.2.kept-by": ["policy.magic"]})).faults
    assert fault.clause == "mini-3"
