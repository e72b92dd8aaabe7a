"""What the pages of one person show: values as the role may see them, what it may not see and why, terms, marks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from senim.audit.records import Entry
from senim.consent import states_of
from senim.errors import Code, NotFound, SenimError
from senim.gate.rules import ends
from senim.policy import Promises
from senim.policy.taxonomy import FILES
from senim.rights import Request
from senim.subjects import Standing
from senim.times import moment
from senim.vault import Document, Told
from senim.web.console import naming
from senim.web.console.guard import look, member, platform, run
from senim.web.console.looking import Look, promises

T = TypeVar("T")
MOST_ENTRIES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value as it is shown; ``text`` is empty for what is needed and not there."""

    reference: str
    name: str
    text: str = ""
    masked: bool = False
    source: str = ""
    at: int = 0
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A category with its values, or why nobody like the reader sees it."""

    id: str
    name: str
    values: tuple[Value, ...] = ()
    closed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """When a purpose ends for a person: a day, or what ends it."""

    purpose: str
    day: datetime | None
    words: str
    stopped: bool


def tried(act: Callable[[], T]) -> tuple[T | None, list[str]]:
    """What an act brings; or the reasons why it was refused, with their clauses."""
    try:
        return act(), []
    except NotFound:
        raise
    except SenimError as refusal:
        return None, naming.reasons(refusal)


def read(one: Look) -> Told:
    """The person's values that the purpose of the look needs; in the log."""
    senim = platform()
    return run(lambda work: senim.vault.read(work, senim.subjects.about(work, one.subject), one.purpose))


def files(one: Look) -> list[Document]:
    """The person's files; that their list was looked at is in the log."""
    senim = platform()
    return run(lambda work: senim.documents.list(work, senim.subjects.about(work, one.subject)))


def groups(one: Look, told: Told) -> list[Group]:
    """Values by category, in the order of the policy; with what may not be seen, and why."""
    now = promises()
    needed = [name for name in now.fields if name in now.needed[one.purpose] and now.fields[name].type not in FILES]
    found: list[Group] = []
    for name in dict.fromkeys(reference.partition(".")[0] for reference in needed):
        title = naming.category(now, name)
        if name in told.withheld:
            found.append(Group(id=name, name=title, closed=_closed(now, name)))
        else:
            mine = (one for one in needed if one.partition(".")[0] == name)
            found.append(Group(id=name, name=title, values=tuple(_value(now, told, reference) for reference in mine)))
    return found


def _closed(now: Promises, name: str) -> str:
    never = now.policy.categories[name].people == "never"
    code = Code.HUMAN_READ_FORBIDDEN if never else Code.ROLE_NOT_ALLOWED
    return naming.ground(now.reason(code, name, f"categories.{name}"))


def _value(now: Promises, told: Told, reference: str) -> Value:
    kept = told.values.get(reference)
    name = naming.category(now, reference)
    if kept is None:
        return Value(reference=reference, name=name)
    return Value(
        reference=reference,
        name=name,
        text=kept.value,
        masked=reference in told.masked,
        source=naming.source(now, kept.source),
        at=kept.at,
        verified=kept.status == "verified",
    )


def elsewhere(one: Look) -> list[str]:
    """Categories that are kept of the person and that the purpose does not need: named, and not opened."""
    now = promises()
    needed = {reference.partition(".")[0] for reference in now.needed[one.purpose]}
    held = platform().vault.held(look(), one.standing)
    return [naming.category(now, name) for name in now.policy.categories if name in held and name not in needed]


def terms(standing: Standing) -> Iterator[End]:
    """When each purpose ends that the person agreed to, or that the law demands."""
    now = promises()
    given = {state.scope.purpose for state in states_of(standing) if state.agreed.given}
    for name, declared in now.policy.purposes.items():
        if declared.basis == "consent" and name not in given:
            continue
        stopped = name in standing.marks.stops or "" in standing.marks.stops
        term = now.term(name)
        happened = standing.marks.events.get(term.until, 0) if term and term.until else 0
        until = max((one.until for one in standing.marks.agreed.get(name, {}).values() if one.given), default=0)
        day = moment(happened or until) if happened or until else ends(now, name, standing)
        yield End(purpose=naming.purpose(now, name), day=day, words=naming.term(term), stopped=stopped)


def entries(standing: Standing) -> tuple[list[Entry], int]:
    """The newest entries of the log about a person, and how many there are."""
    return platform().log.latest_about(standing.subject, MOST_ENTRIES)


def requests(standing: Standing) -> list[Request]:
    """What the person asked for, for who may work on it; the newest first."""
    if not (member().may("request") or member().may("handle")):
        return []
    return sorted(platform().rights.of(platform().database, standing.subject), key=lambda one: -one.received_at)
