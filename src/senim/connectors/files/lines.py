"""Rows of CSV and JSON-lines files as they come, in flat memory; a row that is not changed stays byte for byte.

A line that cannot be understood is a row without cells: told, searched as text, and kept as it is.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
import zlib
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal, Protocol, cast

MOST_LINE = 4 * 1024 * 1024
"""Characters of a row; a longer one is not understood."""
MOST_JOINED = 1_000
"""Lines that one quoted row may have."""
DELIMITERS = (",", ";", "\t", "|")
_NAME = re.compile(r"\.(csv|tsv|txt|jsonl|ndjson)(\.gz)?\Z", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_BOM = "\ufeff"
_MARK = "\0number "
_MARKED = re.compile(r'"\\u0000number ([-+.0-9eE]+)"')
"""Numbers are written back as they were: 1.10 stays 1.10."""

csv.field_size_limit(max(csv.field_size_limit(), MOST_LINE))


class Unreadable(Exception):
    """A file that is not what it says: its packing or its encoding is broken."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: as it stands in the file, and its cells; None if it is not understood."""

    raw: str
    cells: Mapping[str, Any] | None = None
    plain: bool = False
    """A header or an empty line: nobody's."""


Read = Callable[[], str]
"""The next line with its end; empty at the end of the file."""


def is_rows(name: str) -> bool:
    """Whether a file of this name holds rows."""
    return _NAME.search(name) is not None


def is_packed(name: str) -> bool:
    """Whether a file of this name is gzip."""
    return name.lower().endswith(".gz")


@contextmanager
def opened(name: str, file: BinaryIO, wanted: str) -> Iterator[tuple[str, Read]]:
    """The encoding of a file, and what reads its lines. Bytes that are no text survive. Raises Unreadable."""
    try:
        content = cast("BinaryIO", gzip.GzipFile(fileobj=file)) if is_packed(name) else file
        buffer = io.BufferedReader(cast("io.RawIOBase", content), 256 * 1024)
        encoding = encoding_of(buffer.peek(2)[:2], wanted)
        errors = "strict" if encoding.startswith("utf-16") else "surrogateescape"
        with io.TextIOWrapper(buffer, encoding, errors, newline="") as text:
            yield encoding, lambda: text.readline(MOST_LINE)
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise Unreadable from error


def encoding_of(first: bytes, wanted: str) -> str:
    """The encoding by the BOM, or the one that is wanted."""
    wanted = wanted.lower() or "utf-8"
    for mark, name in _BOMS:
        if first.startswith(mark) and wanted in ("utf-8", "utf-16"):
            return name
    return "utf-16-le" if wanted == "utf-16" else wanted


def encoded(text: str, encoding: str) -> bytes:
    """Text as bytes of the file, those that were no text as they were. Raises UnicodeEncodeError."""
    return text.encode(encoding, "strict" if encoding.startswith("utf-16") else "surrogateescape")


class Format(Protocol):
    """How rows are read and written."""

    def rows(self, read: Read) -> Iterator[Row]:
        """The rows of a file."""

    def changed(self, row: Row, changes: Mapping[str, str | None]) -> str:
        """A row with other values, as it stands in the file."""


def format_of(name: str, *, delimiter: str = "", columns: Collection[str] = ()) -> Format:
    """How a file of this name is read; ``columns`` are those that the map knows."""
    is_json = re.search(r"\.(jsonl|ndjson)(\.gz)?\Z", name, re.IGNORECASE)
    return JsonLines() if is_json else Csv(delimiter, columns)


