"""The policy file's format: every declaration that an operator makes to the people whose data it has.

The docstring under a field is what editors show for the key (``senim policy schema``) and what the
reference prints. Keys are written in kebab-case; ids are lower-case words with hyphens.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from senim.languages import Text
from senim.policy.taxonomy import Channel, FieldType, Operation

Id = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
"""A name within the file: lower-case letters, digits and hyphens."""

NoId = Annotated[str, Meta(pattern=r"^([a-z][a-z0-9-]{0,62})?$")]
"""A name, or nothing."""

FieldRef = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,62}(\.[a-z][a-z0-9-]{0,62})?$")]
"""A category, or ``category.field``."""

Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2."""


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    pass


class Responsible(_Part, frozen=True, kw_only=True):
    """The person responsible for organising the processing (94-V 25(2)(10))."""

    position: Text
    """The position as published. The name of a living person need not stand in a public file."""
    email: str = ""
    """Where people write to this person."""
    phone: str = ""


class Contacts(_Part, frozen=True, kw_only=True):
    """How people reach the operator."""

    email: str
    """Address for requests."""
    phone: str = ""
    post: Text = Text()
    """Postal address for letters; empty: the operator's address."""


class Operator(_Part, frozen=True, kw_only=True):
    """Who answers for the data."""

    name: Text
    """Full name as registered."""
    brand: str = ""
    """The name that people know."""
    bin: str
    """Business identification number (12 digits with check digit)."""
    address: Text
    country: Country = "KZ"
    responsible: Responsible
    contacts: Contacts


class Contract(_Part, frozen=True, kw_only=True):
    """The contract that the policy belongs to, e.g. a public offer."""

    name: Text
    version: str
    url: str = ""


class Site(_Part, frozen=True, kw_only=True):
    """Where the policy applies."""

    address: Annotated[str, Meta(pattern=r"^https?://[^\s]+$")]
    channel: Channel = Channel.WEB
    contract: Contract | None = None


class Source(_Part, frozen=True, kw_only=True):
    """Where values may come from (travel-6, foundation-11)."""

    kind: Literal["subject", "device", "partner", "representative", "public", "staff"]
    name: Text


class Field(_Part, frozen=True, kw_only=True):
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


class Category(_Part, frozen=True, kw_only=True):
    """A kind of data, sealed together: what may be read for one purpose is not opened for another."""

    name: Text
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


class Keep(_Part, frozen=True, kw_only=True):
    """What must stay when the purpose has ended, why and how long."""

    what: tuple[FieldRef, ...]
    term: str
    """How long, e.g. ``5 years``."""
    act: Text
    """The act and article that demand it."""


class Term(_Part, frozen=True, kw_only=True):
    """How long a purpose lasts and what happens then. ``until`` an event, or so long ``after`` one."""

    until: NoId = ""
    """An event that ends it, e.g. ``trip-ended``."""
    lasts: str = ""
    """A time, e.g. ``3 years``, counted from ``after``."""
    after: Id = "consent"
    """``consent``, ``collection`` or an event."""
    then: Literal["destroy", "depersonalise"] = "destroy"
    keep: tuple[Keep, ...] = ()


class Purpose(_Part, frozen=True, kw_only=True):
    """What data is used for."""

    name: Text
    basis: str = "consent"
    """A lawful basis of the law pack."""
    act: Text = Text()
    """For bases other than consent: the act and article."""
    kind: Literal["service", "marketing", "statistics", "security", "law"] = "service"
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


class Processing(_Part, frozen=True, kw_only=True):
    """The contract with a recipient: what binds it."""

    name: str
    date: date
    secrecy: bool = True
    """Whether it binds the recipient to confidentiality."""
    security: bool = True
    """Whether it binds the recipient to protect the data."""


