"""The parts of a letter (RFC 2045, 2046), found by one pass for each level, without recursion. Pure, never fails.

Python's own parser recurses and tests each line against each level: a letter can be made that takes it for ever.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

from senim.messaging.letter_headers import Headers, clean, from_base64, parameters, section, words
from senim.messaging.letter_records import LetterFault, Limits

_BLANK_LINE = re.compile(rb"\n[ \t]*\n")
_UNSAFE = re.compile(r"[<>:\"|?*\\/\x00-\x1f]+")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """A part that has no parts itself: where its body stands in the letter."""

    headers: Headers
    media: str
    parameters: dict[str, str]
    start: int
    end: int
    report: bool
    """Whether it stands in a delivery report."""

    @property
    def disposition(self) -> tuple[str, dict[str, str]]:
        """``inline`` or ``attachment``, and what is said of the file."""
        return parameters(self.headers.raw("content-disposition"))

    @property
    def name(self) -> str:
        """What the file is called, as it was sent."""
        return self.disposition[1].get("filename") or self.parameters.get("name", "")

    def content(self, letter: bytes, most: int | None = None) -> tuple[bytes, bool]:
        """The bytes as they were before they were sent, and whether they came whole."""
        body = letter[self.start : self.end if most is None else min(self.end, self.start + most)]
        encoding = self.headers.word("content-transfer-encoding")
        if encoding == "base64":
            return from_base64(body)
        if encoding == "quoted-printable":
            return binascii.a2b_qp(body), True
        return body, True


def plain_lines(raw: bytes) -> bytes:
    """A letter whose lines end with LF. A line that a mailbox file begins with is gone."""
    letter = raw.replace(b"\r\n", b"\n")
    return letter.partition(b"\n")[2] if letter.startswith((b"From ", b">From ")) else letter


def head(letter: bytes, start: int, end: int, limits: Limits) -> tuple[Headers, int, bool]:
    """The header section that begins at ``start``: its fields, where the body begins, whether all was read."""
    if letter[start : start + 1] == b"\n":
        return Headers([]), start + 1, True
    found = _BLANK_LINE.search(letter, start, end)
    stop, body = (found.start(), found.end()) if found else (end, end)
    headers, whole = section(letter[start : min(stop, start + limits.header + 1)], limits)
    return headers, body, whole


def parts_of(letter: bytes, limits: Limits) -> tuple[Headers, list[Part], set[LetterFault]]:
    """The letter's own fields, and its innermost parts in their order."""
    faults: set[LetterFault] = set()
    top: Headers | None = None
    found: list[Part] = []
    waiting = [(0, len(letter), 0, False)]
    looked = 0
    while waiting:
        start, end, depth, report = waiting.pop()
        looked += 1
        if looked > limits.parts:
            faults.add(LetterFault.TOO_MANY_PARTS)
            break
        headers, body, whole = head(letter, start, end, limits)
        faults |= set() if whole else {LetterFault.HEADERS_TOO_LARGE}
        top = headers if top is None else top
        media, given = parameters(headers.raw("content-type"))
        inner = _inside(letter, (body, end), given, limits.parts) if media.startswith("multipart/") else None
        if inner is not None and depth < limits.depth:
            pieces, closed = inner
            faults |= set() if closed else {LetterFault.BOUNDARY_MISSING}
            report = report or media == "multipart/report"
            waiting += [(first, last, depth + 1, report) for first, last in reversed(pieces)]
            continue
        if media.startswith("multipart/"):
            faults.add(LetterFault.TOO_DEEP if inner is not None else LetterFault.BOUNDARY_MISSING)
            media = "text/plain" if inner is None else "application/octet-stream"
        found.append(Part(headers, media or "text/plain", given, body, end, report))
    return top or Headers([]), found, faults


def _inside(
    letter: bytes, place: tuple[int, int], given: dict[str, str], most: int
) -> tuple[list[tuple[int, int]], bool] | None:
    """Where the parts of a multipart stand, and whether its last line was there; None if no line parts anything."""
    boundary = given.get("boundary", "")
    if not boundary or len(boundary) > 200:
        return None
    line = re.compile(rb"\n--" + re.escape(boundary.encode("utf-8", "replace")) + rb"(--)?[ \t\r]*(?=\n|\Z)")
    pieces: list[tuple[int, int]] = []
    start, closed = -1, False
    # The line end before a boundary belongs to it: the first one may be the one after the header section.
    for found in line.finditer(letter, max(0, place[0] - 1), place[1]):
        if start >= 0:
            pieces.append((start, max(start, found.start())))
        start = found.end() + 1
        if found[1] or len(pieces) > most:
            closed = bool(found[1])
            break
    else:
        if start < 0:
            return None
        pieces.append((min(start, place[1]), place[1]))
    return pieces, closed


def safe_name(name: str, number: int, media: str) -> str:
    """A file's name without ways, devices, control letters or tricks; for people to read, never to open."""
    told = _UNSAFE.sub("_", clean(words(name.encode("utf-8", "replace"))).replace("\\", "/").rpartition("/")[2])
    told = told.strip(" .")
    if not told.strip("_"):
        return f"file-{number}{_ENDINGS.get(media, '')}"
    if _DEVICES.match(told):
        told = f"_{told}"
    stem, dot, ending = told.rpartition(".")
    return f"{stem[:100]}.{ending[:16]}" if dot else told[:100]


_ENDINGS = {
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/plain": ".txt",
}
