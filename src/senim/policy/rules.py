"""What a policy must be before it may be published. Pure: a policy and its law in, faults out.

Each rule is a small function in ``RULES``; all run, so that one look shows everything. Where the file could not
be read (its gaps) a rule says nothing that only follows from that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import msgspec

from senim.errors import Code, Invalid
from senim.identity import RESPONSIBLE
from senim.languages import Hint, Text
from senim.law import Law, parse_term
from senim.policy.file import Fault
from senim.policy.gaps import Gaps, meant, nearest
from senim.policy.records import ConsentAsked, Field, Point, Policy, Purpose, Recipient, Term
from senim.policy.references import NO_GAPS, Found, Given, clauses, references
from senim.policy.taxonomy import FILES, FieldType, Operation
from senim.policy.values import mixed_script, normalise
from senim.policy.visit_rules import visits
from senim.recognisers.numbers import is_bin, is_iin


def faults_of(policy: Policy, law: Law | None, controls: frozenset[str], gaps: Gaps = NO_GAPS) -> list[Fault]:
    """Everything that keeps the policy from being published. ``controls`` are the names a clause may use.

    ``gaps`` is where something stands in for what could not be read.
    """
    given = Given(policy, law, controls, gaps)
    return [fault for rule in RULES for fault in rule(given) if not gaps.cover(fault.where)]


def texts(part: Any, where: str = "") -> Iterator[tuple[str, Text, bool]]:
    """Every text of a policy: its path, the text, whether it may be left out."""
    if isinstance(part, Text):
        yield where, part, False
    elif isinstance(part, msgspec.Struct):
        for field in _fields_of(type(part)):
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


@cache
def _fields_of(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


def _languages(given: Given) -> Found:
    for where, text, optional in texts(given.policy):
        if optional and text == Text():
            continue
        for language in text.missing():
            if given.gaps.cover(f"{where}.{language}"):
                continue
            yield Fault(Code.LANGUAGE_MISSING, where, Hint("no-text", language=language))
        for language in ("kk", "ru"):
            if word := mixed_script(getattr(text, language)):
                yield Fault(Code.MIXED_SCRIPT, f"{where}.{language}", Hint("two-scripts", word=word))


def _operator(given: Given) -> Found:
    operator = given.policy.operator
    if not (is_bin(operator.bin) or is_iin(operator.bin)):
        yield Fault(Code.NUMBER_WRONG, "operator.bin", Hint("wrong-bin"))
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
                yield Fault(Code.INVALID_VALUE, where, Hint("not-of-type", type=kind.value))
            elif value and kind is FieldType.PHONE and not value.startswith("+"):
                yield Fault(Code.INVALID_VALUE, where, Hint("phone-plus"))
    if not operator.contacts.email:
        yield Fault(Code.KEY_MISSING, "operator.contacts.email", Hint("give-email"))


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
            yield Fault(Code.INVALID_VALUE, where, Hint("not-https"))
    for index, site in enumerate(given.policy.sites):
        where = f"sites[{index}].address"
        if not site.address.startswith("https://"):
            yield Fault(Code.INVALID_VALUE, where, Hint("begin-https"))
        elif not _host(site.address):
            yield Fault(Code.INVALID_VALUE, where, Hint("no-site"))


def _host(address: str) -> bool:
    try:
        found = urlsplit(address)
        return bool(found.hostname and "." in found.hostname.strip(".") and not found.username)
    except ValueError:
        return False


def _fits(value: str, kind: FieldType) -> bool:
    try:
        normalise(value, Field(type=kind))
    except Invalid:
        return False
    return True


def _bases(given: Given) -> Found:
    if given.law is None:
        return
    for name, purpose in given.policy.purposes.items():
        basis = given.law.bases.get(purpose.basis)
        where = f"purposes.{name}.basis"
        if basis is None:
            known = Hint("known", known=", ".join(given.law.bases))
            yield Fault(Code.BASIS_UNKNOWN, where, Hint("no-basis", known, basis=purpose.basis))
        elif given.gaps.cover(where):
            continue
        elif basis.needs_act and purpose.act == Text():
            yield Fault(Code.KEY_MISSING, f"purposes.{name}.act", Hint("name-act", basis=purpose.basis))


def _fields(given: Given) -> Found:
    policy, gaps = given.policy, given.gaps
    used = _meant_fields(policy, policy.purposes.values())
    told = gaps.match(r"purposes(\.[^.]+(\.uses.*)?)?")
    for name, field in policy.fields().items():
        where = f"categories.{name.replace('.', '.fields.')}"
        if name not in used and not told:
            yield Fault(Code.FIELD_WITHOUT_PURPOSE, where, Hint("unused-field"))
        if field.type is FieldType.CHOICE and not field.choices and not gaps.touch(where):
            yield Fault(Code.KEY_MISSING, where, Hint("list-choices"))
    for name, category in policy.categories.items():
        where = f"categories.{name}"
        if category.special and given.law and category.special not in given.law.special:
            hint = Hint("no-name", meant(category.special, given.law.special), name=category.special)
            yield Fault(Code.REFERENCE_DANGLING, f"{where}.special", hint)
        cards = any(category.spec(field).type is FieldType.CARD for field in category.fields)
        closed = category.sensitive or gaps.cover(f"{where}.sensitive")
        closed = closed and (category.people == "never" or gaps.cover(f"{where}.people"))
        if cards and not closed:
            yield Fault(Code.TYPE_WRONG, where, Hint("card-category"))


def _meant_fields(policy: Policy, purposes: Iterable[Purpose]) -> frozenset[str]:
    """The fields that purposes use, those meant by a misspelt reference too: that is told by itself."""
    named = [reference for purpose in purposes for reference in purpose.uses]
    known = (*policy.categories, *policy.fields())
    lost = [nearest(reference, known) for reference in named if not policy.expand((reference,))]
    return policy.expand((*named, *lost))


def _points(given: Given) -> Found:
    for name, point in given.policy.points.items():
        yield from _asked(given, name, point)
        for index, ask in enumerate(point.consents):
            where = f"points.{name}.consents[{index}]"
            if ask.purpose in given.policy.purposes and not given.gaps.touch(where):
                yield from _asked_to_consent(given, ask, where)


def _asked(given: Given, name: str, point: Point) -> Found:
    """Fields that a point asks for: each served by a purpose that it asks consent for, each explained."""
    policy, gaps = given.policy, given.gaps
    fields = policy.fields()
    served = _served(given, [policy.purposes[one.purpose] for one in point.consents if one.purpose in policy.purposes])
    told = (
        any(one.purpose not in policy.purposes for one in point.consents)
        or gaps.touch(f"points.{name}.consents")
        or gaps.match(r"purposes(\.[^.]+(\.(uses|basis|operations).*)?)?")
    )
    for reference in point.asks:
        where = f"points.{name}.asks.{reference}"
        asked = point.asked(reference)
        if "." not in reference:
            yield Fault(Code.REFERENCE_DANGLING, where, Hint("single-fields"))
        elif reference not in served and reference in fields and not told:
            yield Fault(Code.FIELD_NOT_NEEDED, where, Hint("field-not-served"))
        if asked.ask != "required" or gaps.touch(where):
            continue
        if reference in fields and fields[reference].type in FILES:
            yield Fault(Code.TYPE_WRONG, where, Hint("file-later"))
        why = asked.why == Text() and not gaps.touch(f"points.{name}.why")
        if why or (asked.refusal == Text() and not gaps.touch(f"points.{name}.refusal")):
            yield Fault(Code.EXPLANATION_MISSING, where, Hint("say-why"))


def _asked_to_consent(given: Given, ask: ConsentAsked, where: str) -> Found:
    purpose, at = given.policy.purposes[ask.purpose], f"purposes.{ask.purpose}"
    if purpose.optional and ask.ask == "required":
        yield Fault(Code.CONSENT_BUNDLED, where, Hint("only-a-choice", purpose=ask.purpose))
    if ask.channel and ask.channel not in purpose.channels and not given.gaps.touch(f"{at}.channels"):
        hint = Hint("no-channel", purpose=ask.purpose, channel=ask.channel.value)
        yield Fault(Code.CHANNEL_UNDECLARED, where, hint)
    if not given.gaps.match(r"recipients(\.[^.]+(\.(purposes|group|countries).*)?)?"):
        yield from _reachable(given.policy, ask, where)


def _reachable(policy: Policy, ask: ConsentAsked, where: str) -> Found:
    """A permission to pass data on names somebody who gets data for that purpose, or a country where one is."""
    there = {name: one for name, one in policy.recipients.items() if ask.purpose in one.purposes}
    if ask.recipient and not any(ask.recipient in (name, one.group) for name, one in there.items()):
        hint = Hint("gets-nothing", recipient=ask.recipient, purpose=ask.purpose)
        yield Fault(Code.RECIPIENT_UNDECLARED, f"{where}.recipient", hint)
    if ask.country and not any(ask.country in one.countries for one in there.values()):
        hint = Hint("nobody-there", purpose=ask.purpose, country=ask.country)
        yield Fault(Code.COUNTRY_NOT_ALLOWED, f"{where}.country", hint)


def _served(given: Given, purposes: list[Purpose]) -> frozenset[str]:
    by_law = [
        one for one in given.policy.purposes.values() if one.basis != "consent" and Operation.COLLECT in one.operations
    ]
    return _meant_fields(given.policy, (*purposes, *by_law))


def _recipients(given: Given) -> Found:
    policy = given.policy
    for name, recipient in policy.recipients.items():
        purposes = [policy.purposes[purpose] for purpose in recipient.purposes if purpose in policy.purposes]
        needed = _meant_fields(policy, purposes)
        told = (
            len(purposes) < len(recipient.purposes)
            or given.gaps.touch(f"recipients.{name}.purposes")
            or any(given.gaps.touch(f"purposes.{purpose}.uses") for purpose in recipient.purposes)
        )
        for reference in () if told else recipient.uses:
            if not policy.expand((reference,)) <= needed:
                hint = Hint("not-in-purposes", reference=reference)
                yield Fault(Code.FIELD_NOT_NEEDED, f"recipients.{name}.uses", hint)
        for purpose_name in recipient.purposes:
            purpose = policy.purposes.get(purpose_name)
            unread = given.gaps.touch(f"purposes.{purpose_name}.operations")
            if purpose and Operation.TRANSFER not in purpose.operations and not unread:
                hint = Hint("no-operation", purpose=purpose_name, operation=Operation.TRANSFER.value)
                yield Fault(Code.OPERATION_UNDECLARED, f"recipients.{name}.purposes", hint)
        if not given.gaps.touch(f"recipients.{name}.contract"):
            yield from _recipient_alone(name, recipient)


def _recipient_alone(name: str, recipient: Recipient) -> Found:
    """A contract binds to secrecy and security (foundation-22)."""
    if recipient.contract and not (recipient.contract.secrecy and recipient.contract.security):
        yield Fault(Code.TYPE_WRONG, f"recipients.{name}.contract", Hint("contract-binds"))


def _terms(given: Given) -> Found:
    policy = given.policy
    for name, purpose in policy.purposes.items():
        where = f"purposes.{name}.term"
        if not isinstance(purpose.term, Term):
            continue
        if bool(purpose.term.until) == bool(purpose.term.lasts) and not given.gaps.touch(where):
            yield Fault(Code.KEY_MISSING, where, Hint("until-or-lasts"))
        basis = given.law.bases.get(purpose.basis) if given.law else None
        if purpose.term.lasts and purpose.term.after == "consent" and basis and not basis.consent:
            yield Fault(Code.KEY_MISSING, f"{where}.after", Hint("counted-from", purpose=name))
        if purpose.term.lasts:
            yield from _term(f"{where}.lasts", purpose.term.lasts)
        for index, keep in enumerate(purpose.term.keep):
            yield from _term(f"{where}.keep[{index}].term", keep.term)
    for kind, right in policy.rights.kinds.items():
        if right.term:
            yield from _term(f"rights.kinds.{kind}.term", right.term)
    if policy.rights.claim:
        yield from _term("rights.claim.term", policy.rights.claim.term)
    yield from _term("rights.kept", policy.rights.kept)
    for name, point in policy.points.items():
        for served, kept in point.visits.keeps.items() if point.visits else ():
            yield from _term(f"points.{name}.visits.keeps.{served}.lasts", kept.lasts)
    if policy.cookies:
        yield from _term("cookies.asks-again", policy.cookies.asks_again)
        for name, one in policy.cookies.kinds.items():
            if one.lasts:
                yield from _term(f"cookies.kinds.{name}.lasts", one.lasts)


def _term(where: str, text: str) -> Found:
    try:
        parse_term(text)
    except Invalid:
        yield Fault(Code.TYPE_WRONG, where, Hint("no-term", text=text))


def _names(given: Given) -> Found:
    for reserved in (RESPONSIBLE, "system"):
        if reserved in given.policy.roles:
            yield Fault(Code.ID_WRONG, f"roles.{reserved}", Hint("role-taken"))
    for address, count in Counter(site.address for site in given.policy.sites).items():
        if count > 1 and not given.gaps.touch("sites"):
            yield Fault(Code.ID_DUPLICATE, "sites", Hint("site-twice", address=address, count=count))
    for name, filled in (
        ("sites", given.policy.sites),
        ("purposes", given.policy.purposes),
        ("clauses", given.policy.clauses),
    ):
        if not filled and not given.gaps.touch(name):
            yield Fault(Code.KEY_MISSING, name, Hint("at-least-one"))


RULES: tuple[Callable[[Given], Found], ...] = (
    _operator,
    _addresses,
    _names,
    _languages,
    references,
    _bases,
    _fields,
    _points,
    visits,
    _recipients,
    _terms,
    clauses,
)
