"""The newest run of each drill, and the newest order to run them."""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, select

from senim.conformance.records import Evidence, Run
from senim.errors import Code, Tampered
from senim.languages import from_stored, to_stored
from senim.storage import Database, guard, main_metadata, query, upsert
from senim.storage.statements import Row
from senim.storage.tables import number, table, word
from senim.times import micros, moment
from senim.work import Work

runs = table(
    main_metadata,
    "control_run",
    word("control", key=True),
    number("version"),
    word("evidence"),
    word("detail"),
    number("at"),
)

newest = table(main_metadata, "proof_order", word("kind", key=True), word("id"))

_PUT = upsert(runs)
_ALL = query(select(runs))
_PUT_NEWEST = upsert(newest)
_NEWEST_GUARD = guard(newest, "id")
_NEWEST = query(select(newest.c.id).where(newest.c.kind == bindparam("kind")))


def put(work: Work, run: Run) -> None:
    """Keep a run in place of the one before; the log keeps them all."""
    work.add(_PUT, run.control, run.version, run.evidence.value, to_stored(run.detail), micros(run.at))


def everything(database: Database) -> dict[str, Run]:
    """The newest run of each control. Raises Tampered (storage_corrupt) if a row is not as it was written."""
    return {row[0]: _run(row) for row in database.read(_ALL)}


def _run(row: Row) -> Run:
    try:
        return Run(row[0], row[1], Evidence(row[2]), from_stored(row[3]), moment(row[4]))
    except (msgspec.DecodeError, ValueError) as error:
        raise Tampered(Code.STORAGE_CORRUPT, "control_run") from error


def newest_order(database: Database, kind: str) -> str:
    """The id of the newest order of a kind; empty if there was none."""
    row = database.one(_NEWEST, kind)
    return row[0] if row else ""


def put_newest(work: Work, kind: str, *, old: str, new: str) -> None:
    """An order is the newest one now, if nobody placed another meanwhile."""
    work.expect(_NEWEST_GUARD, (kind,), (old,) if old else None, changes=True)
    work.add(_PUT_NEWEST, kind, new)
