"""Tables of files and databases: columns are guessed by name and values, then searched one by one. Pure.

A column of birth dates has no words beside its values, and one of surnames nothing else to tell it by: the column's
name is asked first. What stands in other columns is found as in any text.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator, Sequence

from senim.inventory.records import Place
from senim.inventory.tally import Tally
from senim.recognisers import IN_TEXTS, Guess, Kind, columns, find
from senim.recognisers.whole import WHOLE

BATCH = 1_000
"""Rows that are searched at once."""

_LONGEST_LINE = 1024 * 1024
_SURE = 0.6
_BY_WORDS = frozenset(
    (
        Kind.PHONE,
        Kind.BIRTH_DATE,
        Kind.ID_CARD,
        Kind.PASSPORT,
        Kind.PLATE,
        Kind.IP,
        Kind.NAME,
        Kind.IIN,
        Kind.BIN,
        Kind.CARD,
    )
)
"""Kinds of which a column's name makes sure what its values alone do not."""


class Columns:
    """The columns of one table, and what is found in them."""

    def __init__(self, names: Sequence[str], tally: Tally, types: Sequence[str] = ()) -> None:
        self._names = names
        self._types = types or [""] * len(names)
        self._tally = tally
        self._guesses: list[Guess | None] | None = None

    def search(self, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> None:
        """Search a batch of rows; ``lines`` are their places. The first batch decides what the columns are."""
        by_column = list(itertools.zip_longest(*rows, fillvalue=""))
        if self._guesses is None:
            self._guesses = [self._guess(place, values) for place, values in enumerate(by_column)]
        for place, values in enumerate(by_column):
            guess = self._guesses[place] if place < len(self._guesses) else None
            name = self._names[place] if place < len(self._names) else ""
            self._column(name or f"#{place + 1}", place + 1, values, lines, guess)

    def _guess(self, place: int, values: Sequence[str]) -> Guess | None:
        name = self._names[place] if place < len(self._names) else ""
        kind = self._types[place] if place < len(self._types) else ""
        samples = list(itertools.islice(filter(None, values), 200))
        sure = [one for one in columns(name, samples, kind) if one.confidence >= _SURE]
        return sure[0] if sure else None

    def _column(self, name: str, place: int, values: Sequence[str], lines: Sequence[int], guess: Guess | None) -> None:
        told: frozenset[int] = frozenset()
        if guess and guess.kind in self._tally.kinds and guess.confidence >= self._tally.least:
            told = self._as_guessed(name, place, values, lines, guess)
        text = "\n".join(" ".join(value.split("\n")) if "\n" in value else value for value in values)
        row = at = 0
        for hit in self._tally.hits(text):
            row += text.count("\n", at, hit.start)
            at = hit.start
            if row not in told or (guess and hit.kind is not guess.kind and hit.confidence >= 0.9):
                written = text[hit.start : hit.end]
                self._tally.add(
                    hit.kind,
                    Place(lines[row], place),
                    confidence=hit.confidence,
                    why=hit.why,
                    value=written,
                    column=name,
                )

    def _as_guessed(
        self, name: str, place: int, values: Sequence[str], lines: Sequence[int], guess: Guess
    ) -> frozenset[int]:
        """Count what the column is for; returns the rows. Kinds that prove themselves are left to the search."""
        if guess.kind is Kind.NOTE or (guess.kind in IN_TEXTS and guess.kind not in _BY_WORDS):
            return frozenset()
        fits = WHOLE.get(guess.kind) if guess.kind in IN_TEXTS and guess.kind is not Kind.NAME else None
        told = frozenset(
            row for row, value in enumerate(values) if value.strip() and (fits is None or fits(value.strip()))
        )
        for row in sorted(told):
            self._tally.add(
                guess.kind,
                Place(lines[row], place),
                confidence=guess.confidence,
                why=guess.why,
                value=values[row],
                column=name,
            )
        return told


class Sheet:
    """Separated values, read line by line. What cannot be read so is searched as text: nothing is left out."""

    def __init__(self, chunks: Iterable[str], delimiter: str, tally: Tally) -> None:
        self._chunks = iter(chunks)
        self._delimiter = delimiter
        self._tally = tally
        self._pending: list[str] = []
        self._rest = ""
        self._line = 0

    def search(self) -> None:
        """Search the whole file."""
        given = self._lines()
        reader = csv.reader(given, delimiter=self._delimiter)
        table: Columns | None = None
        rows: list[list[str]] = []
        lines: list[int] = []
        while True:
            try:
                row = next(reader, None)
            except csv.Error:  # a quotation that never ends, a zero byte: the lines are searched as they are
                self._tally.text(self._pending, line=self._line - len(self._pending) + 1)
                self._pending.clear()
                reader = csv.reader(given, delimiter=self._delimiter)
                continue
            begun = self._line - len(self._pending) + 1
            self._pending.clear()
            if row and table is None:
                header = is_header(row)
                table = Columns(row if header else [""] * len(row), self._tally)
                if header:
                    continue
            if row:
                rows.append(row)
                lines.append(begun)
            if table and rows and (row is None or len(rows) >= BATCH):
                table.search(rows, lines)
                rows, lines = [], []
            if row is None:
                break
        if self._rest:
            self._tally.text(itertools.chain([self._rest], self._chunks), line=self._line + 1)

    def _lines(self) -> Iterator[str]:
        """The lines, each remembered until its row is read. Before a line too long for one they end."""
        buffer = ""
        for chunk in self._chunks:
            *lines, buffer = (buffer + chunk).split("\n")
            for line in lines:
                self._line += 1
                self._pending.append(f"{line}\n")
                yield f"{line}\n"
            if len(buffer) > _LONGEST_LINE:
                self._rest = buffer
                return
        if buffer:
            self._line += 1
            self._pending.append(buffer)
            yield buffer


def is_header(row: Sequence[str]) -> bool:
    """Whether a first row names columns: words, nothing personal, no numbers."""
    cells = [cell.strip() for cell in row]
    if not any(cells) or any(cell.replace(".", "").replace(",", "").isdigit() for cell in cells):
        return False
    return not find("\n".join(cells)) or any(columns(cell) for cell in cells)


def delimiter_of(head: str) -> str:
    """What separates the values in the first lines of a file; an empty text if they are no table."""
    lines = [line for line in head.split("\n")[:20] if line.strip()]
    lines = lines[:-1] if len(lines) > 1 and not head.endswith("\n") else lines
    counts = {mark: [line.count(mark) for line in lines] for mark in ";,\t|"}
    regular = {mark: min(found) for mark, found in counts.items() if min(found, default=0)}
    return max(regular, key=lambda mark: regular[mark], default="")
