"""What a person is told at a point before giving anything: made from the policy, word for word the same each time.

Its hash is the proof of what was shown. It changes only when what is said at that point changes, so a new
version of the policy that says the same here makes no notice out of date (travel-1, foundation-3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from senim.languages import LANGUAGES, Language, Text, wording
from senim.law import parse_term
from senim.law.clocks import Unit
from senim.policy.promises import Promises
from senim.policy.records import ConsentAsked, Point, Term
from senim.policy.rights import RightKind, Rights
from senim.policy.taxonomy import Channel, FieldType, Operation


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a notice. ``kind``: heading, text, item or consent; ``ref`` is what it speaks of."""

    kind: str
    text: str
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice in one language. ``digest`` is the SHA-256 (hex) of its text."""

    point: str
    language: Language
    lines: tuple[Line, ...]
    digest: str

    @property
    def text(self) -> str:
        """The notice as plain text, as it is hashed and kept."""
        return _plain(self.lines)


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """The text of a notice as it was shown, kept for ever; of the version in which it was first published."""

    digest: str
    point: str
    language: str
    since_version: int
    content: str


def _plain(lines: tuple[Line, ...]) -> str:
    return "".join(f"{line.kind}: {line.text}\n" for line in lines)


def notice(promises: Promises, point_name: str, language: Language) -> Notice:
    """The notice of a point."""
    point = promises.policy.points[point_name]
    lines = tuple(_Writer(promises, point, language).lines())
    return Notice(point_name, language, lines, hashlib.sha256(_plain(lines).encode()).hexdigest())


def all_notices(promises: Promises) -> dict[str, Notice]:
    """Every notice of a version, by digest."""
    found = (notice(promises, point, language) for point in promises.policy.points for language in LANGUAGES)
    return {one.digest: one for one in found}


class _Writer:
    def __init__(self, promises: Promises, point: Point, language: Language) -> None:
        self._promises = promises
        self._policy = promises.policy
        self._point = point
        self._language = language
        self._words = wording("notices")

    def _say(self, key: str, **filled: str) -> str:
        return self._words[key].in_(self._language).format(**filled)

    def _in(self, text: Text) -> str:
        return " ".join(text.in_(self._language).split())

    def _purposes(self) -> list[str]:
        """The purposes that this point serves: those it asks consent for, and those for which the law collects."""
        asked = dict.fromkeys(ask.purpose for ask in self._point.consents)
        by_law = [
            name
            for name, purpose in self._policy.purposes.items()
            if purpose.basis != "consent"
            and Operation.COLLECT in purpose.operations
            and self._promises.needed[name] & set(self._point.asks)
        ]
        return [*asked, *(name for name in by_law if name not in asked)]

    def lines(self) -> Iterator[Line]:
        yield from self._who()
        yield from self._what()
        yield from self._why()
        yield from self._to_whom()
        yield from self._rights()
        yield from self._consents()

    def _who(self) -> Iterator[Line]:
        operator = self._policy.operator
        yield Line("heading", self._say("who"))
        yield Line(
            "text",
            self._say(
                "operator", name=self._in(operator.name), number=operator.bin, address=self._in(operator.address)
            ),
            "operator",
        )

    def _what(self) -> Iterator[Line]:
        yield Line("heading", self._say("what"))
        if self._point.subject != "self":
            yield Line("text", self._say(f"others-{self._point.proof}"))
        for reference in self._point.asks:
            required = self._point.asked(reference).ask == "required"
            asked = self._point.asked(reference) if required else self._point.own(reference)
            name = field_name(self._promises, reference, self._language)
            parts = [self._say("required" if required else "optional", field=name)]
            parts += [self._in(text) for text in (asked.why, asked.refusal) if text != Text()]
            yield Line("item", " ".join(parts), reference)

    def _why(self) -> Iterator[Line]:
        yield Line("heading", self._say("purposes"))
        for name in self._purposes():
            purpose = self._policy.purposes[name]
            basis = self._promises.law.bases[purpose.basis]
            act = f" ({self._in(purpose.act)})" if purpose.act != Text() else ""
            ground = f"{self._in(basis.name)}{act}, {self._promises.law.cite(basis.article, self._language)}"
            fields = self._promises.needed[name] & set(self._point.asks)
            data = ", ".join(
                field_name(self._promises, ref, self._language) for ref in self._point.asks if ref in fields
            )
            operations = ", ".join(self._say(f"operation-{operation.value}") for operation in purpose.operations)
            yield Line(
                "item",
                self._say(
                    "purpose", name=self._in(purpose.name), basis=ground, data=data or "—", operations=operations
                ),
                f"purposes.{name}",
            )
            yield Line("item", self._term(name), f"purposes.{name}.term")

    def _term(self, name: str) -> str:
        term = self._promises.term(name)
        if term is None:
            return self._say("term-purpose")
        return " ".join(
            [
                self._ends(term),
                *(self._say("keep", act=self._in(keep.act), term=self._time(keep.term)) for keep in term.keep),
            ]
        )

    def _ends(self, term: Term) -> str:
        then = self._say(f"then-{term.then}")
        if term.until:
            return self._say("term-until", event=self._event(term.until), then=then)
        return self._say("term-lasts", time=self._time(term.lasts), event=self._event(term.after), then=then)

    def _event(self, event: str) -> str:
        known = self._words.get(f"event-{event}")
        return known.in_(self._language) if known else event.replace("-", " ")

    def _time(self, text: str) -> str:
        return time_in_words(text, self._language)

    def _to_whom(self) -> Iterator[Line]:
        yield Line("heading", self._say("recipients"))
        found = {ref: one for name in self._purposes() for ref, one in self._promises.recipients_for(name).items()}
        abroad = False
        for ref, one in found.items():
            countries = ", ".join(country_name(country, self._language) for country in one.countries)
            abroad = abroad or any(not self._promises.law.at_home(country) for country in one.countries)
            kind = self._say(f"kind-{one.kind}")
            yield Line(
                "item",
                self._say("recipient", name=self._in(one.name), kind=kind, countries=countries or "—"),
                f"recipients.{ref}",
            )
        if not found:
            yield Line("text", self._say("no-recipients"))
        yield Line("text", self._say("abroad-yes" if abroad else "abroad-no"), "borders")
        public = any(one.kind == "public" for one in found.values())
        yield Line("text", self._say("public-yes" if public else "public-no"))

    def _rights(self) -> Iterator[Line]:
        contacts, rights = self._policy.operator.contacts, self._policy.rights
        ways = ", ".join(self._say(f"channel-{channel.value}") for channel in rights.channels)
        yield Line("heading", self._say("rights"))
        yield Line("text", self._say("how", ways=ways, email=contacts.email), "rights")
        yield Line("text", self._say(f"withdraw-{rights.withdrawal}"), "rights.withdrawal")

    def _consents(self) -> Iterator[Line]:
        for ask in self._point.consents:
            yield Line("consent", consent_sentence(self._promises, ask, self._language), consent_ref(ask))


def consent_ref(ask: ConsentAsked) -> str:
    """How a consent asked for is named: ``purpose[/recipient][@channel][>country]``."""
    channel = f"@{ask.channel.value}" if ask.channel else ""
    recipient = f"/{ask.recipient}" if ask.recipient else ""
    return f"{ask.purpose}{recipient}{channel}{f'>{ask.country}' if ask.country else ''}"


def consent_sentence(promises: Promises, ask: ConsentAsked, language: Language) -> str:
    """The sentence that a person agrees to."""
    words = wording("notices")
    purpose = " ".join(promises.policy.purposes[ask.purpose].name.in_(language).split())
    if ask.recipient:
        names = [
            one.name.in_(language)
            for ref, one in promises.policy.recipients.items()
            if ask.recipient in (ref, one.group)
        ]
        return words["consent-recipient"].in_(language).format(purpose=purpose, recipient=", ".join(names))
    if ask.country:
        country = country_name(ask.country, language)
        return words["consent-country"].in_(language).format(purpose=purpose, country=country)
    if ask.channel:
        channel = words[f"channel-{Channel(ask.channel).value}"].in_(language)
        return words["consent-channel"].in_(language).format(purpose=purpose, channel=channel)
    return words["consent-purpose"].in_(language).format(purpose=purpose)


def field_name(promises: Promises, reference: str, language: Language) -> str:
    """How people read a field: its own name, the usual one of this field, or that of its type."""
    field = promises.fields[reference]
    if field.name != Text():
        return field.name.in_(language)
    words = wording("fields")
    short = reference.partition(".")[2]
    known = words.get(short) or words[f"type-{FieldType(field.type).value}"]
    return known.in_(language)


def field_words(promises: Promises, reference: str) -> Text:
    """The same in every language, for letters."""
    if reference not in promises.fields:  # the policy no longer knows it
        return Text(kk=reference, ru=reference, en=reference)
    kk, ru, en = (field_name(promises, reference, language) for language in ("kk", "ru", "en"))
    return Text(kk=kk, ru=ru, en=en)


def right_name(rights: Rights, kind: RightKind, language: Language) -> str:
    """How people read a right: by the policy's own words, or the usual ones."""
    own = rights.kinds[kind].name if kind in rights.kinds else Text()
    usual = wording("rights")[f"kind-{'complaint' if kind == 'complain' else kind}"]
    return " ".join((own if own != Text() else usual).in_(language).split())


def term_in_words(term: Term | None, language: Language) -> str:
    """How long a purpose lasts: an event, a time, or until it is met."""
    words = wording("notices")
    if term is None:
        return words["until-met"].in_(language)
    event = term.until or term.after
    known = words.get(f"event-{event}")
    told = known.in_(language) if known else event.replace("-", " ")
    if term.until:
        return words["until-event"].in_(language).format(event=told)
    return words["lasts-after"].in_(language).format(time=time_in_words(term.lasts, language), event=told)


def country_name(code: str, language: Language) -> str:
    """A country in words."""
    from babel import Locale

    return str(Locale(language).territories.get(code, code))


def time_in_words(text: str, language: Language) -> str:
    """``"30 working days"`` in words of ``language``, with its plural."""
    term = parse_term(text)
    forms = wording("notices")[f"unit-{Unit(term.unit).value.replace(' ', '-')}"].in_(language).split("|")
    if language == "ru":
        last, tens = term.count % 10, term.count % 100
        index = 0 if last == 1 and tens != 11 else 1 if 2 <= last <= 4 and not 12 <= tens <= 14 else 2
    else:
        index = 0 if term.count == 1 else len(forms) - 1
    return f"{term.count} {forms[min(index, len(forms) - 1)]}"
