"""What is said in calls and answers. Everything that comes back is checked before it is believed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from senim.connectors.identifiers import NUMBERS, core
from senim.connectors.records import Act, Keep, Problem, Step, Trouble
from senim.languages import Text

Name = Annotated[str, Meta(pattern=r"^[\w][\w .:/-]{0,79}$")]
"""A table or column: it is stored and shown, so no sign of an address may stand in it."""
Count = Annotated[int, Meta(ge=0, le=10**12)]
Cursor = Annotated[str, Meta(max_length=1000)]
_LONGEST = 300
_NOT_DIGIT = re.compile(r"\D")


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What we say."""

    senim: int = 1
    """Version of this form."""
    call: str
    """``look``, ``export``, ``erase``, ``depersonalise`` or ``correct``."""
    order: str = ""
    """What is to be done once: the same order again is answered as the first time."""
    who: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Kind → values, in normal form."""
    people: tuple[str, ...] | None = None
    """Ids, as the system gave them, of those who are meant. null: whoever matches."""
    changes: Mapping[str, str] = msgspec.field(default_factory=dict)
    """For ``correct``: field → right value."""
    next: str = ""
    """Where to go on: what the last answer said."""


class Because(msgspec.Struct, frozen=True, kw_only=True):
    """Why rows stay."""

    table: Name
    because: Text | str = ""
    until: date | None = None
    trigger: Name | None = None

    def keep(self) -> Keep | None:
        """The reason as a plan tells it."""
        if not self.because:
            return None
        text = (
            self.because if isinstance(self.because, Text) else Text(kk=self.because, ru=self.because, en=self.because)
        )
        return Keep(name="law", because=text, until=self.until, trigger=self.trigger or "")


class Rows(Because, frozen=True, kw_only=True):
    """Rows of one table and one person."""

    columns: tuple[Name, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    fields: Mapping[Name, Name] = msgspec.field(default_factory=dict)
    person: str = ""


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who matches, by an id of the system."""

    id: str
    table: Name = "people"
    by: tuple[Name, ...] = ()
    against: tuple[Name, ...] = ()


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be known: a word of the list of troubles."""

    code: Trouble
    where: Name | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What every paged answer has. Neither ``next`` nor ``done``: the system answers later."""

    messages: Annotated[tuple[Message, ...], Meta(max_length=1000)] = ()
    next: Cursor = ""
    done: bool = False


class Looked(Answer, frozen=True, kw_only=True):
    """Answer to ``look``."""

    name: Name
    can: tuple[str, ...] = ("export", "erase")


class Exported(Answer, frozen=True, kw_only=True):
    """Answer to ``export``."""

    tables: tuple[Rows, ...] = ()
    people: Annotated[tuple[Match, ...], Meta(max_length=1000)] = ()
    unsearched: tuple[Name, ...] = ()


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that were changed."""

    table: Name
    rows: Count
    act: Act = Act.DELETE
    columns: tuple[Name, ...] = ()


class Retained(Because, frozen=True, kw_only=True):
    """Rows that stay."""

    rows: Count


class Erased(Answer, frozen=True, kw_only=True):
    """Answer to ``erase``, ``depersonalise`` and ``correct``."""

    removed: tuple[Removed, ...] = ()
    retained: tuple[Retained, ...] = ()
    repeated: bool = False


def problems(messages: Iterable[Message], name: str) -> Iterator[Problem]:
    """Messages as problems that are told."""
    return (Problem(code=one.code, where=one.where or name) for one in messages)


def steps(answer: Erased) -> Iterator[Step]:
    """What was done."""
    for one in answer.removed:
        yield Step(table=one.table, act=one.act, rows=one.rows, columns=one.columns)
    for kept in answer.retained:
        keep = kept.keep()
        yield Step(table=kept.table, act=Act.KEEP, rows=kept.rows, keep=keep, because=None if keep else Trouble.NEEDED)


def words_of(answer: Looked | Exported | Erased) -> Iterator[str]:
    """Every word of an answer that may be stored, shown or logged."""
    yield from (one.where or "" for one in answer.messages)
    if isinstance(answer, Looked):
        yield answer.name
    elif isinstance(answer, Exported):
        yield from answer.unsearched
        yield from (one.table for one in answer.people)
        for rows in answer.tables:
            yield from (rows.table, *rows.columns, *rows.fields.values(), *_reason(rows))
    else:
        yield from (word for one in answer.removed for word in (one.table, *one.columns))
        yield from (word for kept in answer.retained for word in (kept.table, *_reason(kept)))


def _reason(one: Because) -> tuple[str, ...]:
    text = one.because
    return (text,) if isinstance(text, str) else (text.kk, text.ru, text.en)


def tells(words: Iterable[str], who: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether one of these words is too long, or holds what the person is found by."""
    for word in words:
        plain, digits = word.lower(), _NOT_DIGIT.sub("", word)
        if len(word) > _LONGEST:
            return True
        for kind, values in who.items():
            if any((core(kind, one) in digits if kind in NUMBERS else one in plain) for one in values):
                return True
    return False


def fits(answer: Exported) -> bool:
    """Whether each row has a value for each of its columns."""
    return all(len(row) == len(one.columns) for one in answer.tables for row in one.rows)
