"""The contract between the rights of a person and the operator's own systems, and the facts that cross it.

Every system that holds data of people is behind one :class:`Connector`: a database, a webhook of an own system, files,
a task for a named person. The verbs follow one another::

    look       may it be reached, and does the map still fit it?
    find       how many rows of this person are where, by which path; do several people match?
    export     the rows themselves, in pages
    plan       what will happen to each table; everything that could go wrong is met here, before anything is touched
    execute    carry out a plan, once, whatever dies meanwhile
    rescan     look again for everything that says who the person is; what is left, and what nobody could look into

Only :class:`Page` and what goes in (:class:`Wish`, identifiers) hold values of people. All other records hold names of
tables and columns, counts, codes and keyed digests, so that they may be stored in orders, shown and logged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Protocol, TypeAlias, TypeVar, runtime_checkable

import msgspec
from msgspec.structs import replace

from senim.languages import Language, Said, Text, in_words

Identifiers: TypeAlias = Mapping[str, tuple[str, ...]]
"""What a person is found by: kind → values. Kinds are ``email``, ``phone``, ``iin`` and the locators that maps declare
(a booking number). Never stored by a connector, never written to a log."""

PAGE_ROWS = 500
"""Most rows in a page of an export."""

PAGE_BYTES = 4 * 1024 * 1024
"""About how much a page holds; a longer value comes in pieces."""


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A record of this contract."""


class Act(StrEnum):
    """What happens to the rows of a table."""

    DELETE = "delete"
    """The rows are removed."""
    BLANK = "blank"
    """Their personal columns are emptied."""
    DEPERSONALISE = "depersonalise"
    """Their personal columns get pseudonyms whose key is thrown away."""
    CORRECT = "correct"
    """Their columns get the right values."""
    DETACH = "detach"
    """Rows of others stop referring to rows that are removed."""
    KEEP = "keep"
    """They stay as they are: a law requires it, or others need them."""


class WishKind(StrEnum):
    """What is to be done with a person's data."""

    ERASE = "erase"
    CORRECT = "correct"
    DEPERSONALISE = "depersonalise"


class Wish(Fact, frozen=True, kw_only=True):
    """What is to be done. ``changes`` holds values: a wish to correct is not stored in clear."""

    kind: WishKind
    changes: Mapping[str, str] = msgspec.field(default_factory=dict)
    """For ``correct``: field (``contact.email``, as the map calls it) → the right value; empty: none any more."""
    people: tuple[str, ...] = ()
    """Digests of :class:`Person` that are meant, chosen by somebody where several match. Empty: whoever matches, and
    a plan that says so if that is not certain."""


class Trouble(StrEnum):
    """The stable words of what stands in the way, or should be known. ``locales/troubles.toml`` has the texts."""

    # the system
    UNREACHABLE = "unreachable"
    ADDRESS_MISSING = "address_missing"
    GRANT_MISSING = "grant_missing"
    SECRET_WRONG = "secret_wrong"  # noqa: S105  # the name of a trouble
    NOT_TRANSACTIONAL = "not_transactional"
    PAST_KEPT = "past_kept"
    INDEX_MISSING = "index_missing"
    ANSWER_WRONG = "answer_wrong"
    LINES_BROKEN = "lines_broken"
    # the map against the system
    TABLE_GONE = "table_gone"
    TABLE_NOT_MAPPED = "table_not_mapped"
    COLUMN_GONE = "column_gone"
    COLUMN_NOT_MAPPED = "column_not_mapped"
    TYPE_CHANGED = "type_changed"
    KEY_CHANGED = "key_changed"
    REFERENCE_NOT_MAPPED = "reference_not_mapped"
    NOBODY_LEADS_HERE = "nobody_leads_here"
    # who is meant
    NOT_SEARCHABLE = "not_searchable"
    SEVERAL_PEOPLE = "several_people"
    CONTRADICTION = "contradiction"
    PEOPLE_CHANGED = "people_changed"
    # what would go wrong
    NOT_NULL = "not_null"
    UNIQUE = "unique"
    CHECK = "check"
    TOO_LONG = "too_long"
    VALUE_WRONG = "value_wrong"
    KEY_IS_PERSONAL = "key_is_personal"
    SHARED = "shared"
    REFERRED_TO = "referred_to"
    CASCADE = "cascade"
    NEEDED = "needed"
    FIELD_NOWHERE = "field_nowhere"
    KEEP_UNDATED = "keep_undated"
    # what could not be looked into
    NOT_READABLE = "not_readable"
    BINARY = "binary"
    NOT_SEARCHED = "not_searched"
    WAITS_FOR_PERSON = "waits_for_person"


