"""The policy file's format: every declaration that an operator makes to the people whose data it has.

The docstring under a field is what editors show for the key (``senim policy schema``) and what the
reference prints. Keys are written in kebab-case; ids are lower-case words with hyphens.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, field

from senim.languages import Language, Text
from senim.policy.rights import Rights
from senim.policy.taxonomy import Channel, Country, FieldRef, FieldType, Id, NoId, Operation, Part, Verb
from senim.policy.visits import Visits


class Responsible(Part, frozen=True, kw_only=True):
    """The person responsible for organising the processing (94-V 25(2)(10))."""

    position: Text
    """The position as published. The name of a living person need not stand in a public file."""
    email: str = ""
    """Where people write to this person."""
    phone: str = ""
    """Where people call this person, in international form."""
    language: Language = "ru"
    """The language in which Senim writes to this person."""


class Contacts(Part, frozen=True, kw_only=True):
    """How people reach the operator."""

    email: str
    """Address for requests."""
    phone: str = ""
    """Where people call, in international form."""
    post: Text = Text()
    """Postal address for letters; empty: the operator's address."""


class Operator(Part, frozen=True, kw_only=True):
    """Who answers for the data."""

    name: Text
    """Full name as registered."""
    brand: str = ""
    """The name that people know."""
    bin: str
    """Business identification number (12 digits with check digit)."""
    address: Text
    """Where it is registered."""
    country: Country = "KZ"
    """Where it is; whose holidays count, if the law leaves that to it."""
    responsible: Responsible
    """Who organises the processing."""
    contacts: Contacts
    """How people reach it."""


class Contract(Part, frozen=True, kw_only=True):
    """The contract that the policy belongs to, e.g. a public offer."""

    name: Text
    """What people know it by."""
    version: str
    """Its version; every consent is bound to it by the policy's version."""
    url: str = ""
    """Where it can be read."""


class Site(Part, frozen=True, kw_only=True):
    """Where the policy applies."""

    address: Annotated[str, Meta(pattern=r"^https?://[^\s]+$")]
    """Its address, with ``https://``."""
    channel: Channel = Channel.WEB
    """The way in which people come to it."""
    contract: Contract | None = None
    """The contract that is made there."""


class Source(Part, frozen=True, kw_only=True):
    """Where values may come from (travel-6, foundation-11)."""

    kind: Literal["subject", "device", "partner", "representative", "public", "staff"]
    """What kind of source."""
    name: Text
    """How people read it."""


class Field(Part, frozen=True, kw_only=True):
    """One piece of data. Written short as its type alone: ``email: email``."""

    type: FieldType
    """What it holds."""
    name: Text = Text()
    """How people read it; empty: the usual name of its type or of this field."""
    identifier: bool = False
    """Whether people are found by it. E-mails, telephones and IINs always are."""
    choices: tuple[str, ...] = ()
    """For ``choice``: the values allowed."""
    max: Annotated[int, Meta(ge=0, le=100_000_000)] = 0
    """Longest value in characters; 0: the limit of its type. For files: bytes."""
    media: tuple[str, ...] = ()
    """For files: the media types allowed."""


class Category(Part, frozen=True, kw_only=True):
    """A kind of data, sealed together: what may be read for one purpose is not opened for another."""

    name: Text
    """How people read it."""
    fields: dict[Id, FieldType | Field]
    """The fields in it. What is not here is refused at intake."""
    sensitive: bool = False
    """Shown masked to everybody whose role does not name it."""
    special: str = ""
    """If it is a special category of the law pack (``health`` …): which. Needs a written consent."""
    readers: tuple[Id, ...] = ()
    """The only roles that may read it; empty: those whose role allows it."""
    people: Literal["yes", "masked", "never"] = "yes"
    """Whether a human may read it at all (travel-8)."""

    def spec(self, field: str) -> Field:
        """The declaration of a field, short form or long."""
        found = self.fields[field]
        return found if isinstance(found, Field) else Field(type=found)


class Keep(Part, frozen=True, kw_only=True):
    """What must stay when the purpose has ended, why and how long."""

    what: tuple[FieldRef, ...]
    """Categories or fields that stay."""
    term: str
    """How long, e.g. ``5 years``."""
    act: Text
    """The act and article that demand it."""