class Csv:
    """Comma-separated values with a header (RFC 4180), or whatever separates them."""

    def __init__(self, delimiter: str, columns: Collection[str]) -> None:
        self._delimiter = delimiter
        self._columns = set(columns)
        self.header: list[str] = []

    def rows(self, read: Read) -> Iterator[Row]:
        """The rows of a file, the header first."""
        waiting: deque[str] = deque()

        def following() -> str:
            return waiting.popleft() if waiting else read()

        while line := following():
            lines = [line]
            while _open(lines) and len(lines) < MOST_JOINED and (more := following()):
                lines.append(more)
            row = self._row("".join(lines))
            if row.cells is None and not row.plain and len(lines) > 1:  # a stray quote swallows no other row
                waiting.extendleft(reversed(lines[1:]))
                row = Row(line)
            yield row

    def _row(self, raw: str) -> Row:
        text = raw.rstrip("\r\n")
        if not self.header:
            text = text.removeprefix(_BOM)
            self._delimiter = self._delimiter or self._sniffed(text)
            self.header = self._cells(text) or [""]
            return Row(raw, plain=True)
        if not text.strip():
            return Row(raw, plain=True)
        cells = self._cells(text)
        if cells is None or len(cells) != len(self.header):
            return Row(raw)
        return Row(raw, dict(zip(self.header, cells, strict=True)))

    def _cells(self, text: str) -> list[str] | None:
        if len(text) >= MOST_LINE:
            return None
        try:
            found = list(csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter, strict=True))
        except csv.Error:
            return None
        return found[0] if len(found) == 1 else None

    def _sniffed(self, header: str) -> str:
        """The sign by which the header has the most columns that the map knows, then the most columns."""

        def score(sign: str) -> tuple[int, int]:
            cells = next(csv.reader([header], delimiter=sign), [])
            return len(self._columns & set(cells)), len(cells)

        return max(DELIMITERS, key=score)

    def changed(self, row: Row, changes: Mapping[str, str | None]) -> str:
        """A row with other values, quoted as it was."""
        assert row.cells is not None
        text = row.raw.rstrip("\r\n")
        cells = ["" if (value := changes.get(name, old)) is None else value for name, old in row.cells.items()]
        every = text.startswith('"') and text.count('"') >= 2 * len(cells)
        out = io.StringIO(newline="")
        end = row.raw[len(text) :]
        quoting: Literal[0, 1] = csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL
        csv.writer(out, delimiter=self._delimiter, quoting=quoting, lineterminator=end).writerow(cells)
        return out.getvalue()


def _open(lines: list[str]) -> bool:
    """Whether a quote is not closed yet."""
    return sum(line.count('"') for line in lines) % 2 == 1 and sum(map(len, lines)) < MOST_LINE


class JsonLines:
    """One JSON object a line. Columns inside of others are written with dots: ``contact.email``."""

    def rows(self, read: Read) -> Iterator[Row]:
        """The rows of a file."""
        while line := read():
            text = line.removeprefix(_BOM)
            if not text.strip():
                yield Row(line, plain=True)
                continue
            found = _object(text)
            yield Row(line) if found is None else Row(line, _Flat(found))

    def changed(self, row: Row, changes: Mapping[str, str | None]) -> str:
        """A row with other values, as compact as it was."""
        found = _object(row.raw.removeprefix(_BOM), lambda number: f"{_MARK}{number}")
        assert found is not None
        for path, value in changes.items():
            _put(found, path, value)
        compact = '": ' not in row.raw
        text = json.dumps(found, ensure_ascii=row.raw.isascii(), separators=(",", ":") if compact else None)
        text = _MARKED.sub(r"\1", text)
        start = _BOM if row.raw.startswith(_BOM) else ""
        return f"{start}{text}{row.raw[len(row.raw.rstrip()) :]}"


class _Flat(dict[str, Any]):
    """An object whose inner values are found by their path too."""

    def get(self, name: str, default: Any = None) -> Any:
        if name in self:
            return self[name]
        inner, _, rest = name.partition(".")
        value = self[inner] if rest and inner in self else None
        return _Flat(value).get(rest, default) if isinstance(value, dict) else default


def _object(text: str, number: Callable[[str], Any] = float) -> dict[str, Any] | None:
    """An object, or None for anything else: no JSON, a name twice, nested without end."""
    if len(text) >= MOST_LINE:
        return None
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_float=number)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _put(found: dict[str, Any], path: str, value: str | None) -> None:
    inner, _, rest = path.partition(".")
    if path in found or not rest:
        if path in found:
            found[path] = value
    elif isinstance(found.get(inner), dict):
        _put(found[inner], rest, value)
