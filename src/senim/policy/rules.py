"""What a policy must be before it may be published. Pure: a policy and its law in, faults out.

Each rule is a small function in ``RULES``; all run, so that one look shows everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from senim.errors import Code, Invalid
from senim.identity import RESPONSIBLE
from senim.languages import Text
from senim.law import Law, parse_term
from senim.policy.file import Fault
from senim.policy.records import ConsentAsked, Field, Policy, Purpose, Recipient, Term
from senim.policy.taxonomy import FILES, FieldType, Operation
from senim.policy.values import is_bin, is_iin, mixed_script, normalise

ABOUT_HEADS = (
    "operator", "sites", "sources", "categories", "roles", "purposes", "recipients", "points", "cookies", "rights",
    "consent", "borders", "changes", "liability", "law", "terms",
)  # fmt: skip
"""What ``about`` may begin with."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the rules look at."""

    policy: Policy
    law: Law
    controls: frozenset[str]


Found = Iterator[Fault]


def faults_of(policy: Policy, law: Law, controls: frozenset[str]) -> list[Fault]:
    """Everything that keeps the policy from being published. ``controls`` are the names a clause may use."""
    given = Given(policy, law, controls)
    return [fault for rule in RULES for fault in rule(given)]


def texts(part: Any, where: str = "") -> Iterator[tuple[str, Text, bool]]:
    """Every text of a policy: its path, the text, whether it may be left out."""
    if isinstance(part, Text):
        yield where, part, False
    elif isinstance(part, msgspec.Struct):
        for field in msgspec.structs.fields(part):
            value = getattr(part, field.name)
            path = f"{where}.{field.encode_name}" if where else field.encode_name
            if isinstance(value, Text):
                yield path, value, not field.required
            else:
                yield from texts(value, path)
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from texts(value, f"{where}.{key}")
    elif isinstance(part, tuple):
        for index, value in enumerate(part):
            yield from texts(value, f"{where}[{index}]")


def _languages(given: Given) -> Found:
    for where, text, optional in texts(given.policy):
        if optional and text == Text():
            continue
        for language in text.missing():
            yield Fault(Code.LANGUAGE_MISSING, where, f"there is no text in {language}")
        for language in ("kk", "ru"):
            if word := mixed_script(getattr(text, language)):
                yield Fault(Code.MIXED_SCRIPT, f"{where}.{language}", f"“{word}” mixes Latin and Cyrillic letters")


def _operator(given: Given) -> Found:
    operator = given.policy.operator
    if not (is_bin(operator.bin) or is_iin(operator.bin)):
        yield Fault(Code.NUMBER_WRONG, "operator.bin", "the check digit, date or kind of this BIN is wrong")
    mails = {
        "operator.contacts.email": operator.contacts.email,
        "operator.responsible.email": operator.responsible.email,
    }
    phones = {
        "operator.contacts.phone": operator.contacts.phone,
        "operator.responsible.phone": operator.responsible.phone,
    }
    for kind, found in ((FieldType.EMAIL, mails), (FieldType.PHONE, phones)):
        for where, value in found.items():
            if value and not _fits(value, kind):
                yield Fault(Code.INVALID_VALUE, where, f"this is no {kind.value}")
    if not operator.contacts.email:
        yield Fault(Code.KEY_MISSING, "operator.contacts.email", "give the address that people write to")


def _addresses(given: Given) -> Found:
    """Links that pages show lead to other sites, and do nothing else in a reader's browser."""
    links = {f"recipients.{name}.policy": one.policy for name, one in given.policy.recipients.items()}
    links |= {
        f"sites[{index}].contract.url": one.contract.url
        for index, one in enumerate(given.policy.sites)
        if one.contract is not None
    }
    for where, link in links.items():
        if link and not _fits(link, FieldType.URL):
            yield Fault(Code.INVALID_VALUE, where, "this is no address that begins with https://")


def _fits(value: str, kind: FieldType) -> bool:
    try:
        normalise(value, Field(type=kind))
    except Invalid:
        return False
    return True