class Recipient(_Part, frozen=True, kw_only=True):
    """Who may get data: one party, or a declared kind of party such as ``airlines``."""

    name: Text
    kind: Literal["processor", "supplier", "partner", "affiliate", "authority", "acquirer", "public"]
    group: NoId = ""
    """The class that people consent to; empty: the recipient by itself."""
    countries: tuple[Country, ...] = ()
    """Where it is. Empty: the text does not say, and nothing may leave the country."""
    address: Text = Text()
    purposes: tuple[Id, ...]
    operations: tuple[Operation, ...]
    """What it may do with the data."""
    uses: tuple[FieldRef, ...]
    """Categories or fields it may get."""
    form: Literal["provide", "give-access", "distribute"] = "provide"
    """How data is transferred (tickets-5)."""
    contract: Processing | None = None
    policy: str = ""
    """Address of its own policy."""
    needs_choice: bool = False
    """Whether the person must have asked for the joint product (travel-12)."""
    without_consent: bool = False
    """Whether the text claims that no separate consent is needed because the service needs the transfer."""


class Role(_Part, frozen=True, kw_only=True):
    """Who works with the data: what the role may do."""

    name: Text
    kind: Literal["service", "staff"]
    may: tuple[
        Literal["intake", "consent", "find", "read", "correct", "check", "erase", "block", "event", "log", "policy"],
        ...,
    ]
    """Verbs of the doors."""
    purposes: tuple[Id, ...] = ()
    """Purposes it acts for; empty: none."""
    operations: tuple[Operation, ...] = ()
    sees: tuple[FieldRef, ...] = ()
    """Categories and fields it sees in clear; others come masked."""


class Asked(_Part, frozen=True, kw_only=True):
    """How a point asks for a field."""

    ask: Literal["required", "optional"]
    why: Text = Text()
    """Why it is needed."""
    refusal: Text = Text()
    """What it means not to give it (travel-42)."""


class ConsentAsked(_Part, frozen=True, kw_only=True):
    """A consent that a point asks for, on its own."""

    purpose: Id
    recipient: NoId = ""
    """A recipient or group, when it is a permission to pass data on."""
    channel: Channel | None = None
    country: Country | None = None
    """A country, when it is a permission to cross the border."""
    ask: Literal["required", "choice"]


class Point(_Part, frozen=True, kw_only=True):
    """A place where data comes in: a form, a counter, a call, an import."""

    name: Text
    site: str = ""
    """The site it stands on; empty: the first one."""
    channels: tuple[Channel, ...] = (Channel.WEB,)
    subject: Literal["self", "other", "either"] = "self"
    """Whose data it takes."""
    proof: Literal["attestation", "document"] = "attestation"
    """What shows that another person agreed."""
    source: NoId = ""
    """Where its values come from, if nothing else is said."""
    asks: dict[FieldRef, Literal["required", "optional"] | Asked]
    consents: tuple[ConsentAsked, ...] = ()
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


class CookieKind(_Part, frozen=True, kw_only=True):
    """A category of cookies and the like."""

    name: Text
    essential: bool = False
    purpose: NoId = ""
    names: tuple[str, ...] = ()
    lasts: str = ""


class Cookies(_Part, frozen=True, kw_only=True):
    """The cookie notice."""

    notice: Text
    refusal: Text = Text()
    """What switching them off means."""
    kinds: dict[Id, CookieKind]


class Claim(_Part, frozen=True, kw_only=True):
    """A claim before court."""

    term: str
    """E.g. ``30 working days``."""
    form: Literal["written", "any"] = "written"
    before_court: bool = True


class Right(_Part, frozen=True, kw_only=True):
    """A right that the policy grants, how to use it and how fast it is answered."""

    name: Text = Text()
    channels: tuple[Channel, ...] = ()
    """Empty: those of all rights."""
    term: str = ""
    """Empty: the term of the law."""
    mark: Text = Text()
    """Words that mark a message as this request (airline-12)."""
    contains: tuple[str, ...] = ()
    """What a request must state (foundation-33)."""


