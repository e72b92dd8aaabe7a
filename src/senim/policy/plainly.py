"""What changed between two versions, in plain words for the people whose data it is: what, for whom, and what follows.

What people meet is told by name; of what they do not see directly, at least the part that changed is named. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from senim.languages import LANGUAGES, Language, Text, filled_in, wording
from senim.policy.differences import differing, widened, words_of
from senim.policy.notices import country_name, field_name, right_name, term_in_words
from senim.policy.promises import Promises
from senim.policy.records import Category, Purpose, Recipient, Term

GROUPS = ("people", "operator", "purposes", "data", "recipients", "terms", "rights", "cookies", "text", "other")
"""What sentences are about, in the order in which they are told."""

ALL_PARTS = (
    "senim", "id", "sites", "sources", "categories", "roles", "purposes", "consent", "borders", "changes", "liability",
    "operator", "clauses",
)  # fmt: skip
"""Parts of a policy whose differences are named, where no sentence tells them."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One thing that changed. ``ref`` is the declaration that it speaks of, e.g. ``purposes.orders``."""

    group: str
    kind: str
    says: str
    ref: str = ""


def plainly(old: Promises, new: Promises, language: Language) -> dict[str, tuple[Sentence, ...]]:
    """All that changed, in sentences by group; groups without any are left out."""
    found = list(_Teller(old, new, language).sentences())
    groups = {group: tuple(one for one in found if one.group == group) for group in GROUPS}
    return {group: told for group, told in groups.items() if told}