def _clauses(given: Given) -> Found:
    first: dict[str, int] = {}
    for index, clause in enumerate(given.policy.clauses):
        where = f"clauses[{index}]"
        if first.setdefault(clause.id, index) != index:
            detail = f"clauses[{first[clause.id]}] has the id “{clause.id}” already"
            yield Fault(Code.ID_DUPLICATE, f"{where}.id", detail, clause=clause.id)
        for control in clause.kept_by:
            if control not in given.controls:
                yield Fault(Code.CONTROL_UNKNOWN, f"{where}.kept-by", f"“{control}” is no control", clause=clause.id)
        if not clause.kept_by:
            yield Fault(Code.CONTROL_UNKNOWN, f"{where}.kept-by", "name at least one control", clause=clause.id)
        for reference in clause.about:
            if not _exists(given.policy, reference):
                yield Fault(Code.REFERENCE_DANGLING, f"{where}.about", f"there is no “{reference}”", clause=clause.id)
        for item in clause.states:
            if item not in given.law.consent_items:
                yield Fault(
                    Code.REFERENCE_DANGLING, f"{where}.states", f"“{item}” is no item of a consent", clause=clause.id
                )


def _exists(policy: Policy, reference: str) -> bool:
    head, *rest = reference.split(".")
    if head not in ABOUT_HEADS:
        return False
    part: Any = None if head == "terms" else getattr(policy, head)
    for step in rest:
        name = step.replace("-", "_")
        if isinstance(part, dict) and step in part:
            part = part[step]
        elif isinstance(part, msgspec.Struct) and name in part.__struct_fields__:
            part = getattr(part, name)
        else:
            return False
    return True


def _references(given: Given) -> Found:
    policy = given.policy
    for where, field_references in _field_references(policy):
        for reference in field_references:
            if not policy.expand((reference,)):
                yield Fault(Code.REFERENCE_DANGLING, where, f"there is no category or field “{reference}”")
    for where, names, known in _name_references(policy):
        for name in names:
            if name not in known:
                yield Fault(
                    Code.REFERENCE_DANGLING, where, f"there is no “{name}”; known: {', '.join(sorted(known)[:20])}"
                )


def _field_references(policy: Policy) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, purpose in policy.purposes.items():
        yield f"purposes.{name}.uses", purpose.uses
        if isinstance(purpose.term, Term):
            for index, keep in enumerate(purpose.term.keep):
                yield f"purposes.{name}.term.keep[{index}].what", keep.what
    for name, recipient in policy.recipients.items():
        yield f"recipients.{name}.uses", recipient.uses
    for name, role in policy.roles.items():
        yield f"roles.{name}.sees", role.sees
    for name, point in policy.points.items():
        for reference in point.asks:
            if "." in reference:
                yield f"points.{name}.asks.{reference}", (reference,)


def _name_references(policy: Policy) -> Iterator[tuple[str, tuple[str, ...], set[str]]]:
    purposes, roles = set(policy.purposes), set(policy.roles) | {RESPONSIBLE}
    groups = set(policy.recipients) | {one.group for one in policy.recipients.values() if one.group}
    for name, category in policy.categories.items():
        yield f"categories.{name}.readers", category.readers, roles
    for name, purpose in policy.purposes.items():
        yield (f"purposes.{name}.sender", (purpose.sender,) if purpose.sender else (), set(policy.recipients))
    for name, recipient in policy.recipients.items():
        yield f"recipients.{name}.purposes", recipient.purposes, purposes
    for name, role in policy.roles.items():
        yield f"roles.{name}.purposes", role.purposes, purposes
    for name, point in policy.points.items():
        yield (f"points.{name}.source", (point.source,) if point.source else (), set(policy.sources))
        yield (f"points.{name}.site", (point.site,) if point.site else (), {site.address for site in policy.sites})
        for index, ask in enumerate(point.consents):
            yield f"points.{name}.consents[{index}].purpose", (ask.purpose,), purposes
            yield (f"points.{name}.consents[{index}].recipient", (ask.recipient,) if ask.recipient else (), groups)
    if policy.cookies:
        for name, kind in policy.cookies.kinds.items():
            yield (f"cookies.kinds.{name}.purpose", (kind.purpose,) if kind.purpose else (), purposes)


