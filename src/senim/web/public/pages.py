"""What a policy page shows, made from a version: sections, lists, dates. Pure; the template only lays it out."""

from __future__ import annotations

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from senim.languages import Language, wording
from senim.policy import Promises, Version
from senim.policy.clashes import clashes_of
from senim.policy.notices import country_name, field_name, term_in_words
from senim.web.shared.pages import day


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A clause; ``clash`` says where the law says otherwise, in the reader's language."""

    id: str
    text: str
    clash: str = ""


@dataclass(slots=True)
class Section:
    """Clauses under a heading."""

    heading: str
    anchor: str
    paragraphs: list[Paragraph] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PurposeRow:
    """A purpose as people read it."""

    name: str
    basis: str
    data: str
    term: str
    optional: bool


@dataclass(frozen=True, slots=True)
class RecipientRow:
    """A recipient as people read it."""

    name: str
    kind: str
    countries: str
    purposes: str
    policy: str


@dataclass(frozen=True, slots=True)
class VersionRow:
    """An edition in the list on top of the page."""

    number: int
    date: str
    machine_date: str
    shown: bool
    in_force: bool
    coming: bool
    cancelled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything that the page shows, in one language."""

    language: Language
    title: str
    operator: str
    digest: str
    version: int
    in_force: int
    standing: str
    """Where the version stands beside that: ``in-force``, ``coming``, ``earlier`` or ``cancelled``."""
    effective: str
    versions: tuple[VersionRow, ...]
    sections: tuple[Section, ...]
    purposes: tuple[PurposeRow, ...]
    recipients: tuple[RecipientRow, ...]


def page_of(
    promises: Promises, version: Version, versions: tuple[Version, ...], in_force: int, language: Language
) -> Page:
    """The page of a version."""
    policy = version.policy
    where = ZoneInfo(promises.calendar.zone)
    standings = {one.number: standing(one, versions[in_force - 1]) for one in versions}
    return Page(
        language=language,
        title=policy.title.in_(language),
        operator=policy.operator.name.in_(language),
        digest=version.digest,
        version=version.number,
        in_force=in_force,
        standing=standings[version.number],
        effective=day(version.effective, language, where),
        versions=tuple(
            VersionRow(
                number=one.number,
                date=day(one.effective, language, where),
                machine_date=one.effective.date().isoformat(),
                shown=one.number == version.number,
                in_force=one.number == in_force,
                coming=standings[one.number] == "coming",
                cancelled=standings[one.number] == "cancelled",
            )
            for one in sorted(versions, key=lambda one: one.place, reverse=True)
        ),
        sections=tuple(_sections(promises, language)),
        purposes=tuple(_purposes(promises, language)),
        recipients=tuple(_recipients(promises, language)),
    )


def standing(version: Version, in_force: Version) -> str:
    """Where a version stands beside the one in force."""
    if version.cancelled is not None:
        return "cancelled"
    if version.number == in_force.number:
        return "in-force"
    return "coming" if version.place > in_force.place else "earlier"


def _sections(promises: Promises, language: Language) -> list[Section]:
    names = {rule.id: rule.name.in_(language) for rule in promises.law.rules}
    clashes: dict[str, str] = {}
    for clash in clashes_of(promises.policy, promises.law):
        clashes.setdefault(clash.clause, f"{names[clash.rule]} ({promises.law.cited(clash.article, language)})")
    sections: list[Section] = []
    for clause in promises.policy.clauses:
        if clause.heading or not sections:
            heading = clause.heading.in_(language) if clause.heading else ""
            sections.append(Section(heading, f"s-{clause.id}"))
        sections[-1].paragraphs.append(Paragraph(clause.id, clause.says.in_(language), clashes.get(clause.id, "")))
    return sections


def _purposes(promises: Promises, language: Language) -> list[PurposeRow]:
    rows = []
    for name, purpose in promises.policy.purposes.items():
        basis = promises.law.bases[purpose.basis]
        data = ", ".join(
            dict.fromkeys(
                field_name(promises, ref, language) for ref in promises.fields if ref in promises.needed[name]
            )
        )
        cited = purpose.act.in_(language) or promises.law.cite(basis.article, language)
        ground = f"{basis.name.in_(language)} ({cited})"
        rows.append(
            PurposeRow(
                purpose.name.in_(language), ground, data, term_in_words(promises.term(name), language), purpose.optional
            )
        )
    return rows


def _recipients(promises: Promises, language: Language) -> list[RecipientRow]:
    words = wording("notices")
    return [
        RecipientRow(
            name=one.name.in_(language),
            kind=words[f"kind-{one.kind}"].in_(language),
            countries=", ".join(country_name(country, language) for country in one.countries) or "—",
            purposes=", ".join(promises.policy.purposes[purpose].name.in_(language) for purpose in one.purposes),
            policy=one.policy,
        )
        for one in promises.policy.recipients.values()
    ]
