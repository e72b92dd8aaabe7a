"""What the answer says: every section that travel-31 to travel-38 name. Pure: facts in, answer out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from senim.gate.rules import READS, ends
from senim.policy.notices import time_in_words
from senim.policy.records import Purpose, Term
from senim.rights.answers.records import (
    FORM,
    Answer,
    DisclosureTold,
    Facts,
    PurposeTold,
    Section,
    ValueTold,
)
from senim.rights.answers.words import Words
from senim.times import moment, stamp

WHOLE = (
    "confirmation",
    "operator",
    "purposes",
    "data",
    "systems",
    "access",
    "disclosures",
    "processors",
    "terms",
    "rights",
)
"""The sections of a whole answer, in the order in which people read them."""

SECTIONS: dict[str, tuple[str, ...]] = {
    "confirm": ("confirmation", "operator", "rights"),
    "recipients": ("confirmation", "access", "disclosures", "processors", "rights"),
    "copy": ("confirmation", "operator", "data", "systems", "rights"),
    "access": WHOLE,
}
"""What each kind of request is answered with; others with the whole."""


def compose(facts: Facts) -> Answer:
    """The answer to a request for information, in the person's language."""
    writer, promises = _Writer(facts), facts.promises
    words, told = writer.words, SECTIONS.get(facts.kind, WHOLE)
    return Answer(
        form=FORM,
        number=facts.number,
        kind=facts.kind,
        language=facts.language,
        received=stamp(facts.received),
        made=stamp(facts.made),
        policy=promises.policy.id,
        version=promises.version,
        digest=promises.digest,
        subject=facts.standing.subject if facts.standing else "",
        title=words.say("title", number=facts.number) if facts.number else words.say("title-own"),
        lead=words.say(
            "lead" if facts.number else "lead-own",
            operator=words.in_(promises.policy.operator.name),
            received=words.day(facts.received),
            made=words.day(facts.made),
        ),
        sections=tuple(writer.section(name) for name in told),
        data=writer.data() if "data" in told else {},
        purposes=tuple(writer.purposes()) if "purposes" in told else (),
        disclosures=tuple(writer.disclosures()) if "disclosures" in told else (),
    )


_MOMENT = timedelta(microseconds=1)
"""Terms end when the day after their last one begins: people are told the last."""