class Term(Part, frozen=True, kw_only=True):
    """How long a purpose lasts and what happens then. ``until`` an event, or so long ``after`` one."""

    until: NoId = ""
    """An event that ends it, e.g. ``trip-ended``."""
    lasts: str = ""
    """A time, e.g. ``3 years``, counted from ``after``."""
    after: Id = "consent"
    """``consent``, ``collection`` or an event."""
    then: Literal["destroy", "depersonalise"] = "destroy"
    """What happens when it has ended."""
    keep: tuple[Keep, ...] = ()
    """What stays all the same."""


class Purpose(Part, frozen=True, kw_only=True):
    """What data is used for."""

    name: Text
    """How people read it, as it follows “for”."""
    basis: str = "consent"
    """A lawful basis of the law pack."""
    act: Text = Text()
    """For bases other than consent: the act and article."""
    kind: Literal["service", "marketing", "statistics", "security", "law"] = "service"
    """What kind of purpose it is; marketing is told from messages that belong to the service (travel-7)."""
    optional: bool = False
    """Whether the service works without it: then it is a choice of its own, never required."""
    uses: tuple[FieldRef, ...]
    """Categories or single fields that it needs."""
    operations: tuple[Operation, ...]
    """What is done with them."""
    channels: tuple[Channel, ...] = ()
    """If people are written to or called: by which ways, each with a consent of its own."""
    sender: NoId = ""
    """Who writes: empty for the operator, or a recipient (shop-13)."""
    term: Literal["unlimited"] | Term
    """How long. ``unlimited`` is what some policies promise; the law ends it when the purpose is met."""


class Processing(Part, frozen=True, kw_only=True):
    """The contract with a recipient: what binds it."""

    name: str
    """What the contract is called."""
    date: date
    """When it was made."""
    secrecy: bool = True
    """Whether it binds the recipient to confidentiality."""
    security: bool = True
    """Whether it binds the recipient to protect the data."""


class Recipient(Part, frozen=True, kw_only=True):
    """Who may get data: one party, or a declared kind of party such as ``airlines``."""

    name: Text
    """How people read it."""
    kind: Literal["processor", "supplier", "partner", "affiliate", "authority", "acquirer", "public"]
    """What it is to the operator; decides which permission the law asks for."""
    group: NoId = ""
    """The class that people consent to; empty: the recipient by itself."""
    countries: tuple[Country, ...] = ()
    """Where it is. Empty: the text does not say, and nothing may leave the country."""
    address: Text = Text()
    """Where it is, as published."""
    purposes: tuple[Id, ...]
    """Purposes for which it may get data."""
    operations: tuple[Operation, ...]
    """What it may do with the data."""
    uses: tuple[FieldRef, ...]
    """Categories or fields it may get."""
    form: Literal["provide", "give-access", "distribute"] = "provide"
    """How data is transferred (tickets-5)."""
    contract: Processing | None = None
    """The contract that binds it."""
    policy: str = ""
    """Address of its own policy."""
    needs_choice: bool = False
    """Whether the person must have asked for the joint product (travel-12)."""
    without_consent: bool = False
    """Whether the text claims that no separate consent is needed because the service needs the transfer."""

    @property
    def opened_by_people(self) -> bool:
        """Whether people open their data to it themselves, at their own wish and category by category (airline-7)."""
        return self.kind == "public" or (self.needs_choice and self.form == "give-access")


class Role(Part, frozen=True, kw_only=True):
    """Who works with the data: what the role may do."""

    name: Text
    """What the role is called."""
    kind: Literal["service", "staff"]
    """A system, or people. What no human may see (``people: never``) no staff role sees."""
    may: tuple[Verb, ...]
    """Verbs of the doors."""
    purposes: tuple[Id, ...] = ()
    """Purposes it acts for; empty: none."""
    operations: tuple[Operation, ...] = ()
    """Operations that it carries out; empty: none."""
    sees: tuple[FieldRef, ...] = ()
    """Categories and fields it sees in clear; others come masked."""


