"""How far files of people are taken in. A file is known by a keyed digest of what it holds, never by its content."""

from __future__ import annotations

from sqlalchemy import bindparam, literal_column, select

from senim.collection.records import Progress, Refusal
from senim.identity import LANES
from senim.storage import Database, Unit, delete, guard, insert, main_metadata, query, upsert
from senim.storage.tables import blob, lane, number, table, word

files = table(
    main_metadata,
    "import_file",
    lane(),
    blob("file", key=True),
    blob("name"),
    number("next_line"),
    number("taken"),
    number("refused"),
    number("begun_at"),
    number("ended_at"),
)
refused = table(
    main_metadata,
    "import_refused",
    lane(),
    blob("file", key=True),
    number("line", key=True),
    word("code"),
    word("field"),
)

_INSERT = insert(files)
_PUT = upsert(files)
_GUARD = guard(files, "next_line", "begun_at", "ended_at")
_FIND = query(select(files).where(files.c.lane == bindparam("lane"), files.c.file == bindparam("file")))
_CUT = query(select(files).where(files.c.name == bindparam("name"), files.c.ended_at == literal_column("0")))
_DELETE_REFUSED = delete(refused, "lane", "file")  # before the next: in one transaction it goes first
_PUT_REFUSED = upsert(refused)
_REFUSED = query(
    select(refused.c.line, refused.c.code, refused.c.field)
    .where(refused.c.lane == bindparam("lane"), refused.c.file == bindparam("file"))
    .order_by(refused.c.line)
)


def _lane(file: bytes) -> int:
    return file[-1] % LANES


def find(database: Database, file: bytes) -> Progress | None:
    """How far a file is, or None if nothing of it was ever taken in."""
    row = database.one(_FIND, _lane(file), file)
    return _progress(row) if row else None


def cut(database: Database, name: bytes) -> list[Progress]:
    """Files of a name of which lines are left."""
    return [_progress(row) for row in database.read(_CUT, name)]


def _progress(row: tuple[object, ...]) -> Progress:
    _, file, name, *numbers = row
    next_line, taken, refused_, begun_at, ended_at = (int(str(one)) for one in numbers)
    return Progress(
        file=bytes(file),  # type: ignore[call-overload]  # the driver's bytes
        name=bytes(name),  # type: ignore[call-overload]
        next_line=next_line,
        taken=taken,
        refused=refused_,
        begun_at=begun_at,
        ended_at=ended_at,
    )


def put(unit: Unit, new: Progress, old: Progress | None) -> None:
    """Keep how far a file is, if nobody else went on with it since ``old`` was read."""
    key = (_lane(new.file), new.file)
    known = (old.next_line, old.begun_at, old.ended_at) if old else None
    unit.expect(_GUARD, key, known, changes=True)
    row = (*key, new.name, new.next_line, new.taken, new.refused, new.begun_at, new.ended_at)
    unit.add(_PUT if old else _INSERT, *row)


def refuse(unit: Unit, file: bytes, lines: list[Refusal]) -> None:
    """Keep which lines were not taken in."""
    for line, code, field in lines:
        unit.add(_PUT_REFUSED, _lane(file), file, line, code, field)


def forget_refused(unit: Unit, file: bytes) -> None:
    """Forget the lines of an earlier run."""
    unit.add(_DELETE_REFUSED, _lane(file), file)


def refusals(database: Database, file: bytes) -> list[Refusal]:
    """The lines of a file that were not taken in, in order."""
    return [(row[0], row[1], row[2]) for row in database.read(_REFUSED, _lane(file), file)]
