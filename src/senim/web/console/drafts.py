"""What is read out of a draft: what is wrong with it, its texts, what it declares, what it changes and for whom."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import date

from flask import g

from senim.consent import Affected
from senim.languages import LANGUAGES, Language, Text, explain
from senim.policy import Checked, Draft, Promises
from senim.policy.clashes import clashes_of
from senim.policy.marking import Pair, beside
from senim.policy.notices import country_name, field_name, term_in_words
from senim.policy.plainly import Sentence, plainly
from senim.policy.records import Policy
from senim.web.console.guard import platform

MOST_PEOPLE = 10_000
"""People who are looked at to say how many would be asked anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A problem of a file, and the line that it stands in."""

    line: int
    column: int
    where: str
    says: str
    hint: str
    quoted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A text of the file in all languages: of a clause, or a name; ``line`` is where it stands."""

    name: str
    heading: Text | None
    text: Text
    line: int

    @property
    def missing(self) -> tuple[Language, ...]:
        """The languages in which there is nothing."""
        lacking = self.text.missing()
        return tuple(one for one in LANGUAGES if one in lacking or (self.heading and one in self.heading.missing()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a draft changes against the version in force."""

    version: int
    groups: dict[str, tuple[Sentence, ...]]
    pairs: tuple[tuple[Language, Pair], ...]
    """Clauses with another wording: in the reader's language, or else in those where it is another."""
    renewals: tuple[tuple[str, int], ...]
    """Purposes whose consents would have to be given anew, and by how many of the people looked at."""
    affected: Affected | None


def faults(checked: Checked, text: str) -> list[Wrong]:
    """Everything that keeps a file from being published, with the line it stands in."""
    lines = text.splitlines()
    return [
        Wrong(
            line=one.line,
            column=one.column,
            where=one.where,
            says=explain(one.code, g.language),
            hint=one.hint.sentences(g.language) if one.hint else "",
            quoted=lines[one.line - 1].strip()[:160] if 0 < one.line <= len(lines) else "",
        )
        for one in checked.faults
    ]


def clashes(checked: Checked) -> list[tuple[str, str, str]]:
    """Where a file clashes with the law: the clause, what the law says, the article."""
    if checked.policy is None or checked.law is None:
        return []
    rules = {rule.id: rule.name.in_(g.language) for rule in checked.law.rules}
    found = dict.fromkeys((one.clause, one.rule, one.article) for one in clashes_of(checked.policy, checked.law))
    return [(clause, rules[rule], checked.law.cite(article, g.language)) for clause, rule, article in found]


@functools.lru_cache(maxsize=16)
def _checked(source: bytes, today: date) -> Checked:
    return platform().policies.check(source, today)


def checked(draft: Draft) -> Checked:
    """What a look at a draft finds; the last ones are remembered."""
    return _checked(draft.source, platform().works.clock.now().date())


def texts(found: Checked) -> list[Row]:
    """The clauses in all languages."""
    if found.policy is None:
        return []
    return [
        Row(name=one.id, heading=one.heading, text=one.says, line=found.places.get(f"clauses[{place}].says", (0, 0))[0])
        for place, one in enumerate(found.policy.clauses)
    ]


def tables(promises: Promises) -> list[tuple[str, list[tuple[str, str, list[tuple[str, str]]]]]]:
    """What a file declares, by kind: for each its key, its name, and what is said of it."""
    policy, told = promises.policy, g.language
    return [
        ("purposes", [(name, one.name.in_(told), _purpose(promises, name)) for name, one in policy.purposes.items()]),
        (
            "categories",
            [
                (name, one.name.in_(told), [("data", _fields(promises, (name,)))])
                for name, one in policy.categories.items()
            ],
        ),
        (
            "recipients",
            [(name, one.name.in_(told), _recipient(promises, name)) for name, one in policy.recipients.items()],
        ),
        (
            "points",
            [
                (name, one.name.in_(told), [("data", _fields(promises, tuple(one.asks)))])
                for name, one in policy.points.items()
            ],
        ),
    ]


def _purpose(promises: Promises, name: str) -> list[tuple[str, str]]:
    one = promises.policy.purposes[name]
    basis = promises.law.bases.get(one.basis)
    return [
        ("basis", basis.name.in_(g.language) if basis else one.basis),
        ("data", _fields(promises, one.uses)),
        ("term", term_in_words(promises.term(name), g.language)),
    ]


def _recipient(promises: Promises, name: str) -> list[tuple[str, str]]:
    one, purposes = promises.policy.recipients[name], promises.policy.purposes
    return [
        ("countries", ", ".join(country_name(country, g.language) for country in one.countries) or "—"),
        ("data", _fields(promises, one.uses)),
        ("purposes", ", ".join(purposes[each].name.in_(g.language) for each in one.purposes if each in purposes)),
    ]


def _fields(promises: Promises, references: tuple[str, ...]) -> str:
    wanted = promises.policy.expand(references)
    names = (field_name(promises, one, g.language) for one in promises.fields if one in wanted)
    return ", ".join(dict.fromkeys(names)) or "—"


def change(draft: Draft) -> Change | None:
    """What a draft changes; None while it cannot be read whole."""
    now, policies = platform().works.clock.now(), platform().policies
    new, old = policies.as_if(checked(draft), now), policies.in_force(now)
    if new is None or not checked(draft).ok:
        return None
    _, renewals = policies.compare(old.policy, new.policy)
    affected = None
    if renewals:
        affected = platform().consents.affected(platform().database, renewals, old.version, most=MOST_PEOPLE)
    return Change(
        version=old.version,
        groups=plainly(old, new, g.language),
        pairs=_changed(old.policy, new.policy, g.language),
        renewals=tuple(
            (new.policy.purposes[name].name.in_(g.language), affected.counts[name] if affected else 0)
            for name in renewals
        ),
        affected=affected,
    )


def _changed(old: Policy, new: Policy, language: Language) -> tuple[tuple[Language, Pair], ...]:
    everywhere = {one: {pair.id: pair for pair in beside(old, new, one)} for one in LANGUAGES}
    found: list[tuple[Language, Pair]] = []
    for name, pair in everywhere[language].items():
        if pair.kind == "elsewhere":
            found += [(one, pairs[name]) for one, pairs in everywhere.items() if pairs[name].kind == "changed"]
        elif pair.kind != "same":
            found.append((language, pair))
    return tuple(found)