class Problem(Fact, frozen=True, kw_only=True):
    """Something that stands in the way (``blocking``), or should be known. ``where`` is a table or ``table.column``."""

    code: Trouble
    where: str = ""
    detail: Said = ""
    """More, without a value of a person: names and numbers as they are, or words."""
    remedy: Said = ""
    """A text is to be typed as it stands: a GRANT, an index, a line of the map. Words say what else is to be done."""
    blocking: bool = False

    def in_(self, language: Language) -> Problem:
        """The same with its words in ``language``, for who reads no hints."""
        return replace(self, detail=in_words(self.detail, language), remedy=in_words(self.remedy, language))


class NotReached(Fact, frozen=True, kw_only=True):
    """A table, or columns of one, that nobody could look into, and why."""

    table: str
    why: Trouble
    columns: tuple[str, ...] = ()


class Reach(Fact, frozen=True, kw_only=True):
    """Whether a system is reached and its map fits it."""

    system: str
    reachable: bool
    version: str = ""
    """What the system says it is, e.g. ``PostgreSQL 16.4``."""
    map: str = ""
    """Digest of the map."""
    problems: tuple[Problem, ...] = ()
    """Grants that are missing (``remedy`` is the statement to give), drift against the map, tables outside the map
    that seem personal, indexes that a search lacks."""

    @property
    def ready(self) -> bool:
        """Whether plans can be made and carried out."""
        return self.reachable and not any(one.blocking for one in self.problems)


class Person(Fact, frozen=True, kw_only=True):
    """A row that says who somebody is, and matches: one account, one customer."""

    digest: str
    """Keyed digest of its key: the same row has the same digest in every run."""
    table: str
    by: tuple[str, ...]
    """Kinds of identifiers that match."""
    against: tuple[str, ...] = ()
    """Kinds that were given, and that this row has otherwise: perhaps somebody else."""


class FoundRows(Fact, frozen=True, kw_only=True):
    """Rows of the person in one table."""

    table: str
    rows: int
    path: tuple[str, ...]
    """Tables by which they were reached, the table of the person first, this one last."""
    hidden: int = 0
    """How many of them are marked as deleted: still there."""


class Found(Fact, frozen=True, kw_only=True):
    """What is where about a person."""

    system: str
    people: tuple[Person, ...] = ()
    tables: tuple[FoundRows, ...] = ()
    ambiguous: bool = False
    """Several people match, or one whose other identifiers contradict: somebody has to say who is meant."""
    problems: tuple[Problem, ...] = ()
    not_reached: tuple[NotReached, ...] = ()

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(one.rows for one in self.tables)


class Blob(msgspec.Struct, frozen=True, array_like=True, tag="blob"):
    """Stands in a row for a long value, which comes in pieces in pages of its own, right after this page."""

    number: int
    """Counts from 1 in an export."""
    size: int = 0
    """Bytes; of a text, characters. 0: not known before it is read."""


class Page(Fact, frozen=True, kw_only=True):
    """A part of an export: rows of one table, or pieces of one long value. Holds values of the person."""

    table: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    """Values as Python has them: text, numbers, dates, bytes, :class:`Blob` in place of a long one."""
    fields: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Column → field of the policy (``contact.email``), where the map says so."""
    blob: int = 0
    """If not 0: ``pieces`` are the next of this long value."""
    pieces: tuple[bytes | str, ...] = ()
    messages: tuple[Problem, ...] = ()
    done: bool = False
    """Whether this is the last page of the system."""


class Keep(Fact, frozen=True, kw_only=True):
    """Why rows stay, and until when."""

    name: str
    because: Text
    """The act and article, in the words of the map."""
    until: date | None = None
    """The last day on which one of the rows has to stay."""
    trigger: str = ""
    """An event that ends it where no date can be told."""


class Step(Fact, frozen=True, kw_only=True):
    """What will happen, or has happened, to some rows of one table."""

    table: str
    act: Act
    rows: int
    columns: tuple[str, ...] = ()
    """The columns that change; empty: the whole row."""
    keep: Keep | None = None
    because: Trouble | None = None
    """Why rows stay although no law keeps them: others share or need them."""


class Plan(Fact, frozen=True, kw_only=True):
    """What will be done, in this order. Nothing is done while a problem is blocking."""

    system: str
    kind: WishKind
    map: str = ""
    """Digest of the map it was made from: another map needs another plan."""
    people: tuple[str, ...] = ()
    """Digests of the people it is about; should others match when it is carried out, it is refused."""
    chosen: bool = False
    """Whether somebody chose these people among several."""
    fields: tuple[str, ...] = ()
    """Fields to be corrected; the values are given again when it is carried out."""
    steps: tuple[Step, ...] = ()
    problems: tuple[Problem, ...] = ()
    not_reached: tuple[NotReached, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether nothing stands in the way."""
        return not any(one.blocking for one in self.problems)

    @property
    def rows(self) -> int:
        """Rows that change."""
        return sum(one.rows for one in self.steps if one.act is not Act.KEEP)


