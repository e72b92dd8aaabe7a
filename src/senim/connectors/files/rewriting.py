"""Writes one file anew: first a look at what would change and how the new file will be, then the very same again."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from senim.connectors.files.joining import used_of
from senim.connectors.files.lines import Format, Row, encoded, is_packed
from senim.connectors.files.reading import gone, not_told
from senim.connectors.files.staying import Fates
from senim.connectors.records import Act, Keep, Problem, Step, Trouble
from senim.errors import Code, Held
from senim.languages import Hint

_PIECE = 256 * 1024
_NAMELESS = (Act.BLANK, Act.DEPERSONALISE)
"""Acts after which a row stays, and must not say whose it was."""
_Kind = tuple[Act, tuple[str, ...], Keep | None, Trouble | None]


@dataclass(slots=True)
class Survey:
    """What would change in a file, and the file that would come of it."""

    steps: tuple[Step, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    digest: str = ""
    size: int = 0

    @property
    def changes(self) -> bool:
        """Whether the file has to be written."""
        return any(one.act is not Act.KEEP for one in self.steps)


def survey(fates: Fates, name: str, version: str = "") -> Survey:
    """Look through a file. Nothing is written."""
    found, table = Survey(), fates.mine.files.table(name)
    digest, counts = hashlib.sha256(), dict[_Kind, int]()
    try:
        for piece in _packed(name, _rows(fates, name, version, found, counts)):
            digest.update(piece)
            found.size += len(piece)
    except UnicodeEncodeError:
        found.problems.append(Problem(code=Trouble.VALUE_WRONG, where=table, blocking=True))
    found.digest = digest.hexdigest()
    found.steps = tuple(
        Step(table=table, act=act, rows=rows, columns=columns, keep=keep, because=because)
        for (act, columns, keep, because), rows in counts.items()
    )
    return found


@dataclass(frozen=True, slots=True)
class Rewriting:
    """The new content of a file that was surveyed. Raises Held (changed_meanwhile) if it comes out otherwise."""

    fates: Fates
    name: str
    version: str
    found: Survey

    def __call__(self) -> Iterator[bytes]:
        """The content, a piece at a time."""
        digest = hashlib.sha256()
        last = b""
        for piece in _packed(self.name, _rows(self.fates, self.name, self.version, Survey(), {})):
            digest.update(piece)
            yield last
            last = piece
        if digest.hexdigest() != self.found.digest:  # before the last piece: nothing that is short replaces anything
            raise Held(Code.CHANGED_MEANWHILE, hint=Hint("file-changed"))
        yield last


def _rows(fates: Fates, name: str, version: str, found: Survey, counts: dict[_Kind, int]) -> Iterator[bytes]:
    """The rows of the new file; what happens to them is counted."""
    mine, broken, untold = fates.mine, 0, dict[str, None]()
    table, entry = mine.files.table(name), mine.files.of(name)
    used = tuple(used_of(mine.files.map, table))
    with mine.files.reading(name, version) as (encoding, form, rows):
        for row in rows:
            if row.plain and not broken and not found.problems:
                found.problems += gone(table, entry, form, used)
            broken += row.cells is None and not row.plain
            cells = row.cells
            fate = fates.of(table, cells) if cells is not None else None
            if fate is not None:
                untold.update(dict.fromkeys(cells or ()) if fate.act in _NAMELESS else {})
                kind = (fate.act, tuple(sorted(fate.changes)), fate.keep, fate.because)
                counts[kind] = counts.get(kind, 0) + 1
            if fate is None or fate.act is not Act.DELETE:
                yield encoded(_written(form, row, fate.changes if fate else {}), encoding)
    mine.broken[name] = broken
    found.problems += [_untold(table, one) for one in not_told(mine.files.map, table, untold)]
    if name in mine.files.unreadable:
        found.problems.append(Problem(code=Trouble.LINES_BROKEN, where=table, blocking=True))


def _untold(table: str, column: str) -> Problem:
    """A column that nobody looked at may be personal: rows that stay do not keep it in silence."""
    remedy = Hint("map-column", column=column, table=table)
    return Problem(code=Trouble.COLUMN_NOT_MAPPED, where=f"{table}.{column}", remedy=remedy, blocking=True)


def _written(form: Format, row: Row, changes: object) -> str:
    return form.changed(row, changes) if isinstance(changes, dict) and changes else row.raw


def _packed(name: str, rows: Iterator[bytes]) -> Iterator[bytes]:
    """Rows in larger pieces, packed if the file was. The same rows give the same bytes."""
    pack = zlib.compressobj(wbits=31) if is_packed(name) else None
    buffer = bytearray()
    for row in rows:
        buffer += row
        if len(buffer) >= _PIECE:
            yield pack.compress(bytes(buffer)) if pack else bytes(buffer)
            buffer.clear()
    rest = bytes(buffer)
    yield (pack.compress(rest) + pack.flush()) if pack else rest