def _bases(given: Given) -> Found:
    for name, purpose in given.policy.purposes.items():
        basis = given.law.bases.get(purpose.basis)
        where = f"purposes.{name}.basis"
        if basis is None:
            known = ", ".join(given.law.bases)
            yield Fault(Code.BASIS_UNKNOWN, where, f"the law knows no basis “{purpose.basis}”; it knows {known}")
        elif basis.needs_act and purpose.act == Text():
            yield Fault(Code.KEY_MISSING, f"purposes.{name}.act", f"name the act behind basis “{purpose.basis}”")


def _fields(given: Given) -> Found:
    policy = given.policy
    used = policy.expand(tuple(reference for purpose in policy.purposes.values() for reference in purpose.uses))
    for name, field in policy.fields().items():
        where = f"categories.{name.replace('.', '.fields.')}"
        if name not in used:
            yield Fault(Code.FIELD_WITHOUT_PURPOSE, where, "no purpose uses this field: leave it out, or say what for")
        if field.type is FieldType.CHOICE and not field.choices:
            yield Fault(Code.KEY_MISSING, where, "list its choices")
    for name, category in policy.categories.items():
        if category.special and category.special not in given.law.special:
            yield Fault(Code.REFERENCE_DANGLING, f"categories.{name}.special", f"known: {', '.join(given.law.special)}")
        cards = any(category.spec(field).type is FieldType.CARD for field in category.fields)
        if cards and not (category.sensitive and category.people == "never"):
            where = f"categories.{name}"
            yield Fault(Code.TYPE_WRONG, where, "a category with card numbers is “sensitive: true” and “people: never”")


def _points(given: Given) -> Found:
    policy = given.policy
    for name, point in policy.points.items():
        served = _served(
            given, [policy.purposes[ask.purpose] for ask in point.consents if ask.purpose in policy.purposes]
        )
        for reference in point.asks:
            where = f"points.{name}.asks.{reference}"
            asked = point.asked(reference)
            if "." not in reference:
                yield Fault(Code.REFERENCE_DANGLING, where, "a point asks for single fields: “category.field”")
            elif reference not in served and policy.expand((reference,)):
                yield Fault(Code.FIELD_NOT_NEEDED, where, "no purpose that this point asks consent for uses this field")
            field = policy.fields().get(reference)
            if asked.ask == "required" and field and field.type in FILES:
                yield Fault(Code.TYPE_WRONG, where, "a file is sent after the form: ask for it as “optional”")
            if asked.ask == "required" and (asked.why == Text() or asked.refusal == Text()):
                yield Fault(
                    Code.EXPLANATION_MISSING, where, "say why it is needed (why) and what refusing means (refusal)"
                )
        for index, ask in enumerate(point.consents):
            purpose = policy.purposes.get(ask.purpose)
            where = f"points.{name}.consents[{index}]"
            if purpose and purpose.optional and ask.ask == "required":
                yield Fault(
                    Code.CONSENT_BUNDLED, where, f"“{ask.purpose}” is optional: its consent can only be a choice"
                )
            if purpose and ask.channel and ask.channel not in purpose.channels:
                yield Fault(
                    Code.CHANNEL_UNDECLARED, where, f"“{ask.purpose}” does not declare channel {ask.channel.value}"
                )
            yield from _reachable(policy, ask, where)


def _reachable(policy: Policy, ask: ConsentAsked, where: str) -> Found:
    """A permission to pass data on names somebody who gets data for that purpose, or a country where one is."""
    there = {name: one for name, one in policy.recipients.items() if ask.purpose in one.purposes}
    if ask.recipient and not any(ask.recipient in (name, one.group) for name, one in there.items()):
        detail = f"“{ask.recipient}” gets nothing for “{ask.purpose}”"
        yield Fault(Code.RECIPIENT_UNDECLARED, f"{where}.recipient", detail)
    if ask.country and not any(ask.country in one.countries for one in there.values()):
        detail = f"no recipient of “{ask.purpose}” is in {ask.country}"
        yield Fault(Code.COUNTRY_NOT_ALLOWED, f"{where}.country", detail)