class State(StrEnum):
    """How far an execution is."""

    DONE = "done"
    WAITING = "waiting"
    """A system that answers later, or a person who has to do it: execute the same order again to ask."""


class Receipt(Fact, frozen=True, kw_only=True):
    """What was done for an order. ``complete`` is never said here: that takes a re-scan."""

    system: str
    order: str
    state: State = State.DONE
    steps: tuple[Step, ...] = ()
    repeated: bool = False
    """Whether an earlier run of the same order had done it; this is what that run told."""
    remembered: bool = True
    """Whether the system itself remembers the order. If not, a repeated run finds nothing left to do and tells that."""
    problems: tuple[Problem, ...] = ()
    not_reached: tuple[NotReached, ...] = ()
    evidence: str = ""
    """For systems worked by hand, what shows it: a paper of the request, or a place in the archive."""


class Left(Fact, frozen=True, kw_only=True):
    """Rows of a table in whose column something that says who the person is was found again."""

    table: str
    column: str
    rows: int
    mapped: bool
    """Whether the map knows this column as personal."""
    keep: Keep | None = None
    """Why these rows stay, if that is why they are still there."""
    because: Trouble | None = None


class Rescan(Fact, frozen=True, kw_only=True):
    """What is found when everything is searched again."""

    system: str
    left: tuple[Left, ...] = ()
    searched: int = 0
    """Tables that were searched."""
    not_reached: tuple[NotReached, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether nothing is left but what has to stay. Tables that were not reached are told beside it."""
        return all(one.keep or one.because for one in self.left)

    @property
    def complete(self) -> bool:
        """Whether nothing is left and everything was looked into."""
        return self.clean and not self.not_reached


_Telling = TypeVar("_Telling", Reach, Found, Plan, Receipt)


def worded(telling: _Telling, language: Language) -> _Telling:
    """The same with the words of its problems in ``language``, for who reads no hints."""
    return replace(telling, problems=tuple(one.in_(language) for one in telling.problems))


@runtime_checkable
class Connector(Protocol):
    """A system that holds data of people. Verbs raise Unavailable if it is not reached; nothing is half done then."""

    @property
    def name(self) -> str:
        """Its name in the operator's folder."""

    def look(self) -> Reach:
        """Whether it is reached, what is missing, where the map does not fit. A system that is down is told too."""

    def find(self, who: Identifiers) -> Found:
        """What is where about a person. Empty for identifiers that nobody has; nothing tells them apart from others."""

    def export(self, who: Identifiers, *, people: tuple[str, ...] = ()) -> Iterator[Page]:
        """The person's rows, page by page, in flat memory; the last page is ``done``. ``people`` as in a wish.

        Raises Held (several_found) if several people match and none is chosen.
        """

    def plan(self, who: Identifiers, wish: Wish) -> Plan:
        """What would happen, and all that stands in the way. Touches nothing."""

    def execute(self, plan: Plan, who: Identifiers, *, order: str, changes: Mapping[str, str] | None = None) -> Receipt:
        """Carry out a plan in one transaction; the same ``order`` again gives the first result.

        ``changes`` repeats the values of a wish to correct, which no plan holds. Raises Held (changed_meanwhile) if map
        or people are no longer those of the plan, NotAllowed if the plan is not ready or a grant is missing.
        """

    def rescan(self, who: Identifiers, *, people: tuple[str, ...] = ()) -> Rescan:
        """What can still be found, in columns that the map forgot too, and which tables could not be looked into.

        ``people`` are the digests whose rows were to go; rows of other people who share an identifier are told as
        theirs (``several_people``).
        """