class _Writer:
    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._promises = facts.promises
        self._policy = facts.promises.policy
        self.words = Words(facts.promises, facts.language)
        self._sections: dict[str, Callable[[], Section]] = {
            "confirmation": self._confirmation,
            "operator": self._operator,
            "purposes": self._purposes,
            "data": self._data,
            "systems": self._systems,
            "access": self._access,
            "disclosures": self._disclosures,
            "processors": self._processors,
            "terms": self._terms,
            "rights": self.words.rights,
        }

    def section(self, name: str) -> Section:
        """A section by its id."""
        return self._sections[name]()

    # sections

    def _confirmation(self) -> Section:
        standing = self._facts.standing
        if standing is None or (standing.erased and not self._facts.tables):
            text = (
                self.words.say("nothing-on-file")
                if standing is None
                else self.words.say("erased", day=self.words.at(standing.erased_at))
            )
            return Section(id="confirmation", title=self.words.say("confirmation"), text=(text,))
        lines = [self.words.say("confirmed", since=self.words.at(standing.created_at))]
        if standing.marks.block is not None:
            lines.append(self.words.say("blocked", since=self.words.at(standing.marks.block.at)))
        if self._facts.not_looked_into:
            lines.append(self.words.say("not-complete"))
        return Section(id="confirmation", title=self.words.say("confirmation"), text=tuple(lines))

    def _operator(self) -> Section:
        operator, contacts = self._policy.operator, self._policy.operator.contacts
        post = self.words.in_(contacts.post) or self.words.in_(operator.address)
        rows = [
            (self.words.say("operator-name"), self.words.in_(operator.name)),
            (self.words.say("operator-bin"), operator.bin),
            (self.words.say("operator-address"), self.words.in_(operator.address)),
            (self.words.say("operator-responsible"), self.words.in_(operator.responsible.position)),
            (self.words.say("operator-email"), operator.responsible.email or contacts.email),
            (self.words.say("operator-phone"), operator.responsible.phone or contacts.phone),
            (self.words.say("operator-post"), post),
        ]
        return Section(id="operator", title=self.words.say("operator"), rows=tuple(row for row in rows if row[1]))

    def _serving(self) -> Iterator[tuple[str, Purpose]]:
        """Purposes that the person's data serves or was given for: those whose fields are there, or were agreed to."""
        agreed = {one.scope.purpose for one in self._facts.consents}
        have = set(self._facts.values) | {document.field for document in self._facts.documents}
        for name, purpose in self._policy.purposes.items():
            if name in agreed or (purpose.basis != "consent" and self._promises.needed[name] & have):
                yield name, purpose

    def _purposes(self) -> Section:
        rows = []
        for name, purpose in self._serving():
            basis = self._promises.law.bases[purpose.basis]
            cited = self.words.in_(purpose.act) or self._promises.law.cite(basis.article, self.words.language)
            operations = ", ".join(self.words.known(f"operation-{one.value}") for one in purpose.operations)
            ways = ", ".join(self.words.known(f"channel-{one.value}") for one in purpose.channels)
            methods = f"{operations}; {ways}" if ways else operations
            row = (
                self.words.in_(purpose.name),
                f"{basis.name.in_(self.words.language)} ({cited})",
                methods,
                self._word(name, purpose),
            )
            rows.append(row)
        columns = self.words.columns("purpose", "basis", "methods", "consent")
        return self._table("purposes", columns, rows)

    def _word(self, name: str, purpose: Purpose) -> str:
        """What the person said to a purpose."""
        states = [one for one in self._facts.consents if one.scope.purpose == name]
        if purpose.basis != "consent":
            return self.words.say("consent-not-needed")
        if not states:
            return self.words.say("consent-none")
        told: dict[tuple[str, str], list[str]] = {}
        for one in states:
            word = "consent-given" if one.agreed.given else "consent-withdrawn"
            told.setdefault((word, self.words.at(one.agreed.at)), []).append(self.words.part(one.scope))
        return "; ".join(self.words.say(word, about=self._about(parts), day=day) for (word, day), parts in told.items())

    def _about(self, parts: list[str]) -> str:
        """What was said on one day: to the whole purpose, to parts of it, or to both."""
        narrowed = "; ".join(one for one in parts if one)
        if not narrowed:
            return ""
        return self.words.say("consent-part") + narrowed if "" in parts else f": {narrowed}"

    def _data(self) -> Section:
        rows = []
        for reference in self.words.ordered(self._facts.values):
            kept = self._facts.values[reference]
            source = self._source(kept.source, kept.place)
            shown = self.words.value(reference, kept.value)
            shown = self.words.say("masked", value=shown) if reference in self._facts.masked else shown
            status = self.words.say(f"status-{kept.status}")
            rows.append((self.words.field(reference), shown, source, f"{self.words.at(kept.at)}; {status}"))
        for document in self._facts.documents:
            size = self.words.say(
                "file",
                media=document.media.rpartition("/")[2].upper(),
                size=f"{document.size:,}".replace(",", "\u00a0"),
            )
            rows.append((self.words.field(document.field), size, "", self.words.at(document.at)))
        told = self._table("data", self.words.columns("field", "value", "source", "since"), rows)
        if len(self._policy.forms) == len(self._policy.points):
            return told
        return replace(told, text=(*told.text, self.words.say("technical")))

    def _source(self, source: str, place: str) -> str:
        declared = self._policy.sources.get(source)
        name = self.words.in_(declared.name) if declared else source
        return f"{name} ({place})" if place else name

    def _systems(self) -> Section:
        rows = [(one.system, one.table, str(one.rows), one.file) for one in self._facts.tables]
        rows += [
            (one.system, one.table, self.words.say("not-looked-into"), one.why) for one in self._facts.not_looked_into
        ]
        return self._table("systems", self.words.columns("system", "table", "rows", "file"), rows)

    def _access(self) -> Section:
        serving = {name for name, _ in self._serving()}
        rows = [
            (self.words.in_(role.name), self.words.say(f"role-{role.kind}"), self._named(role.purposes))
            for role in self._policy.roles.values()
            if role.purposes and set(role.operations) & set(READS)  # whoever sees nothing is not named
        ]
        rows += [
            (self.words.in_(one.name), self.words.known(f"kind-{one.kind}"), self._named(one.purposes))
            for one in self._policy.recipients.values()
            if serving & set(one.purposes)
        ]
        return self._table("access", self.words.columns("who", "what", "purposes"), rows)

    def _named(self, purposes: Iterable[str]) -> str:
        return ", ".join(self.words.purpose(one) for one in purposes)

    def _disclosures(self) -> Section:
        rows = []
        for one in self._facts.disclosures:
            told = self.words.fields(one.categories)
            country = self.words.country(one.country) if one.country else ""
            who = (
                f"{self.words.recipient(one.recipient)} ({country})" if country else self.words.recipient(one.recipient)
            )
            rows.append((self.words.time(datetime.fromisoformat(one.at)), who, self.words.purpose(one.purpose), told))
        return self._table("disclosures", self.words.columns("when", "who", "purpose", "data"), rows)

    def _processors(self) -> Section:
        rows = []
        for one in self._policy.recipients.values():
            if one.kind != "processor":
                continue
            countries = ", ".join(self.words.country(country) for country in one.countries)
            contract = f"{one.contract.name}, {self.words.date(one.contract.date)}" if one.contract else "—"
            rows.append((self.words.in_(one.name), self.words.in_(one.address) or countries or "—", contract))
        return self._table("processors", self.words.columns("who", "address", "contract"), rows)

    def _terms(self) -> Section:
        rows = []
        for name, purpose in self._serving():
            term = self._promises.term(name)
            keeps = [
                self.words.say(
                    "keep",
                    what=self.words.fields(keep.what),
                    term=time_in_words(keep.term, self.words.language),
                    act=self.words.in_(keep.act),
                )
                for keep in (term.keep if term else ())
            ]
            rows.append((self.words.in_(purpose.name), self._term(term), self._planned(name), "; ".join(keeps) or "—"))
        return self._table("terms", self.words.columns("purpose", "term", "end", "kept"), rows)

    def _term(self, term: Term | None) -> str:
        if term is None:
            return self.words.say("term-met")
        if term.until:
            return self.words.say(
                "term-until", event=self.words.known(f"event-{term.until}", term.until.replace("-", " "))
            )
        after = self.words.known(f"event-{term.after}", term.after.replace("-", " "))
        return self.words.say("term-lasts", time=time_in_words(term.lasts, self.words.language), event=after)

    def _planned(self, name: str) -> str:
        standing = self._facts.standing
        end = ends(self._promises, name, standing) if standing else None
        if end:
            return self.words.day(end - _MOMENT)
        return self.words.say("end-unknown" if self._promises.term(name) else "end-met")

    def _table(self, name: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Section:
        text = () if rows else (self.words.say(f"{name}-empty"),)
        return Section(
            id=name, title=self.words.say(name), text=text, columns=columns if rows else (), rows=tuple(rows)
        )

    # for programs

    def data(self) -> dict[str, ValueTold]:
        """The values, by ``category.field``."""
        return {
            reference: ValueTold(
                value=kept.value,
                name=self.words.field(reference),
                source=kept.source,
                at=stamp(moment(kept.at)),
                status=kept.status,
                masked=reference in self._facts.masked,
                place=kept.place,
            )
            for reference, kept in sorted(self._facts.values.items())
        }

    def purposes(self) -> Iterator[PurposeTold]:
        """The purposes, by id."""
        for name, purpose in self._serving():
            term, standing = self._promises.term(name), self._facts.standing
            end = ends(self._promises, name, standing) if standing else None
            yield PurposeTold(
                id=name,
                basis=purpose.basis,
                article=self._promises.law.bases[purpose.basis].article,
                operations=tuple(one.value for one in purpose.operations),
                fields=tuple(sorted(self._promises.needed[name])),
                consent=self._consent_of(name, purpose),
                ends=stamp(end) if end else "",
                until=term.until if term else "",
            )

    def _consent_of(self, name: str, purpose: Purpose) -> str:
        if purpose.basis != "consent":
            return "not-needed"
        given = [one.agreed.given for one in self._facts.consents if one.scope.purpose == name]
        return "none" if not given else "given" if any(given) else "withdrawn"

    def disclosures(self) -> Iterator[DisclosureTold]:
        """What was really handed over."""
        for one in self._facts.disclosures:
            yield DisclosureTold(
                at=one.at,
                recipient=one.recipient,
                name=self.words.recipient(one.recipient),
                purpose=one.purpose,
                fields=one.categories,
                country=one.country,
                disclosure=one.disclosure,
            )