RightKind = Literal[
    "confirm",
    "access",
    "copy",
    "recipients",
    "correct",
    "block",
    "erase",
    "withdraw",
    "object",
    "stop-mailings",
    "claim",
    "complain",
    "compensation",
    "concern",
    "visibility",
]


class Fee(_Part, frozen=True, kw_only=True):
    """What the text says a request may cost."""

    amount: Text
    what: Text


class Rights(_Part, frozen=True, kw_only=True):
    """What people may ask for."""

    channels: tuple[Channel, ...]
    kinds: dict[RightKind, Right]
    fee: Literal["none"] | Fee = "none"
    claim: Claim | None = None
    withdrawal: Literal["whole", "whole-or-part"] = "whole-or-part"
    withdrawal_deletes: bool = False
    """Whether withdrawing deletes the account and all records (airline-12)."""


class ConsentWays(_Part, frozen=True, kw_only=True):
    """How the text says that consent is given."""

    given_by: tuple[Literal["explicit", "signature", "sending", "use"], ...] = ("explicit",)
    """``use`` and ``sending`` are what some texts claim; the law wants a proof."""
    covers: tuple[Operation, ...] = ()
    """Operations that the consent names; empty: those of its purpose."""


class Borders(_Part, frozen=True, kw_only=True):
    """What the text says about sending data abroad."""

    grounds: tuple[str, ...] = ()
    """Grounds it names: ids of the law pack, or ``contract``."""
    assessed: tuple[Country, ...] = ()
    """Countries that the operator has assessed to protect the rights of people; evidence is kept apart."""
    unnamed: bool = False
    """Whether the text allows sending abroad without naming recipients and countries."""


class Changes(_Part, frozen=True, kw_only=True):
    """How the text says that it changes."""

    effect: Literal["posting", "later"] = "posting"
    acceptance: Literal["new-consent", "use", "none-needed", "not-said"] = "not-said"
    """What it says about people's agreement to a change."""


class Liability(_Part, frozen=True, kw_only=True):
    """What the operator says it does not answer for."""

    excludes: tuple[Literal["public-before", "received-before", "intrusion", "with-consent", "accuracy"], ...] = ()


class Cite(_Part, frozen=True, kw_only=True):
    """An act of law that a clause names."""

    act: str
    country: Country


class Clause(_Part, frozen=True, kw_only=True):
    """A paragraph of the published text: what it says, what it is about, what keeps it."""

    id: Id
    heading: Text | None = None
    """Starts a new section of the page."""
    says: Text
    about: tuple[str, ...] = ()
    """Declarations that it speaks of: ``purposes.booking``, ``categories.identity``, ``rights.fee`` …"""
    states: tuple[str, ...] = ()
    """Items of a consent that its text states (law pack: ``term``, ``data-list`` …)."""
    cites: tuple[Cite, ...] = ()
    kept_by: tuple[str, ...]
    """Controls that keep it (``senim conformance --controls`` lists them)."""


class LawRef(_Part, frozen=True, kw_only=True):
    """A law pack as it stands on a day."""

    pack: Id
    on: date


class Policy(_Part, frozen=True, kw_only=True):
    """One operator's policy: the text that people read, and what the system lets happen."""

    senim: Literal[1]
    """Version of the format."""
    id: Id
    """Short name, e.g. of the brand; part of the log's name."""
    law: Id | LawRef = "kz"
    """The law pack, and if wished the day on which it is read."""
    title: Text
    operator: Operator
    sites: tuple[Site, ...]
    sources: dict[Id, Source]
    categories: dict[Id, Category]
    roles: dict[Id, Role]
    purposes: dict[Id, Purpose]
    recipients: dict[Id, Recipient] = {}
    points: dict[Id, Point]
    cookies: Cookies | None = None
    rights: Rights
    consent: ConsentWays = ConsentWays()
    borders: Borders = Borders()
    changes: Changes = Changes()
    liability: Liability = Liability()
    clauses: tuple[Clause, ...]

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
