"""Tasks for people. A task lies in the lane of the person it is about, whose keyed digest its id begins with."""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy import bindparam, literal_column, select

from senim.identity import LANES
from senim.storage import Database, guard, insert, main_metadata, query, update
from senim.storage.statements import Row
from senim.storage.tables import blob, lane, number, table, word
from senim.work import Work

tasks = table(
    main_metadata,
    "manual_task",
    lane(),
    blob("id", key=True),
    word("system"),
    word("part_of"),
    word("wish"),
    word("role"),
    blob("holder"),
    blob("sealed"),
    word("state"),
    number("made_at"),
    number("done_at"),
    word("done_by"),
    word("evidence"),
    number("row_count"),
)


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person has to do in a system that no program reaches. Holds no value of anybody."""

    id: str
    """32 hex digits."""
    system: str
    """The system."""
    of: str
    """The order it is part of."""
    wish: str
    """What is to be done: erase, correct, depersonalise."""
    role: str
    """Who does it."""
    state: Literal["open", "done"] = "open"
    """How far it is."""
    made_at: int = 0
    """When, in microseconds since 1970 UTC."""
    done_at: int = 0
    """When it was done; 0 before."""
    done_by: str = ""
    """Who did it: kind and id, never a name."""
    evidence: str = ""
    """What shows it: the id of the scan that is sealed with the request, or the paper's place in the archive."""
    rows: int = 0
    """How many records were there, as the person told."""


_ALL = select(tasks)
_FIND = query(_ALL.where(tasks.c.lane == bindparam("lane"), tasks.c.id == bindparam("id")))
_OF = query(
    _ALL.where(tasks.c.lane == bindparam("lane"), tasks.c.id >= bindparam("low"), tasks.c.id < bindparam("high"))
)
_OPEN = query(_ALL.where(tasks.c.state == literal_column("'open'")))
_EVERY = query(_ALL)
_INSERT = insert(tasks)
_DONE = update(tasks, "state", "done_at", "done_by", "evidence", "row_count")
_GUARD = guard(tasks, "state")
PERSON = 8
"""Bytes of an id that stand for the person."""


def _key(task_id: str) -> tuple[int, bytes]:
    raw = bytes.fromhex(task_id)
    return raw[PERSON - 1] % LANES, raw


def _task(row: Row) -> Task:
    return Task(
        id=bytes(row[1]).hex(),
        system=row[2],
        of=row[3],
        wish=row[4],
        role=row[5],
        state=row[8],
        made_at=row[9],
        done_at=row[10],
        done_by=row[11],
        evidence=row[12],
        rows=row[13],
    )


def find(database: Database, task_id: str) -> Task | None:
    """A task, or None."""
    row = database.one(_FIND, *_key(task_id))
    return _task(row) if row else None


def box(database: Database, task_id: str) -> tuple[str, bytes]:
    """The box of a task, and what is sealed in it."""
    row = database.one(_FIND, *_key(task_id))
    return (bytes(row[6]).hex(), bytes(row[7])) if row else ("", b"")


def about(database: Database, person: bytes) -> list[Task]:
    """All tasks about a person, by the first bytes of their ids; the newest last."""
    high = (int.from_bytes(person, "big") + 1).to_bytes(PERSON + 1, "big")[-PERSON:]
    rows = database.read(_OF, person[-1] % LANES, person + bytes(PERSON), high + bytes(PERSON))
    return sorted(map(_task, rows), key=lambda one: one.made_at)


def every(database: Database, *, done: bool) -> list[Task]:
    """Tasks, those that are done only if wanted; the oldest first."""
    return sorted(map(_task, database.read(_EVERY if done else _OPEN)), key=lambda one: (one.made_at, one.id))


def add(work: Work, task: Task, holder: str, sealed: bytes) -> None:
    """Keep a new task, if there is none of its id."""
    key = _key(task.id)
    work.expect(_GUARD, key, None, changes=True)
    row = (task.system, task.of, task.wish, task.role, bytes.fromhex(holder), sealed, task.state)
    work.add(_INSERT, *key, *row, task.made_at, task.done_at, task.done_by, task.evidence, task.rows)


def finish(work: Work, task: Task) -> None:
    """Keep that an open task is done."""
    key = _key(task.id)
    work.expect(_GUARD, key, ("open",), changes=True)
    work.add(_DONE, task.state, task.done_at, task.done_by, task.evidence, task.rows, *key)
