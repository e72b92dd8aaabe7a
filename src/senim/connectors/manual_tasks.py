"""Tasks that people do by hand: made by an order, read and finished by their role, with evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from senim.connectors import manual_store as store
from senim.connectors.manual_store import Task
from senim.consent.rules import is_archive
from senim.errors import Code, Held, Invalid, NotAllowed, NotFound
from senim.identity import RESPONSIBLE, SYSTEM, SubjectId, is_id
from senim.languages import Hint
from senim.storage import Database
from senim.vault import Boxes
from senim.work import Work, Works

MADE, READ, DONE = "task.made", "task.read", "task.done"
MOST_ROWS = 10**9

KeepScan = Callable[[Work, str, str, bytes], str]
"""Seals a scan with what an order is part of: order, media type and content in, the id of the paper out."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a task is about, and the values to be set: sealed until it is done."""

    who: dict[str, tuple[str, ...]]
    """Kind → values."""
    changes: dict[str, str] = msgspec.field(default_factory=dict)
    """Field → right value."""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(About).decode


class Tasks:
    """All tasks of an operator."""

    def __init__(self, works: Works, boxes: Boxes, *, keep_scan: KeepScan) -> None:
        self._works = works
        self._boxes = boxes
        self._keep_scan = keep_scan

    @property
    def database(self) -> Database:
        """Where they are kept."""
        return self._works.database

    def ask(self, person: bytes, task: Task, about: About) -> Task:
        """The task of an order: made if there is none yet, else as far as it is. ``task`` has no id yet."""
        mark = hashlib.sha256(f"{task.system}\n{task.of}".encode()).digest()[: store.PERSON]
        task = replace(task, id=(person + mark).hex())

        def act(work: Work) -> Task:
            known = store.find(work.database, task.id)
            if known is not None:
                return known
            holder = self._boxes.holder(work)
            made = replace(task, made_at=work.at)
            store.add(work, made, holder, self._boxes.seal(work, holder, f"task {task.id}", _encode(about)))
            work.record(MADE, ref=task.id, reason=task.wish)
            return made

        return self._works.run(SYSTEM, act)

    def of_person(self, person: bytes, system: str) -> Task | None:
        """The newest task about a person in a system."""
        return next((one for one in reversed(store.about(self.database, person)) if one.system == system), None)

    def list(self, database: Database, *, done: bool = False) -> list[Task]:
        """Tasks that are open, or all."""
        return store.every(database, done=done)

    def find(self, database: Database, task_id: str) -> Task:
        """A task. Raises NotFound."""
        found = store.find(database, task_id) if is_id(task_id) else None
        if found is None:
            raise NotFound(Code.NOT_FOUND, "task")
        return found

    def read(self, work: Work, task_id: str) -> tuple[Task, About]:
        """A task, and whom it is about; that somebody looked is in the log.

        Raises NotAllowed for another role, NotFound once it is done: nobody needs to know any more.
        """
        work.attempt(READ, ref=task_id if is_id(task_id) else None)
        task = self._mine(work, task_id)
        holder, sealed = store.box(work.database, task_id)
        about = _decode(self._boxes.open(work, SubjectId(holder), f"task {task_id}", sealed))
        work.record(READ, ref=task_id)
        return task, about

    def done(
        self, work: Work, task_id: str, *, archive: str = "", scan: bytes = b"", media: str = "", rows: int = 0
    ) -> Task:
        """Say that a task is done and nothing is left there, and what shows it.

        That is a ``scan``, which is sealed with the request, or a paper that is told by its place in the ``archive``.
        What was sealed with the task can be opened no more. Raises Invalid (evidence_missing, body_too_large),
        NotAllowed, Held (if done), NotFound if the task is part of no request.
        """
        work.attempt(DONE, ref=task_id if is_id(task_id) else None)
        task = self._mine(work, task_id)
        if bool(scan) == bool(archive) or (archive and not is_archive(archive)):
            raise Invalid(Code.EVIDENCE_MISSING, "archive", hint=Hint("archive-place"))
        if not 0 <= rows <= MOST_ROWS:
            raise Invalid(Code.INVALID_VALUE, "rows")
        if task.state == "done":
            raise Held(Code.ORDER_STATE, task_id)
        evidence = archive or self._keep_scan(work, task.of, media, scan)
        ended = replace(task, state="done", done_at=work.at, done_by=work.actor.label, evidence=evidence, rows=rows)
        store.finish(work, ended)
        work.record(DONE, ref=task_id, reason=task.wish, count=rows)
        holder, _ = store.box(work.database, task_id)
        self._boxes.destroy(work, SubjectId(holder))
        return ended

    def _mine(self, work: Work, task_id: str) -> Task:
        task = self.find(work.database, task_id)
        if work.actor.role not in (task.role, RESPONSIBLE):
            raise NotAllowed(Code.ROLE_NOT_ALLOWED, f"{work.actor.role}: {task.role}")
        return task
