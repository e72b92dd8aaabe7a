"""How people read what the policy and the log name by ids: purposes, fields, recipients, consents, acts, colleagues."""

from __future__ import annotations

from datetime import datetime

from flask import g

from senim.consent import Scope
from senim.errors import Reason, SenimError
from senim.identity import RESPONSIBLE
from senim.languages import number_in_words, wording
from senim.policy import Promises
from senim.policy.notices import country_name, field_name, time_in_words
from senim.policy.records import Term
from senim.policy.values import identifier_kind
from senim.web.console.guard import platform
from senim.web.console.looking import promises
from senim.web.shared.pages import fault, refused, words, zone
from senim.web.shared.pages import time as time_in
from senim.work import Work

_USUAL = ("email", "phone", "iin")
"""What people mostly say of themselves comes first."""


def say(key: str, **filled: object) -> str:
    """A word of the console in the reader's language; braces in it are filled."""
    said = words(g.door, g.language)[key]
    return said.format(**filled) if filled else said


def number(count: int) -> str:
    """A number in the reader's language."""
    return number_in_words(count, g.language)


def told(file: str, key: str, otherwise: str = "") -> str:
    """A word of another file of ``locales/`` in the reader's language."""
    text = wording(file).get(key)
    return text.in_(g.language) if text else otherwise or key


def purpose(now: Promises, name: str) -> str:
    """A purpose, as a line begins with it; its id if the policy knows it no longer."""
    declared = now.policy.purposes.get(name)
    said = declared.name.in_(g.language) if declared else name
    return said[:1].upper() + said[1:]


def category(now: Promises, name: str) -> str:
    """A category, or a field as ``category.field``."""
    if "." in name:
        return field_name(now, name, g.language) if name in now.fields else name
    declared = now.policy.categories.get(name)
    return declared.name.in_(g.language) if declared else name


def categories(now: Promises, names: tuple[str, ...]) -> str:
    """Several categories or fields in a row."""
    return ", ".join(dict.fromkeys(category(now, one) for one in names))


def identifiers(now: Promises) -> list[tuple[str, str]]:
    """By what people are found: each kind with its name, whichever field it stands in."""
    found: dict[str, str] = {}
    for reference, field in now.fields.items():
        kind = identifier_kind(reference, field)
        if kind:
            name = told("fields", f"type-{kind}") if "." not in kind else category(now, reference)
            found.setdefault(kind, name)
    return sorted(found.items(), key=lambda kind: _USUAL.index(kind[0]) if kind[0] in _USUAL else len(_USUAL))


def recipient(now: Promises, name: str) -> str:
    """A recipient, or the recipients of a group."""
    declared = now.policy.recipients.get(name)
    if declared:
        return declared.name.in_(g.language)
    grouped = [one.name.in_(g.language) for one in now.policy.recipients.values() if one.group == name]
    return ", ".join(grouped) or name


def source(now: Promises, name: str) -> str:
    """Where a value came from. Policies say to people that it was they; staff reads of them as of somebody else."""
    declared = now.policy.sources.get(name)
    if declared is not None and declared.kind == "subject":
        return say("source-subject")
    return declared.name.in_(g.language) if declared else name


def country(code: str) -> str:
    """A country."""
    return country_name(code, g.language) if code else ""


def channel(name: str) -> str:
    """A way of contact."""
    return told("notices", f"channel-{name}", name)


def event(name: str) -> str:
    """An event that ends or starts terms."""
    return told("notices", f"event-{name}", name.replace("-", " "))


def term(one: Term | None) -> str:
    """How long a purpose lasts."""
    if one is None:
        return told("notices", "until-met")
    if one.until:
        return say("term-until", event=event(one.until))
    return say("term-lasts", time=time_in_words(one.lasts, g.language), event=event(one.after))


def scope(now: Promises, one: Scope) -> str:
    """What a consent is about."""
    parts = (
        recipient(now, one.recipient) if one.recipient else "",
        channel(one.channel) if one.channel else "",
        country(one.country),
        category(now, one.category) if one.category else "",
    )
    return " · ".join((purpose(now, one.purpose), *filter(None, parts)))


def act(name: str) -> str:
    """What an entry of the log tells, without its full stop."""
    return told("acts", name).removesuffix(".")


_CAUSES = (
    ("console", "cause"),
    ("rights", "proof"),
    ("rights", "refusal"),
    ("rights", "pause"),
    ("rights", "extension"),
    ("rights", "contains"),
    ("rights", "kind"),
    ("letters", "outcome"),
    ("notices", "event"),
    ("console", "because"),
    ("console", "give-up"),
    ("console", "wish"),
    ("console", "rq-by"),
    ("console", "rq-mail"),
    ("console", "order-kind"),
)
"""Where the words of a reason are that an entry of the log has as a code: a file of ``locales/`` and how they begin."""


def cause(now: Promises, code: str) -> str:
    """A reason in an entry of the log, in words; the code itself if it is a name that has none."""
    plain = code.replace("_", "-").replace(".", "-")
    for file, family in _CAUSES:
        text = wording(file).get(f"{family}-{code}") or wording(file).get(f"{family}-{plain}")
        if text:
            return text.in_(g.language)
    if code in wording("codes"):
        return told("codes", code)
    role = now.policy.roles.get(code)
    return role.name.in_(g.language) if role else say("role-responsible") if code == RESPONSIBLE else code


def operation(name: str) -> str:
    """What was done with data, in the law's word."""
    return told("notices", f"operation-{name}", name)


def actor(work: Work, label: str) -> str:
    """Who did it: a colleague by name, a key by its label, anybody else by their kind."""
    kind, _, ident = label.partition(":")
    if kind == "staff":
        known = platform().staff.names(work, ident)
        if known:
            return known.shown
    return say(f"by-{kind}") if f"by-{kind}" in words(g.door, g.language) else kind


def reasons(refusal: SenimError) -> list[str]:
    """What a refusal says, each reason with the clause and the article behind it."""
    if not refusal.reasons:
        return [refused(refusal)]
    for one in refusal.reasons:
        fault(one.code, hint=one.hint)
    return [ground(one) for one in refusal.reasons]


def ground(one: Reason) -> str:
    """A reason with the clause of the policy and the article of the law behind it."""
    law = promises().law
    clause = say("by-clause", clause=one.clause) if one.clause else ""
    behind = "; ".join(filter(None, (clause, law.cite(one.article, g.language) if one.article else "")))
    return f"{one.says(g.language)}{f' ({behind})' if behind else ''}"


def time(at: str) -> str:
    """A time of the log (RFC 3339) in words, in the operator's zone."""
    return time_in(datetime.fromisoformat(at), g.language, zone(platform()))
