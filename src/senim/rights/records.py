"""Requests as facts: what was asked, how far it is, which clocks run. What is personal lies sealed in its box."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import msgspec

from senim.connectors.records import Act, Found, Plan, Receipt, Rescan
from senim.connectors.records import State as Execution
from senim.languages import Language
from senim.vault.records import Erasure

WAITING = Execution.WAITING


class Kind(StrEnum):
    """What a person may ask for (94-V 24; travel-31..41)."""

    CONFIRM = "confirm"
    ACCESS = "access"
    COPY = "copy"
    RECIPIENTS = "recipients"
    CORRECT = "correct"
    COMPLETE = "complete"
    BLOCK = "block"
    UNBLOCK = "unblock"
    ERASE = "erase"
    WITHDRAW = "withdraw"
    OBJECT = "object"
    STOP_MAILINGS = "stop-mailings"
    CLAIM = "claim"
    COMPLAINT = "complaint"
    CONCERN = "concern"
    COMPENSATION = "compensation"
    VISIBILITY = "visibility"


class Way(StrEnum):
    """By which way a request came."""

    PORTAL = "portal"
    API = "api"
    EMAIL = "email"
    LETTER = "letter"
    TELEPHONE = "telephone"
    COUNTER = "counter"
    AUTHORITY = "authority"
    OPERATOR = "operator"
    """Nobody asked: the operator ends what it has no reason to keep."""


class State(StrEnum):
    """How far a request is."""

    RECEIVED = "received"
    """Who asks is clear; it waits to be looked at."""
    IDENTITY_NEEDED = "identity_needed"
    """Nobody has shown yet who asks."""
    CLARIFYING = "clarifying"
    """Something was missing, and the person was asked for it."""
    IN_CHECK = "in_check"
    """What was reported is being checked; the data is blocked meanwhile (shop-20)."""
    DECIDED = "decided"
    """Granted; what is to be done is not planned yet."""
    PLANNED = "planned"
    WAITING_APPROVAL = "waiting_approval"
    EXECUTING = "executing"
    RESCANNING = "rescanning"
    """It was done; every system is looked through again before anything is called complete."""
    ANSWERED = "answered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn_by_person"
    DUPLICATE = "duplicate_of"
    """It went on as part of an earlier request of the same person."""
    CLOSED = "closed"
    """Its own term is over: what was written in it is destroyed."""


class Ground(StrEnum):
    """What a person says is wrong with the data (travel-39, shop-20)."""

    NONE = ""
    INCOMPLETE = "incomplete"
    OUTDATED = "outdated"
    INACCURATE = "inaccurate"
    UNLAWFUL = "unlawful"
    NOT_NEEDED = "not-needed"


class Proof(StrEnum):
    """How it was shown who asks."""

    NONE = ""
    CONTACT = "contact"
    """The mail server vouches for the address, and it is on file; or a link that only its owner has."""
    CODE = "code"
    SESSION = "session"
    DOCUMENT = "document"
    """A document was shown to staff; its number is not kept."""
    SIGNATURE = "signature"
    AUTHORITY = "authority"
    """An authority asks, with a document of its own."""


class Refusal(StrEnum):
    """Why a request is refused: a closed list, told to the person in words (94-V 25(2)(7))."""

    IDENTITY_UNPROVEN = "identity-unproven"
    AUTHORITY_UNPROVEN = "authority-unproven"
    OUT_OF_SCOPE = "out-of-scope"
    DOCUMENTS_MISSING = "documents-missing"
    NOT_CONFIRMED = "not-confirmed"
    LEGAL_RETENTION = "legal-retention"
    OPEN_OBLIGATION = "open-obligation"
    RIGHTS_OF_OTHERS = "rights-of-others"
    VEXATIOUS = "vexatious"
    NOTHING_ON_FILE = "nothing-on-file"
    LAW_FORBIDS = "law-forbids"
    UNFOUNDED = "unfounded"
    CONTENT_MISSING = "content-missing"
    DATA_DESTROYED = "data-destroyed"


class PauseReason(StrEnum):
    """Why a clock may stand still; a law pack names which of these it knows."""

    IDENTITY = "identity"
    DOCUMENTS = "documents"
    CONTENT = "content"


class ExtensionReason(StrEnum):
    """Why more time is taken, where the law gives it (GDPR 12(3))."""

    COMPLEX = "complex"
    MANY = "many-requests"


AuthorityKind = Literal["parent", "guardian", "power-of-attorney", "advocate", "heir"]
"""By what right somebody asks for another person."""

Stage = Literal["act", "answer", "execute"]
"""What a clock is about: to do at once what binds, to answer, to carry out what was decided."""


class Limit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One term that runs for a request, as it was when the request came."""

    source: Literal["law", "policy"]
    ref: str
    """Clock of the law pack, or place in the policy."""
    term: str
    due: int
    article: str = ""
    start: Literal["next-day", "moment"] = "next-day"
    roll: bool = True
    least_working: int = 0
    extension: str = ""
    pauses: tuple[str, ...] = ()


