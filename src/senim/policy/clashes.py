"""Where a published promise clashes with the law. The law wins; the clash is shown (law-kz §1.8). Pure.

A rule of the law pack names its check; the check is a function here. What wins at run time is the stricter:
the gate asks for the consent, the claim is answered in the law's term, the fee is not taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from senim.law import Calendar, Law, Rule, due, parse_term
from senim.policy.records import Policy


@dataclass(frozen=True, slots=True)
class Clash:
    """A promise and the article that it clashes with. ``clause`` is empty when the text lacks something.

    ``detail`` is what stands in the file, or where: a word of the format, which no language changes.
    """

    rule: str
    clause: str
    article: str
    detail: str
    wins: str = "law"


Found = Iterator[tuple[str, str]]
"""Clause id and detail."""


def clashes_of(policy: Policy, law: Law) -> list[Clash]:
    """All clashes, in the order of the law's rules."""
    return [
        Clash(rule.id, clause, _article(law, rule, detail), detail)
        for rule in law.rules
        for clause, detail in CHECKS[rule.check](policy, law, rule)
    ]


def _article(law: Law, rule: Rule, detail: str) -> str:
    """The item's own article where the rule is about one item of a consent."""
    item = law.consent_items.get(detail) if rule.check == "consent_items" else None
    return item.article if item else rule.article


def clause_about(policy: Policy, *references: str) -> str:
    """The clause that speaks of the first of these that any speaks of; the more exact reference goes first."""
    for reference in references:
        for clause in policy.clauses:
            if reference in clause.about:
                return clause.id
    return ""


def _unlimited_term(policy: Policy, law: Law, rule: Rule) -> Found:
    by_clause: dict[str, list[str]] = {}
    for name, purpose in policy.purposes.items():
        if purpose.term == "unlimited":
            clause = clause_about(policy, f"purposes.{name}.term", "terms", f"purposes.{name}")
            by_clause.setdefault(clause, []).append(name)
    yield from ((clause, ", ".join(names)) for clause, names in by_clause.items())


def _consent_by_use(policy: Policy, law: Law, rule: Rule) -> Found:
    ways = [way for way in policy.consent.given_by if way in ("use", "sending")]
    if ways:
        yield clause_about(policy, "consent.given-by", "consent"), ", ".join(ways)


def _access_fee(policy: Policy, law: Law, rule: Rule) -> Found:
    if policy.rights.fee != "none":
        yield clause_about(policy, "rights.fee", "rights"), "rights.fee"


def _claim_term(policy: Policy, law: Law, rule: Rule) -> Found:
    clock = law.clocks.get(rule.parameters["clock"])
    if policy.rights.claim is None or clock is None:
        return
    promised = parse_term(policy.rights.claim.term)
    calendar = Calendar(law.pack.working.zone, operator_country(policy, law), law.pack.working.week)
    since = datetime(law.on.year, law.on.month, law.on.day, 12, tzinfo=UTC)
    if due(promised, since, calendar).strict > due(parse_term(clock.term), since, calendar).strict:
        yield (clause_about(policy, "rights.claim", "rights"), f"{promised} > {clock.term}")


def operator_country(policy: Policy, law: Law) -> str:
    """Whose holidays count: the pack's country, or the operator's own."""
    country = law.pack.working.country
    return policy.operator.country if country == "operator" else country


def _border_ground(policy: Policy, law: Law, rule: Rule) -> Found:
    for ground in policy.borders.grounds:
        if ground not in law.grounds:
            yield clause_about(policy, "borders.grounds", "borders"), ground


def _border_list(policy: Policy, law: Law, rule: Rule) -> Found:
    if policy.borders.unnamed:
        yield (clause_about(policy, "borders.unnamed", "borders"), "borders.unnamed")


def _liability_excluded(policy: Policy, law: Law, rule: Rule) -> Found:
    if "intrusion" in policy.liability.excludes:
        yield clause_about(policy, "liability.excludes", "liability"), "intrusion"


def _silent_change(policy: Policy, law: Law, rule: Rule) -> Found:
    if policy.changes.acceptance in ("use", "none-needed"):
        yield (clause_about(policy, "changes.acceptance", "changes"), policy.changes.acceptance)


def _consent_items(policy: Policy, law: Law, rule: Rule) -> Found:
    stated = {item for clause in policy.clauses for item in clause.states}
    for item in law.consent_items.values():
        if item.stated_by_policy and item.id not in stated:
            yield "", item.id


def _transfer_without_consent(policy: Policy, law: Law, rule: Rule) -> Found:
    by_clause: dict[str, list[str]] = {}
    for name, recipient in policy.recipients.items():
        if recipient.without_consent and recipient.kind in law.pack.consent_for_recipients:
            clause = clause_about(policy, f"recipients.{name}.without-consent", f"recipients.{name}")
            by_clause.setdefault(clause, []).append(name)
    yield from ((clause, ", ".join(names)) for clause, names in by_clause.items())


def _foreign_law(policy: Policy, law: Law, rule: Rule) -> Found:
    for clause in policy.clauses:
        for cite in clause.cites:
            if cite.country not in law.pack.borders.home:
                yield clause.id, f"{cite.act} ({cite.country})"


CHECKS: dict[str, Callable[[Policy, Law, Rule], Found]] = {
    "unlimited_term": _unlimited_term,
    "consent_by_use": _consent_by_use,
    "access_fee": _access_fee,
    "claim_term": _claim_term,
    "border_ground": _border_ground,
    "border_list": _border_list,
    "liability_excluded": _liability_excluded,
    "silent_change": _silent_change,
    "consent_items": _consent_items,
    "transfer_without_consent": _transfer_without_consent,
    "foreign_law": _foreign_law,
}
