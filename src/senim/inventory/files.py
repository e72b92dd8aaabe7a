"""Files as sources: what a file is, told by its first bytes, and how it is read. Everything streams.

Archives are opened member by member, mail part by part; what is not read is told with its reason. Nothing is written,
no temporary file either.
"""

from __future__ import annotations

import bz2
import email
import email.policy
import gzip
import io
import itertools
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from html import unescape
from pathlib import PurePath
from typing import IO, Any, cast

from senim.inventory.decoding import encoding_of, texts
from senim.inventory.records import Source, State, Why
from senim.inventory.sheets import Sheet, delimiter_of
from senim.inventory.tally import Tally

CHUNK = 128 * 1024
_HEAD = 64 * 1024
_DEEPEST = 3
"""Archives in archives that are opened."""

_IN_MEMORY = 64 * 1024 * 1024
"""Bytes of a letter, or of an archive inside another one, that are held at once at most."""

_SPARE, _RATIO = 256 * 1024 * 1024, 200
"""What an archive may unpack to: so much, or so many times its size, whichever is more."""

Sink = Callable[[Source], None]
MakeTally = Callable[[], Tally]
_SHEETS = frozenset((".csv", ".tsv", ".tab"))
_MARKUP = frozenset((".html", ".htm", ".xhtml", ".xml", ".mhtml", ".svg"))
_MAIL = frozenset((".eml",))
_MEMBERS = frozenset((".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp"))
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError)
_MALFORMED = (*_BROKEN, ValueError, RuntimeError, struct.error)
"""What zipfile raises when it opens what is no archive, or one with a password."""


class TooMuchError(Exception):
    """An archive holds far more than it weighs."""


class Reading:
    """One file of the search, with everything that is inside it."""

    def __init__(self, made: MakeTally, sink: Sink, size: int) -> None:
        self._made = made
        self._sink = sink
        self._left = max(_SPARE, _RATIO * size)

    def source(self, name: str, file: IO[bytes], *, size: int, depth: int = 0) -> None:
        """Search what is open. Raises OSError of the disk; what is wrong with the content is told in its source."""
        head = file.read(_HEAD)
        tally = self._made()
        source = Source(name, "text", size=size, findings=[])
        try:
            if not self._as_archive(source, head, file, depth):
                self._as_text(source, head, file, tally)
        except TooMuchError:
            _told(source, State.PART, Why.TOO_MUCH)
        except _BROKEN:
            _told(source, State.PART, Why.BROKEN)
        except OSError as error:
            if error.errno is not None:  # of the disk; bz2 raises one without a number for what is no bz2
                raise
            _told(source, State.PART, Why.BROKEN)
        source.findings = tally.findings()
        self._sink(source)

    # archives

    def _as_archive(self, source: Source, head: bytes, file: IO[bytes], depth: int) -> bool:
        open_ = _archive(head)
        if open_ is None:
            return False
        source.what = "archive"
        if depth >= _DEEPEST:
            _told(source, State.SKIPPED, Why.TOO_DEEP)
            return True
        if open_ == "zip":
            self._zip(source, _seekable(head, file), depth)
        elif open_ == "tar":
            with tarfile.open(fileobj=_Joined(head, file), mode="r|") as members:
                self._tar(source, members, depth)
        else:
            inner = source.name.rpartition(".")[0] if _packed(source.name) else source.name
            unpacked = _UNPACK[open_](_Joined(head, file))
            self.source(f"{source.name}!{PurePath(inner).name}", self._counted(unpacked), size=0, depth=depth + 1)
        return True

    def _zip(self, source: Source, file: IO[bytes] | None, depth: int) -> None:
        if file is None:
            _told(source, State.SKIPPED, Why.TOO_LARGE)
            return
        try:
            archive = zipfile.ZipFile(file)
        except _MALFORMED:
            _told(source, State.UNREADABLE, Why.BROKEN)
            return
        with archive:
            for member in archive.infolist():
                if not member.is_dir():
                    self._member(archive, member, source.name, depth)

    def _member(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, depth: int) -> None:
        name = f"{name}!{member.filename}"
        try:
            with archive.open(member) as inner:
                self.source(name, self._counted(inner), size=member.file_size, depth=depth + 1)
        except _MALFORMED:
            why = Why.ENCRYPTED if member.flag_bits & 1 else Why.BROKEN
            self._sink(Source(name, "text", State.UNREADABLE, why, findings=[]))

    def _tar(self, source: Source, members: tarfile.TarFile, depth: int) -> None:
        for member in members:
            inner = members.extractfile(member) if member.isfile() else None
            name = f"{source.name}!{member.name}"
            if inner is not None:
                self.source(name, self._counted(inner), size=member.size, depth=depth + 1)
            elif not member.isdir():
                self._sink(
                    Source(name, "text", State.SKIPPED, Why.LINK if member.issym() else Why.SPECIAL, findings=[])
                )

    def _counted(self, file: IO[bytes]) -> IO[bytes]:
        return cast("IO[bytes]", _Counted(file, self._take))

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise TooMuchError

    # texts

    def _as_text(self, source: Source, head: bytes, file: IO[bytes], tally: Tally) -> None:
        why = _unread(head)
        source.encoding = "" if why else encoding_of(head)
        if why or (head and not source.encoding):
            source.what = "binary"
            _told(source, State.SKIPPED, why or Why.BINARY)
            return
        suffix = PurePath(source.name.lower()).suffix
        if suffix in _MAIL and source.size <= _IN_MEMORY:
            source.what = "mail"
            self._mail(source, head + file.read(_IN_MEMORY), tally)
            return
        chunks = texts(itertools.chain([head], _chunks(file)), source.encoding)
        first = next(chunks, "")
        delimiter = delimiter_of(first) if suffix in _SHEETS else ""
        chunks = itertools.chain([first], chunks)
        if delimiter:
            source.what = "sheet"
            Sheet(chunks, delimiter, tally).search()
        elif suffix in _MARKUP or first[:200].lstrip().lower().startswith(("<!doctype html", "<html")):
            source.what = "markup"
            office = PurePath(source.name.lower().rpartition("!")[0]).suffix in _MEMBERS
            tally.text(map(_office if office else _shown, chunks))
        else:
            tally.text(map(_unescaped, chunks))

    def _mail(self, source: Source, content: bytes, tally: Tally) -> None:
        """A letter: its heading, its texts, and its attachments as sources of their own."""
        letter = email.message_from_bytes(content, _class=EmailMessage, policy=email.policy.default)
        tally.text(
            [
                f"{name}: {_heading(letter, name)}\n"
                for name in ("From", "To", "Cc", "Reply-To", "Subject")
                if name in letter
            ]
        )
        for number, part in enumerate(letter.walk(), 1):
            if part.is_multipart():
                continue
            body = part.get_payload(decode=True)
            if not isinstance(body, bytes):
                continue
            name = part.get_filename()
            if name or part.get_content_maintype() != "text":
                told = f"{source.name}!{name or f'part {number}'}"
                self.source(told, self._counted(io.BytesIO(body)), size=len(body), depth=1)
                continue
            text = _decoded(body, part.get_content_charset() or "")
            tally.text([_shown(text) if part.get_content_subtype() == "html" else text])