class Asked(Part, frozen=True, kw_only=True):
    """How a point asks for a field."""

    ask: Literal["required", "optional"]
    """Whether the point works without it."""
    why: Text = Text()
    """Why it is needed."""
    refusal: Text = Text()
    """What it means not to give it (travel-42)."""


class ConsentAsked(Part, frozen=True, kw_only=True):
    """A consent that a point asks for, on its own."""

    purpose: Id
    """What the consent is for."""
    recipient: NoId = ""
    """A recipient or group, when it is a permission to pass data on."""
    channel: Channel | None = None
    """A channel, when it is a permission to write or call that way."""
    country: Country | None = None
    """A country, when it is a permission to cross the border."""
    ask: Literal["required", "choice"]
    """``required``: the point does not work without it. ``choice``: the person is free, and nothing hangs on it."""


class Point(Part, frozen=True, kw_only=True):
    """A place where data comes in: a form, a counter, a call, an import."""

    name: Text
    """How people read it."""
    site: str = ""
    """The site it stands on; empty: the first one."""
    channels: tuple[Channel, ...] = (Channel.WEB,)
    """The ways in which data comes in here, the usual one first."""
    subject: Literal["self", "other", "either"] = "self"
    """Whose data it takes."""
    proof: Literal["attestation", "document"] = "attestation"
    """What shows that another person agreed."""
    source: NoId = ""
    """Where its values come from, if nothing else is said."""
    visits: Visits | None = None
    """If devices tell by themselves what comes in here: how it is kept. Then nothing of people is taken here."""
    by_pages: NoId = ""
    """The role in which pages of the sites may send it in by themselves; empty: only systems with a key may."""
    asks: dict[FieldRef, Literal["required", "optional"] | Asked]
    """The fields that it asks for. What is not here is refused at this point."""
    consents: tuple[ConsentAsked, ...] = ()
    """The consents that it asks for, each on its own."""
    why: Text = Text()
    """Why the fields are needed, for those that do not say so themselves."""
    refusal: Text = Text()
    """What refusing means, for those that do not say so themselves."""

    def own(self, field: str) -> Asked:
        """How a field is asked for, as the file says it."""
        found = self.asks[field]
        return found if isinstance(found, Asked) else Asked(ask=found)

    def asked(self, field: str) -> Asked:
        """How a field is asked for, with the point's own explanations where the field has none."""
        asked = self.own(field)
        return Asked(ask=asked.ask, why=_or(asked.why, self.why), refusal=_or(asked.refusal, self.refusal))


def _or(text: Text, otherwise: Text) -> Text:
    return text if text != Text() else otherwise


class CookieKind(Part, frozen=True, kw_only=True):
    """A category of cookies and the like."""

    name: Text
    """How people read it."""
    essential: bool = False
    """Whether the site does not work without it; then there is no choice."""
    purpose: NoId = ""
    """The purpose that it serves."""
    names: tuple[str, ...] = ()
    """Names of the cookies; one that ends in ``*`` stands for all that begin so (``_ga*``)."""
    lasts: str = ""
    """How long they stay, e.g. ``6 months``."""


class Cookies(Part, frozen=True, kw_only=True):
    """The cookie notice."""

    notice: Text
    """What the banner says."""
    refusal: Text = Text()
    """What switching them off means."""
    asks_again: str = "6 months"
    """How long a choice stands; then visitors are asked again."""
    kinds: dict[Id, CookieKind]
    """The categories that people choose from."""


class ConsentWays(Part, frozen=True, kw_only=True):
    """How the text says that consent is given."""

    given_by: tuple[Literal["explicit", "signature", "sending", "use"], ...] = ("explicit",)
    """``use`` and ``sending`` are what some texts claim; the law wants a proof."""
    covers: tuple[Operation, ...] = ()
    """Operations that the consent names; empty: those of its purpose."""


class Borders(Part, frozen=True, kw_only=True):
    """What the text says about sending data abroad."""

    grounds: tuple[str, ...] = ()
    """Grounds it names: ids of the law pack, or ``contract``."""
    assessed: tuple[Country, ...] = ()
    """Countries that the operator has assessed to protect the rights of people; evidence is kept apart."""
    unnamed: bool = False
    """Whether the text allows sending abroad without naming recipients and countries."""