def _served(given: Given, purposes: list[Purpose]) -> frozenset[str]:
    by_law = [
        one for one in given.policy.purposes.values() if one.basis != "consent" and Operation.COLLECT in one.operations
    ]
    return given.policy.expand(tuple(reference for purpose in (*purposes, *by_law) for reference in purpose.uses))


def _recipients(given: Given) -> Found:
    policy = given.policy
    for name, recipient in policy.recipients.items():
        purposes = [policy.purposes[purpose] for purpose in recipient.purposes if purpose in policy.purposes]
        needed = policy.expand(tuple(reference for purpose in purposes for reference in purpose.uses))
        for reference in recipient.uses:
            if not policy.expand((reference,)) <= needed:
                yield Fault(Code.FIELD_NOT_NEEDED, f"recipients.{name}.uses", f"its purposes do not use “{reference}”")
        for purpose_name in recipient.purposes:
            purpose = policy.purposes.get(purpose_name)
            if purpose and Operation.TRANSFER not in purpose.operations:
                yield Fault(
                    Code.OPERATION_UNDECLARED,
                    f"recipients.{name}.purposes",
                    f"purpose “{purpose_name}” does not declare the operation “transfer”",
                )
        yield from _recipient_alone(name, recipient)


def _recipient_alone(name: str, recipient: Recipient) -> Found:
    if recipient.contract and not (recipient.contract.secrecy and recipient.contract.security):
        yield Fault(
            Code.TYPE_WRONG,
            f"recipients.{name}.contract",
            "the contract must bind to secrecy and security (foundation-22)",
        )


def _terms(given: Given) -> Found:
    policy = given.policy
    for name, purpose in policy.purposes.items():
        where = f"purposes.{name}.term"
        if not isinstance(purpose.term, Term):
            continue
        if bool(purpose.term.until) == bool(purpose.term.lasts):
            yield Fault(Code.KEY_MISSING, where, "give either “until” (an event) or “lasts” (a time)")
        basis = given.law.bases.get(purpose.basis)
        if purpose.term.lasts and purpose.term.after == "consent" and basis and not basis.consent:
            detail = f"nobody consents to “{name}”: say what its time is counted from (after: collection, or an event)"
            yield Fault(Code.KEY_MISSING, f"{where}.after", detail)
        if purpose.term.lasts:
            yield from _term(f"{where}.lasts", purpose.term.lasts)
        for index, keep in enumerate(purpose.term.keep):
            yield from _term(f"{where}.keep[{index}].term", keep.term)
    for kind, right in policy.rights.kinds.items():
        if right.term:
            yield from _term(f"rights.kinds.{kind}.term", right.term)
    if policy.rights.claim:
        yield from _term("rights.claim.term", policy.rights.claim.term)


def _term(where: str, text: str) -> Found:
    try:
        parse_term(text)
    except Invalid:
        detail = f"“{text}” is no term; write e.g. “30 working days”, “10 calendar days”, “3 years”"
        yield Fault(Code.TYPE_WRONG, where, detail)


def _names(given: Given) -> Found:
    for reserved in (RESPONSIBLE, "system"):
        if reserved in given.policy.roles:
            yield Fault(Code.ID_WRONG, f"roles.{reserved}", "this role exists in every policy; choose another name")
    for address, count in Counter(site.address for site in given.policy.sites).items():
        if count > 1:
            yield Fault(Code.ID_DUPLICATE, "sites", f"{address} stands there {count} times")
    for name, filled in (
        ("sites", given.policy.sites),
        ("purposes", given.policy.purposes),
        ("clauses", given.policy.clauses),
    ):
        if not filled:
            yield Fault(Code.KEY_MISSING, name, "at least one is needed")


RULES: tuple[Callable[[Given], Found], ...] = (
    _operator,
    _addresses,
    _names,
    _languages,
    _references,
    _bases,
    _fields,
    _points,
    _recipients,
    _terms,
    _clauses,
)