def _heading(letter: EmailMessage, name: str) -> str:
    try:
        return str(letter[name])
    except Exception:  # noqa: BLE001  # headings of strangers make the parser fail in many ways; they are read as they stand
        return str(dict(letter.raw_items()).get(name, ""))


def _decoded(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset or encoding_of(body[:_HEAD]) or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return "".join(texts([body], encoding_of(body[:_HEAD]) or "kz1048"))


def _told(source: Source, state: State, why: Why) -> None:
    source.state, source.why = state, why


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def _unread(head: bytes) -> Why | None:
    """Why a file that is no text is not read, if its first bytes say what it is."""
    if head.startswith(b"%PDF"):
        return Why.PDF
    if head.startswith(
        (b"SQLite format 3\x00", b"\x00\x01\x00\x00Standard Jet DB", b"\x00\x01\x00\x00Standard ACE DB")
    ):
        return Why.DATABASE_FILE
    if head.startswith((b"\xd0\xcf\x11\xe0", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x7fELF", b"MZ")):
        return Why.BINARY
    return None


def _archive(head: bytes) -> str | None:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if head[257:262] == b"ustar":
        return "tar"
    return next(
        (name for mark, name in ((b"\x1f\x8b", "gz"), (b"BZh", "bz2"), (b"\xfd7zXZ", "xz")) if head.startswith(mark)),
        None,
    )


def _packed(name: str) -> bool:
    return PurePath(name.lower()).suffix in (".gz", ".bz2", ".xz", ".tgz")


_UNPACK: dict[str, Callable[[Any], Any]] = {
    "gz": lambda file: gzip.GzipFile(fileobj=file),
    "bz2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
}


def _seekable(head: bytes, file: IO[bytes]) -> IO[bytes] | None:
    """What zipfile needs: a file that it can go back in. A small one inside another archive is held in memory."""
    if isinstance(file, io.BufferedReader):
        file.seek(0)
        return file
    content = head + file.read(_IN_MEMORY)
    return None if len(content) > _IN_MEMORY else io.BytesIO(content)


class _Joined(io.RawIOBase):
    """The first bytes, which were read already, and the rest of a file."""

    def __init__(self, head: bytes, file: IO[bytes]) -> None:
        self._head = head
        self._file = file

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._head:
            part, self._head = (self._head, b"") if size < 0 else (self._head[:size], self._head[size:])
            return part
        return self._file.read(size)

    def readinto(self, buffer: Any) -> int:
        part = self.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)


class _Counted(io.RawIOBase):
    """A file of which every byte that is read is counted."""

    def __init__(self, file: IO[bytes], take: Callable[[int], None]) -> None:
        self._file = file
        self._take = take

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        part = self._file.read(size)
        self._take(len(part))
        return part


_ESCAPE = re.compile(r"\\u(0[0-9a-fA-F]{3}|20[0-9a-fA-F]{2})")


def _unescaped(text: str) -> str:
    r"""Text in which letters that are written as ``\u0430``, as JSON has them, are letters."""
    if "\\u" not in text:
        return text
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if int(match[1], 16) >= 32 else " ", text)


_INLINE = re.compile(r"</?(?:b|i|u|em|strong|span|font|small|mark|sub|sup|wbr|bdi)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_BLOCKS = re.compile(r"</(?:w:p|a:p|text:p|si|row|c|v|t|table:table-cell)>")
_TAGS = re.compile(r"<[^<>]*>")


def _shown(text: str) -> str:
    """HTML as it is shown, as far as it matters: entities are letters, tags within a word are nothing. Lines stay."""
    text = _INLINE.sub(lambda match: "\n" * match[0].count("\n"), text)
    return unescape(text) if "&" in text else text


def _office(text: str) -> str:
    """The XML of an office document as its text: paragraphs and cells are lines, all other tags are nothing."""
    return unescape(_TAGS.sub("", _BLOCKS.sub("\n", text)))