class Deadline(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something to be done in time; the strictest limit is the first. Times are microseconds since 1970 UTC."""

    stage: Stage
    since: int
    limits: tuple[Limit, ...]
    met_at: int = 0

    @property
    def due(self) -> int:
        """When it is too late."""
        return self.limits[0].due


class Pause(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A time in which the clocks that know its reason stood still; ``until`` 0: they still do."""

    reason: PauseReason
    since: int
    until: int = 0


class Extension(msgspec.Struct, frozen=True, kw_only=True):
    """More time, why, and when the person was told."""

    reason: ExtensionReason
    at: int


class OneTime(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A one-time code that is out: its keyed digest, never itself."""

    digest: bytes
    salt: bytes
    until: int
    sent: int
    """How many codes this request has had."""
    tries: int = 0
    contact: str = ""
    """Kind of the contact that it went to."""
    long: bool = False
    """Whether it is too long to be guessed."""


class Represented(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody asks for the person; the papers and dates behind it lie sealed."""

    by: AuthorityKind
    paper: str = ""
    kinds: tuple[str, ...] = ()
    """What the paper allows; empty: everything."""
    checked_by: str = ""


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was decided and by whom."""

    granted: bool
    by: str
    at: int
    reasons: tuple[Refusal, ...] = ()


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happens here, in the vault and at the gate, to a category, field or purpose. Counts and codes, no values."""

    place: str
    act: Literal["export", "correct", "delete", "keep", "stop"]
    rows: int = 1
    because: str = ""
    """Why it stays: the place in the policy where the act of law is named."""
    until: str = ""
    """Until when it stays, ISO date."""


class Planned(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be done, system by system, before anything is touched."""

    by: str
    at: int
    digest: str
    wish: Literal["read", "correct", "erase", "stop"]
    here: tuple[Line, ...] = ()
    systems: tuple[Plan, ...] = ()
    """The operator's own systems, in the order in which they are worked on; what is here comes after them."""
    reads: tuple[Found, ...] = ()
    """For requests that are answered by telling: what is where."""
    people: int = 1
    held: tuple[str, ...] = ()
    """Numbers of the person's claims that are open: what they are about may not be destroyed meanwhile."""

    @property
    def problems(self) -> tuple[str, ...]:
        """What stands in the way: ``system: code``."""
        found = [
            f"{one.system}: {problem.code}" for one in self.systems for problem in one.problems if problem.blocking
        ]
        found += [f"{one.system}: several_people" for one in self.reads if one.ambiguous]
        return (*found, *(f"claim open: {number}" for number in self.held))

    @property
    def unreached(self) -> tuple[str, ...]:
        """Tables that nobody could look into: ``system.table``."""
        planned = [f"{one.system}.{lost.table}" for one in self.systems for lost in one.not_reached]
        found = [f"{one.system}.{lost.table}" for one in self.reads for lost in one.not_reached]
        return (*planned, *found)

    @property
    def rows(self) -> int:
        """Rows that change."""
        return sum(one.rows for one in self.systems) + sum(one.rows for one in self.here if one.act != "keep")

    @property
    def destroys(self) -> bool:
        """Whether something is gone for ever afterwards."""
        gone = (Act.DELETE, Act.BLANK, Act.DEPERSONALISE)
        theirs = any(step.act in gone for one in self.systems for step in one.steps)
        return theirs or any(one.act == "delete" for one in self.here)


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """The second person's word on a plan."""

    by: str
    at: int
    digest: str


class Done(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one of the operator's systems, and what a look afterwards still found."""

    system: str
    at: int
    receipt: Receipt | None = None
    rescan: Rescan | None = None
    rows: int = 0
    """For exports: how many rows were told."""

    @property
    def waits(self) -> bool:
        """Whether somebody or something there has still to do it."""
        return self.receipt is not None and self.receipt.state is WAITING


class Here(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of the plan in the vault and at the gate."""

    at: int
    lines: tuple[Line, ...] = ()
    entries: tuple[str, ...] = ()
    """Entries of the log that prove it."""
    erasures: tuple[Erasure, ...] = ()
    """What was destroyed, with the signed proof of it."""


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A sealed part of a request: text, scan, authority, evidence, answer. Chunks, size in bytes, media type."""

    id: str
    what: str
    media: str
    size: int
    chunks: int
    at: int


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request of a person. Ids, codes, counts and times alone. Times are microseconds since 1970 UTC."""

    number: str
    holder: str
    """Whose key its sealed parts are under: the request's own."""
    kind: Kind
    way: Way
    state: State
    received_at: int
    opened_at: int
    language: Language
    policy: int
    token: bytes
    """Digest of the secret with which the person looks at its state."""
    subject: str = ""
    """The person, once it is shown who asks."""
    claimed: tuple[str, ...] = ()
    """Whom the identifiers given would mean; nothing follows from it until it is shown who asks."""
    linked: tuple[str, ...] = ()
    """Further records of the same person (merged people)."""
    ground: Ground = Ground.NONE
    because: str = ""
    """Why the operator destroys of its own accord: one of the vault's reasons."""
    purposes: tuple[str, ...] = ()
    consumer: bool = True
    proof: Proof = Proof.NONE
    proven_at: int = 0
    proven_by: str = ""
    reachable: bool = False
    """Whether there is an address to answer to."""
    code: OneTime | None = None
    represented: Represented | None = None
    deceased: bool = False
    missing: tuple[str, ...] = ()
    """What the person was asked for."""
    deadlines: tuple[Deadline, ...] = ()
    pauses: tuple[Pause, ...] = ()
    extension: Extension | None = None
    blocked: bool = False
    """Whether this request had the data blocked for the time of its check."""
    decision: Decision | None = None
    plan: Planned | None = None
    approval: Approval | None = None
    order: str = ""
    done: tuple[Done, ...] = ()
    here: Here | None = None
    kept_in: str = ""
    """Box of what stays by law of an erased person."""
    chosen: dict[str, tuple[str, ...]] = {}
    """System → digests of the people who are meant, where several match."""
    trouble: str = ""
    """Code of what keeps it from going on."""
    joined: str = ""
    """Number of the request that it became part of."""
    papers: tuple[Paper, ...] = ()
    reminded: tuple[str, ...] = ()
    answered_at: int = 0
    closed_at: int = 0
    keep_until: int = 0
    answers_in: str = ""
    """Box of what was told or searched by: the person's data, destroyed with the person and not with the request."""
    answer_token: bytes = b""
    """Digest of the secret that opens the answer; it was written to the proven address alone."""
    answer_until: int = 0
    """When that secret ends."""
    assigned: str = ""
    """Account of whoever of the staff has taken it on."""

    @property
    def due(self) -> int:
        """The next moment after which something is too late; 0 if nothing runs."""
        return min((one.due for one in self.deadlines if not one.met_at), default=0)

    @property
    def paused(self) -> bool:
        """Whether a clock stands still now."""
        return any(not one.until for one in self.pauses)


class Trace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was done or written about a request: its entry in the log, or the message that went out."""

    id: str
    """Of the entry, or of the message."""
    at: int
    act: str = ""
    """The act, of an entry."""
    template: str = ""
    """The template, of a message."""
    actor: str = ""
    refused: bool = False
    codes: tuple[str, ...] = ()
    count: int = 0
    staff: bool = False
    """Whether the message went to the operator's own people."""


class Attached(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that comes with a request: it is sealed at once."""

    what: Literal["letter", "scan", "authority", "evidence", "signature"]
    media: str
    content: bytes


class For(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whoever asks for another person, by what right, and until when (ISO date)."""

    by: AuthorityKind
    until: str = ""
    born: str = ""
    """For a child: its date of birth, which decides who may speak for it."""
    kinds: tuple[Kind, ...] = ()
    """What the paper allows; empty: everything."""


class Opening(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request as it comes in. What is personal in it is sealed before anything is kept."""

    kind: str
    way: Way = Way.API
    language: Language = "ru"
    subject: str = ""
    """The person's id, where the caller knows who asks: a signed-in session, the operator's own system."""
    identifiers: dict[str, str] = {}
    """By what to find the person: ``email``, ``phone``, ``iin`` or a declared ``category.field``."""
    name: dict[str, str] = {}
    """``family``, ``given``, ``patronymic`` as stated."""
    reply_to: str = ""
    """E-mail or postal address for the answer."""
    text: str = ""
    ground: Ground = Ground.NONE
    purposes: tuple[str, ...] = ()
    """For withdrawals and objections: what they are about, as consents are written; empty is all."""
    changes: dict[str, str] = {}
    """For corrections: ``category.field`` and the value that is right."""
    received_at: str = ""
    """When it came, RFC 3339, if it came before it was entered: letters."""
    authenticated: bool | None = None
    """For e-mail: whether a mail server that we trust vouches for the sender's address."""
    representative: For | None = None
    consumer: bool = True
    """Whether the person bought as a consumer: the law gives their claims a shorter term."""
    attached: tuple[Attached, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What whoever asked is told; nothing in it depends on whether the person is known."""

    number: str
    token: str
    due: int
    says: str
    """The clock in words, in the language of the request."""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Whether an attempt to show who one is came out right; the reason is the same for all that fail."""

    ok: bool
    left: int = 0
    """Tries that are left."""


msgspec.json.Decoder(Opening)  # msgspec learns them now, in one thread: see law/reading.py
msgspec.msgpack.Decoder(Request)