class _Teller:
    def __init__(self, old: Promises, new: Promises, language: Language) -> None:
        self._old, self._new, self._language = old, new, language
        self._words, self._notices = wording("changes"), wording("notices")
        self._told: set[str] = set()

    def sentences(self) -> Iterator[Sentence]:
        """Every sentence; the rest is told last, when it is known what has been said."""
        for part in (
            self._renewals, self._operator, self._purposes, self._categories, self._recipients, self._rights,
            self._cookies, self._text, self._points, self._law,
        ):  # fmt: skip
            for one in part():
                self._told.add(one.ref.partition(".")[0])
                yield one
        yield from self._rest()

    def _say(self, group: str, word: str, about: str = "", /, **parts: str) -> Sentence:
        return Sentence(group, word, filled_in(self._words[word].in_(self._language), parts), about)

    def _in(self, text: Text) -> str:
        return words_of(text, self._language)

    def _new_in(self, old: Text, new: Text) -> tuple[str, str]:
        """Both texts where they differ: in the reader's language, else in one that changed, which is then named."""
        changed = differing(old, new)
        language = self._language if self._language in changed else next(iter(changed))
        return words_of(old, language), f"{words_of(new, language)}{self._only(changed)}"

    def _only(self, changed: Collection[Language]) -> str:
        """In which languages something reads differently, where it does not in all: `` (only in Kazakh)``."""
        if len(changed) == len(LANGUAGES):
            return ""
        names = [self._words[f"in-{one}"].in_(self._language) for one in changed]
        told = self._words["and"].in_(self._language).join(names)
        return self._words["only-in"].in_(self._language).replace("{languages}", told)

    def _fields(self, promises: Promises, refs: Iterable[str]) -> str:
        wanted = set(refs)
        names = (field_name(promises, ref, self._language) for ref in promises.fields if ref in wanted)
        return ", ".join(dict.fromkeys(names)) or "—"

    def _notice(self, prefix: str, names: Iterable[str]) -> str:
        return ", ".join(self._notices[f"{prefix}-{name}"].in_(self._language) for name in names)

    def _countries(self, codes: Iterable[str]) -> str:
        return ", ".join(country_name(one, self._language) for one in codes) or "—"

    def _renewals(self) -> Iterator[Sentence]:
        for name, purpose in self._new.policy.purposes.items():
            why = widened(self._old.policy, self._new.policy, name)
            if why:
                reasons = ", ".join(self._words[f"why-{one}"].in_(self._language) for one in why)
                yield self._say("people", "renewal", f"renewal.{name}", name=self._in(purpose.name), why=reasons)

    def _operator(self) -> Iterator[Sentence]:
        old, new = self._old.policy.operator, self._new.policy.operator
        if old.bin != new.bin:
            yield self._say("operator", "operator-number", "operator.bin", name=new.bin)
        if differing(old.name, new.name):
            yield self._say("operator", "operator-name", "operator.name", name=self._new_in(old.name, new.name)[1])
        if old.brand != new.brand:
            yield self._say("operator", "operator-brand", "operator.brand", name=new.brand or self._in(new.name))
        if differing(old.address, new.address):
            told = self._new_in(old.address, new.address)[1]
            yield self._say("operator", "operator-address", "operator.address", name=told)
        if old.contacts != new.contacts:
            yield self._say("operator", "operator-contacts", "operator.contacts")
        if old.responsible != new.responsible:
            yield self._say("operator", "operator-responsible", "operator.responsible")

    def _purposes(self) -> Iterator[Sentence]:
        old, new = self._old.policy.purposes, self._new.policy.purposes
        for name, purpose in old.items():
            if name not in new:
                yield self._say("purposes", "purpose-removed", f"purposes.{name}", name=self._in(purpose.name))
        for name, purpose in new.items():
            if name not in old:
                data = self._fields(self._new, self._new.needed[name])
                told = {"name": self._in(purpose.name), "data": data}
                yield self._say("purposes", "purpose-added", f"purposes.{name}", **told)
            elif purpose != old[name] or self._old.needed[name] != self._new.needed[name]:
                yield from self._purpose(name, old[name], new=purpose)

    def _purpose(self, name: str, old: Purpose, *, new: Purpose) -> Iterator[Sentence]:
        ref, called = f"purposes.{name}", self._in(new.name)
        if differing(old.name, new.name):
            before, after = self._new_in(old.name, new.name)
            yield self._say("purposes", "purpose-renamed", ref, before=before, name=after)
        if old.basis != new.basis or differing(old.act, new.act):
            basis = self._in(self._new.law.bases[new.basis].name)
            act = f" ({self._in(new.act)})" if new.act != Text() else ""
            only = self._only(differing(old.act, new.act)) if old.basis == new.basis else ""
            yield self._say("purposes", "purpose-basis", ref, name=called, basis=f"{basis}{act}{only}")
        if old.optional != new.optional:
            yield self._say("purposes", "purpose-choice" if new.optional else "purpose-no-choice", ref, name=called)
        for kind, pair in (
            ("operation", _both(old.operations, new.operations)),
            ("channel", _both(old.channels, new.channels)),
        ):
            for turn, names in zip(("more", "less"), pair, strict=True):
                if names:
                    data = self._notice(kind, names)
                    yield self._say("purposes", f"{kind}s-{turn}", ref, name=called, data=data)
        if old.sender != new.sender:
            yield self._say("purposes", "purpose-sender", ref, name=called)
        yield from self._uses(name, called)
        yield from self._term(old, new, ref=ref, called=called)

    def _uses(self, name: str, called: str) -> Iterator[Sentence]:
        ref, old, new = f"purposes.{name}", self._old.needed[name], self._new.needed[name]
        if new - old:
            yield self._say("data", "uses-more", ref, name=called, data=self._fields(self._new, new - old))
        if old - new:
            yield self._say("data", "uses-less", ref, name=called, data=self._fields(self._old, old - new))

    def _term(self, old: Purpose, new: Purpose, *, ref: str, called: str) -> Iterator[Sentence]:
        before, after = _term_of(old), _term_of(new)
        told = [term_in_words(one, self._language) for one in (before, after)]
        if told[0] != told[1]:
            yield self._say("terms", "term-changed", ref, name=called, before=told[0], after=told[1])
        if before and after and before.then != after.then:
            then = self._notices[f"then-{after.then}"].in_(self._language)
            yield self._say("terms", "then-changed", ref, name=called, after=then)
        if (before.keep if before else ()) != (after.keep if after else ()):
            yield self._say("terms", "keep-changed", ref, name=called)

    def _categories(self) -> Iterator[Sentence]:
        old, new = self._old.policy.categories, self._new.policy.categories
        for name, category in old.items():
            if name not in new:
                yield self._say("data", "category-removed", f"categories.{name}", name=self._in(category.name))
        for name, category in new.items():
            if name not in old:
                data = self._fields(self._new, _refs(name, category))
                told = {"name": self._in(category.name), "data": data}
                yield self._say("data", "category-added", f"categories.{name}", **told)
            else:
                yield from self._category(name, old[name], new=category)

    def _category(self, name: str, old: Category, *, new: Category) -> Iterator[Sentence]:
        ref, called = f"categories.{name}", self._in(new.name)
        before, after = _refs(name, old), _refs(name, new)
        if after - before:
            yield self._say("data", "fields-more", ref, name=called, data=self._fields(self._new, after - before))
        if before - after:
            yield self._say("data", "fields-less", ref, name=called, data=self._fields(self._old, before - after))

    def _recipients(self) -> Iterator[Sentence]:
        old, new = self._old.policy.recipients, self._new.policy.recipients
        for name, one in old.items():
            if name not in new:
                yield self._say("recipients", "recipient-removed", f"recipients.{name}", name=self._in(one.name))
        for name, one in new.items():
            if name not in old:
                told = {
                    "name": self._in(one.name),
                    "kind": self._notices[f"kind-{one.kind}"].in_(self._language),
                    "countries": self._countries(one.countries),
                    "data": self._names(one.purposes),
                }
                yield self._say("recipients", "recipient-added", f"recipients.{name}", **told)
            elif one != old[name]:
                yield from self._recipient(name, old[name], new=one)

    def _names(self, purposes: Iterable[str]) -> str:
        known = {**self._old.policy.purposes, **self._new.policy.purposes}
        return ", ".join(self._in(known[one].name) for one in purposes)

    def _recipient(self, name: str, old: Recipient, *, new: Recipient) -> Iterator[Sentence]:
        ref, called = f"recipients.{name}", self._in(new.name)
        before, after = self._old.policy.expand(old.uses), self._new.policy.expand(new.uses)
        found = {
            "recipient-more": self._fields(self._new, after - before) if after - before else "",
            "recipient-less": self._fields(self._old, before - after) if before - after else "",
        }
        for kinds, pair, tell in (
            (("recipient-abroad", "recipient-home"), _both(old.countries, new.countries), self._countries),
            (("recipient-for", "recipient-not-for"), _both(old.purposes, new.purposes), self._names),
            (("recipient-may", "recipient-may-not"), _both(old.operations, new.operations), self._operations),
        ):
            found |= {kind: tell(names) if names else "" for kind, names in zip(kinds, pair, strict=True)}
        told = [self._say("recipients", kind, ref, name=called, data=data) for kind, data in found.items() if data]
        only = self._only(differing(old, new))
        yield from told or [self._say("recipients", "recipient-other", ref, name=f"{called}{only}")]

    def _operations(self, names: Iterable[str]) -> str:
        return self._notice("operation", names)

    def _rights(self) -> Iterator[Sentence]:
        old, new = self._old.policy.rights, self._new.policy.rights
        for kind in [one for one in old.kinds if one not in new.kinds]:
            yield self._say("rights", "right-removed", "rights.kinds", name=right_name(old, kind, self._language))
        for kind, right in new.kinds.items():
            before = old.kinds.get(kind)
            if right != before:
                told = "right-added" if before is None else "right-term" if right.term != before.term else "right-other"
                yield self._say("rights", told, "rights.kinds", name=right_name(new, kind, self._language))
        if structs.replace(old, kinds={}) != structs.replace(new, kinds={}):
            yield self._say("rights", "rights-other", "rights")

    def _cookies(self) -> Iterator[Sentence]:
        old, new = self._old.policy.cookies, self._new.policy.cookies
        kinds = _kinds("cookie", old.kinds if old else {}, new.kinds if new else {})
        for kind, one, changed in kinds:
            yield self._say("cookies", kind, "cookies.kinds", name=f"{self._in(one.name)}{self._only(changed)}")
        if old and new and (changed := differing((old.notice, old.refusal), (new.notice, new.refusal))):
            yield self._say("cookies", "cookies-notice", "cookies", only=self._only(changed))

    def _points(self) -> Iterator[Sentence]:
        for kind, one, changed in _kinds("point", self._old.policy.points, self._new.policy.points):
            yield self._say("other", kind, "points", name=f"{self._in(one.name)}{self._only(changed)}")

    def _text(self) -> Iterator[Sentence]:
        old = {one.id: (one.says, one.heading) for one in self._old.policy.clauses}
        new = {one.id: (one.says, one.heading) for one in self._new.policy.clauses}
        if changed := differing(self._old.policy.title, self._new.policy.title):
            yield self._say("text", "title-changed", "title", only=self._only(changed))
        reworded = {one: changed for one in new if one in old and (changed := differing(old[one], new[one]))}
        for kind, ids in (
            ("clauses-added", [one for one in new if one not in old]),
            ("clauses-removed", [one for one in old if one not in new]),
            ("clauses-reworded", [f"{one}{self._only(changed)}" for one, changed in reworded.items()]),
        ):
            if ids:
                yield self._say("text", kind, "clauses", data=", ".join(ids))

    def _law(self) -> Iterator[Sentence]:
        if self._old.policy.law != self._new.policy.law:
            yield self._say("other", "law-changed", "law", name=self._in(self._new.law.pack.act))

    def _rest(self) -> Iterator[Sentence]:
        """Parts that differ and of which nothing was said."""
        old, new = self._old.policy, self._new.policy
        differ = {one: differing(getattr(old, one), getattr(new, one)) for one in ALL_PARTS if one not in self._told}
        quiet = {one: changed for one, changed in differ.items() if changed}
        if quiet:
            parts = ((self._words[f"part-{one}"].in_(self._language), changed) for one, changed in quiet.items())
            names = ", ".join(f"{name}{self._only(changed)}" for name, changed in parts)
            yield self._say("other", "other-changed", data=names)


def _term_of(purpose: Purpose) -> Term | None:
    return None if purpose.term == "unlimited" else purpose.term


def _refs(name: str, category: Category) -> set[str]:
    return {f"{name}.{field}" for field in category.fields}


def _both(old: Iterable[str], new: Iterable[str]) -> tuple[list[str], list[str]]:
    """What came, and what went."""
    before, after = list(old), list(new)
    return [one for one in after if one not in before], [one for one in before if one not in after]


def _kinds(
    word: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[tuple[str, Any, tuple[Language, ...]]]:
    """What was added, removed or changed, each with its declaration and the languages in which it differs."""
    for name, one in new.items():
        if name not in old:
            yield f"{word}-added", one, LANGUAGES
        elif changed := differing(old[name], one):
            yield f"{word}-changed", one, changed
    for name, one in old.items():
        if name not in new:
            yield f"{word}-removed", one, LANGUAGES
