"""How answers name things: in the person's language, by the names of the policy. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from senim.connectors.records import Trouble
from senim.consent import Scope
from senim.languages import Language, Text, day_in_words, filled_in, moment_in_words, wording
from senim.policy.notices import country_name, field_name
from senim.policy.promises import Promises
from senim.policy.taxonomy import FieldType
from senim.rights.answers.records import Section
from senim.times import moment

_DATES = (FieldType.DATE, FieldType.BIRTH_DATE)


class Words:
    """The words of one policy in one language."""

    def __init__(self, promises: Promises, language: Language) -> None:
        self.promises = promises
        self.policy = promises.policy
        self.language = language
        self._own = wording("answers")
        self._notices = wording("notices")
        self._zone = ZoneInfo(promises.calendar.zone)

    def say(self, key: str, **filled: str) -> str:
        """A text of answers."""
        return filled_in(self._own[key].in_(self.language), filled)

    def in_(self, text: Text) -> str:
        """A text of the policy on one line."""
        return " ".join(text.in_(self.language).split())

    def known(self, key: str, otherwise: str = "") -> str:
        """A word of notices, or something else."""
        text = self._notices.get(key)
        return text.in_(self.language) if text else otherwise or key

    def columns(self, *names: str) -> tuple[str, ...]:
        """The heads of a table."""
        return tuple(self.say(f"column-{name}") for name in names)

    def day(self, at: datetime) -> str:
        """A date in words, where the operator is."""
        return self.date(at.astimezone(self._zone).date())

    def at(self, micros: int) -> str:
        """The date of a stored time in words."""
        return self.day(moment(micros))

    def date(self, day: date) -> str:
        """A date in words."""
        return day_in_words(day, self.language)

    def time(self, at: datetime) -> str:
        """A date and time in words, where the operator is."""
        return moment_in_words(at.astimezone(self._zone), self.language)

    def country(self, code: str) -> str:
        """A country."""
        return country_name(code, self.language)

    def field(self, reference: str) -> str:
        """A field with its category, or a category; what the policy no longer knows by its id."""
        name, _, field = reference.partition(".")
        category = self.policy.categories.get(name)
        if category is None or (field and reference not in self.promises.fields):
            return reference
        told = self.in_(category.name)
        return f"{told}: {self.short(reference)}" if field else told

    def short(self, reference: str) -> str:
        """A field without its category, where that is named already."""
        return field_name(self.promises, reference, self.language) if reference in self.promises.fields else reference

    def ordered(self, references: Iterable[str]) -> list[str]:
        """Fields in the order in which the policy declares them; what it no longer knows comes last."""
        order = {name: place for place, name in enumerate(self.promises.fields)}
        return sorted(references, key=lambda one: order.get(one, len(order)))

    def fields(self, references: Iterable[str]) -> str:
        """Fields in the order of the policy, each category once: ``Contact: E-mail, Telephone; Name: Surname``."""
        groups: dict[str, list[str]] = {}
        for reference in self.ordered(references):
            category, _, field = reference.partition(".")
            whole = self.field(category if reference in self.promises.fields else reference)
            groups.setdefault(whole, []).extend([self.short(reference)] if field and whole != reference else [])
        return "; ".join(f"{category}: {', '.join(names)}" if names else category for category, names in groups.items())

    def value(self, reference: str, value: str) -> str:
        """A value as people write it: a date in their language, a country by its name. What is masked stays so."""
        field = self.promises.fields.get(reference)
        if field is None:
            return value
        if field.type is FieldType.COUNTRY:
            return self.country(value)
        try:
            return self.date(date.fromisoformat(value)) if field.type in _DATES else value
        except ValueError:
            return value

    def purpose(self, name: str) -> str:
        """A purpose."""
        declared = self.policy.purposes.get(name)
        return self.in_(declared.name) if declared else name

    def recipient(self, name: str) -> str:
        """A recipient, or the members of a group of them."""
        names = [self.in_(one.name) for ref, one in self.policy.recipients.items() if name in (ref, one.group)]
        return ", ".join(names) or name

    def scope(self, scope: Scope) -> str:
        """What narrows a consent, after a colon; nothing for the whole purpose."""
        part = self.part(scope)
        return f": {part}" if part else ""

    def part(self, scope: Scope) -> str:
        """What narrows a consent; nothing for the whole purpose."""
        if scope.category:
            return f"{self.recipient(scope.recipient)} ({self.field(scope.category)})"
        if scope.recipient:
            return self.recipient(scope.recipient)
        if scope.channel:
            return self.known(f"channel-{scope.channel}", scope.channel)
        return self.country(scope.country) if scope.country else ""

    def trouble(self, code: Trouble | None) -> str:
        """Why something stays or was not reached."""
        text = wording("troubles").get(code.value) if code else None
        return self.in_(text) if text else (code.value if code else "—")

    def rights(self) -> Section:
        """How to use one's rights, and whom to complain to (travel-37)."""
        rights, contacts = self.policy.rights, self.policy.operator.contacts
        authority = self.promises.law.pack.authority
        lines = (
            self.say(
                "rights-how",
                ways=", ".join(self.known(f"channel-{one.value}") for one in rights.channels),
                email=contacts.email,
            ),
            self.say("rights-free"),
            self.say(
                "rights-complain",
                authority=authority.name.in_(self.language),
                how=authority.where.in_(self.language),
                article=self.promises.law.cite(authority.article, self.language),
            ),
        )
        return Section(id="rights", title=self.say("rights"), text=tuple(line.strip() for line in lines))
