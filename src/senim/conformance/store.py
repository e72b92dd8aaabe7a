"""The newest run of each drill."""

from __future__ import annotations

from sqlalchemy import select

from senim.conformance.records import Evidence, Run
from senim.storage import Database, main_metadata, query, upsert
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

_PUT = upsert(runs)
_ALL = query(select(runs))


def put(work: Work, run: Run) -> None:
    """Keep a run in place of the one before; the log keeps them all."""
    work.add(_PUT, run.control, run.version, run.evidence.value, run.detail, micros(run.at))


def everything(database: Database) -> dict[str, Run]:
    """The newest run of each control."""
    found = (Run(row[0], row[1], Evidence(row[2]), row[3], moment(row[4])) for row in database.read(_ALL))
    return {run.control: run for run in found}
