"""A published version made ready to be asked: lookups instead of searches, and the law beside it.

Everything that decides (gate, intake, notices) reads this, never the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from senim.errors import Code, Reason
from senim.identity import is_id
from senim.law import Calendar, Law, Override
from senim.policy.clashes import operator_country
from senim.policy.records import Category, Field, Policy, Recipient, Term
from senim.policy.taxonomy import Channel, Operation
from senim.policy.values import identifier_kind

_CONTROLS: dict[Code, tuple[str, ...]] = {
    Code.CATEGORY_UNDECLARED: ("collection.declared-only", "gate.default-sealed", "gate.purpose"),
    Code.FIELD_NOT_NEEDED: ("collection.needed-only", "collection.declared-only", "gate.purpose"),
    Code.PURPOSE_UNDECLARED: ("gate.purpose", "policy.purposes"),
    Code.OPERATION_UNDECLARED: ("policy.operations", "consent.operations"),
    Code.CONSENT_MISSING: ("consent.per-purpose", "consent.proof"),
    Code.CONSENT_WITHDRAWN: ("consent.withdrawal",),
    Code.CONSENT_UNPROVEN: ("consent.proof",),
    Code.CONSENT_OUTDATED: ("consent.renewal",),
    Code.NOTICE_MISSING: ("collection.notice",),
    Code.NOTICE_OUTDATED: ("collection.notice",),
    Code.CHANNEL_UNDECLARED: ("consent.per-channel",),
    Code.RECIPIENT_UNDECLARED: ("gate.recipient",),
    Code.RECIPIENT_MISSING: ("gate.recipient",),
    Code.OPERATION_NOT_ENTRUSTED: ("gate.entrusted", "gate.recipient"),
    Code.CATEGORY_NOT_ENTRUSTED: ("gate.entrusted", "gate.recipient"),
    Code.COUNTRY_NOT_ALLOWED: ("gate.border",),
    Code.COUNTRY_MISSING: ("gate.border",),
    Code.STORE_OUTSIDE_COUNTRY: ("governance.residency", "gate.border"),
    Code.REASON_MISSING: ("disclosure.official",),
    Code.SUBJECT_BLOCKED: ("gate.block",),
    Code.SUBJECT_STOPPED: ("gate.stop",),
    Code.SUBJECT_ERASED: ("vault.erasure",),
    Code.TERM_OVER: ("gate.term", "retention.end", "retention.schedule"),
    Code.ROLE_NOT_ALLOWED: ("gate.roles",),
    Code.HUMAN_READ_FORBIDDEN: ("gate.people-never",),
    Code.ATTESTATION_MISSING: ("collection.attestation",),
    Code.OTHERS_NOT_TAKEN: ("collection.attestation", "collection.documents-of-others"),
    Code.SPECIAL_CATEGORY: ("collection.special-refused",),
    Code.CARD_NUMBER: ("collection.card-refused",),
}
"""Which control's clause stands behind a refusal that no declaration's clause explains."""

_MOST_REASONS = 10_000
_MOST_TOLD = 200
_OPERATIONS = frozenset(operation.value for operation in Operation)
_CHANNELS = frozenset(channel.value for channel in Channel)
UNDECLARED = "undeclared"
_NAME = re.compile(
    r"[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)*\Z|([/@>][A-Za-z][A-Za-z0-9-]*)+\Z|[A-Z]{2}\Z|column \d+\Z", re.ASCII
)


Kinds = dict[str, dict[str, str]]
"""By category: the fields by which people are found, each with the kind under which they are."""


def _named(name: str, known: bool) -> str | None:
    return (name if known else UNDECLARED) if name else None


@dataclass(frozen=True, slots=True)
class Promises:
    """One version of one policy under one law. Immutable; made once per process and version."""

    policy: Policy
    law: Law
    version: int
    effective: datetime
    digest: str
    override: Override = field(default_factory=Override)
    floors: dict[str, int] = field(default_factory=dict)
    """For each purpose the oldest version whose consents still hold."""
    lost: dict[str, frozenset[int]] = field(default_factory=dict)
    """For each purpose newer versions whose consents do not hold all the same: they were in force before this one."""
    fields: dict[str, Field] = field(init=False)
    needed: dict[str, frozenset[str]] = field(init=False)
    """For each purpose the fields that it needs, as ``category.field``."""
    seen: dict[str, frozenset[str]] = field(init=False)
    """For each role the fields that it sees in clear, as ``category.field``."""
    kinds: Kinds = field(init=False)
    """For each category the fields by which people are found, and under which kind."""
    by_channel: frozenset[str] = field(init=False)
    """Purposes to which people are asked to consent channel by channel at some point."""
    calendar: Calendar = field(init=False)
    reasons: dict[object, Reason] = field(init=False, default_factory=dict, repr=False)
    facts: dict[object, dict[str, object]] = field(init=False, default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        policy, working = self.policy, self.law.pack.working
        set_once = object.__setattr__
        set_once(self, "fields", policy.fields())
        set_once(self, "kinds", _kinds(self.fields))
        set_once(self, "needed", {name: policy.expand(purpose.uses) for name, purpose in policy.purposes.items()})
        set_once(self, "seen", {name: policy.expand(role.sees) for name, role in policy.roles.items()})
        asked = (one for point in policy.points.values() for one in point.consents if one.channel)
        set_once(self, "by_channel", frozenset(one.purpose for one in asked))
        calendar = Calendar(working.zone, operator_country(policy, self.law), working.week, self.override)
        set_once(self, "calendar", calendar)

    def __hash__(self) -> int:
        return id(self)

    def reason(self, code: Code, where: str = "", *about: str) -> Reason:
        """A ground of refusal with its clause and article. ``about`` are references, the most exact first.

        ``where`` is told if it can be a name of a policy. What else a caller made up may be a person's own words.
        """
        key = (code, where, about)
        known = self.reasons.get(key)
        if known is None:
            if len(self.reasons) > _MOST_REASONS:
                self.reasons.clear()
            named = where if not where or _NAME.match(where) else UNDECLARED
            known = Reason(code, named, _clause(self.policy, code, about), self.law.article(code))
            self.reasons[key] = known
        return known

    def told(
        self,
        *,
        subject: str = "",
        operation: str = "",
        purpose: str = "",
        categories: Iterable[str] = (),
        recipient: str = "",
        channel: str = "",
        country: str = "",
    ) -> dict[str, object]:
        """Facts for an entry: names that the policy declares, and ``undeclared`` for all others.

        What a caller made up may be anything, even a person's address; it never reaches the log.
        """
        key = (operation, purpose, tuple(categories), recipient, channel, country)
        known = self.facts.get(key)
        if known is None:
            if len(self.facts) > _MOST_REASONS:
                self.facts.clear()
            known = self.facts[key] = self._told(*key)
        return {**known, "subject": subject if is_id(subject) else None}

    def _told(
        self, operation: str, purpose: str, categories: tuple[str, ...], recipient: str, channel: str, country: str
    ) -> dict[str, object]:
        policy = self.policy
        groups = {one.group for one in policy.recipients.values()}
        return {
            "operation": _named(operation, operation in _OPERATIONS),
            "purpose": _named(purpose, purpose in policy.purposes),
            "categories": tuple(
                sorted({one if policy.expand((one,)) else UNDECLARED for one in categories})[:_MOST_TOLD]
            ),
            "recipient": _named(recipient, recipient in policy.recipients or recipient in groups),
            "channel": _named(channel, channel in _CHANNELS),
            "country": _named(country, len(country) == 2 and country.isascii() and country.isupper()),
            "policy": self.version,
        }

    def category(self, reference: str) -> Category | None:
        """The category of a ``category.field`` or category name."""
        return self.policy.categories.get(reference.partition(".")[0])

    def group_of(self, recipient: str) -> str:
        """The name under which consent to a recipient is kept: its group's, or its own."""
        return self.policy.recipients[recipient].group or recipient

    def recipients_for(self, purpose: str) -> dict[str, Recipient]:
        """The recipients declared for a purpose."""
        return {name: one for name, one in self.policy.recipients.items() if purpose in one.purposes}

    def term(self, purpose: str) -> Term | None:
        """The term of a purpose; None where the text promises none (the law ends it with the purpose)."""
        term = self.policy.purposes[purpose].term
        return None if term == "unlimited" else term


def _kinds(fields: dict[str, Field]) -> Kinds:
    kinds: Kinds = {}
    for reference, one in fields.items():
        kind = identifier_kind(reference, one)
        if kind:
            category, _, name = reference.partition(".")
            kinds.setdefault(category, {})[name] = kind
    return kinds


def _clause(policy: Policy, code: Code, about: tuple[str, ...]) -> str:
    for reference in about:
        for clause in policy.clauses:
            if reference in clause.about:
                return clause.id
    for control in _CONTROLS.get(code, ()):
        for clause in policy.clauses:
            if control in clause.kept_by:
                return clause.id
    return ""