class Changes(Part, frozen=True, kw_only=True):
    """How the text says that it changes."""

    effect: Literal["posting", "later"] = "posting"
    """When a change takes effect."""
    acceptance: Literal["new-consent", "use", "none-needed", "not-said"] = "not-said"
    """What it says about people's agreement to a change."""


class Liability(Part, frozen=True, kw_only=True):
    """What the operator says it does not answer for."""

    excludes: tuple[Literal["public-before", "received-before", "intrusion", "with-consent", "accuracy"], ...] = ()
    """What it says it does not answer for."""


class Cite(Part, frozen=True, kw_only=True):
    """An act of law that a clause names."""

    act: str
    """The act as the text names it."""
    country: Country
    """Whose law it is."""


class Clause(Part, frozen=True, kw_only=True):
    """A paragraph of the published text: what it says, what it is about, what keeps it."""

    id: Id
    """Its number for ever: evidence, refusals and tests cite it."""
    heading: Text | None = None
    """Starts a new section of the page."""
    says: Text
    """Its text."""
    about: tuple[str, ...] = ()
    """Declarations that it speaks of: ``purposes.booking``, ``categories.identity``, ``rights.fee`` …"""
    states: tuple[str, ...] = ()
    """Items of a consent that its text states (law pack: ``term``, ``data-list`` …)."""
    cites: tuple[Cite, ...] = ()
    """Acts of law that it names."""
    kept_by: tuple[str, ...]
    """Controls that keep it (``senim policy controls`` lists them)."""


class LawRef(Part, frozen=True, kw_only=True):
    """A law pack as it stands on a day."""

    pack: Id
    """The pack's id."""
    on: date
    """The day on which the law is read."""


class Policy(Part, frozen=True, kw_only=True):
    """One operator's policy: the text that people read, and what the system lets happen."""

    senim: Literal[1]
    """Version of the format."""
    id: Id
    """Short name, e.g. of the brand; part of the log's name."""
    law: Id | LawRef = "kz"
    """The law pack, and if wished the day on which it is read."""
    title: Text
    """Title of the published page."""
    operator: Operator
    """Who answers for the data."""
    sites: tuple[Site, ...]
    """Where the policy applies, the main site first."""
    sources: dict[Id, Source]
    """Where values may come from."""
    categories: dict[Id, Category]
    """The data, in kinds that are sealed and opened together."""
    roles: dict[Id, Role]
    """Who works with the data: systems and staff."""
    purposes: dict[Id, Purpose]
    """What data is used for."""
    recipients: dict[Id, Recipient] = field(default_factory=dict)
    """Who may get data. Whoever is not here gets none."""
    points: dict[Id, Point]
    """Where data comes in: forms, counters, calls, imports."""
    cookies: Cookies | None = None
    """The cookie notice, where there is one."""
    rights: Rights
    """What people may ask for."""
    consent: ConsentWays = ConsentWays()
    """How the text says that consent is given."""
    borders: Borders = Borders()
    """What the text says about sending data abroad."""
    changes: Changes = Changes()
    """How the text says that it changes."""
    liability: Liability = Liability()
    """What the operator says it does not answer for."""
    clauses: tuple[Clause, ...]
    """The published text, paragraph by paragraph."""

    @property
    def forms(self) -> dict[str, Point]:
        """The points where people give data; at the others devices tell by themselves."""
        return {name: point for name, point in self.points.items() if point.visits is None}

    def fields(self) -> dict[str, Field]:
        """All fields by ``category.field``."""
        return {
            f"{name}.{field}": category.spec(field)
            for name, category in self.categories.items()
            for field in category.fields
        }

    def expand(self, references: tuple[str, ...]) -> frozenset[str]:
        """The ``category.field`` names behind references to categories and fields; unknown ones are left out."""
        expanded: set[str] = set()
        for reference in references:
            category, _, field = reference.partition(".")
            if category in self.categories:
                known = self.categories[category].fields
                expanded.update(f"{category}.{name}" for name in ([field] if field else known) if name in known)
        return frozenset(expanded)
