"""Header sections of letters: fields, encoded words, parameters, addresses, dates. Pure, linear, never fails."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from urllib.parse import unquote_to_bytes

from senim.messaging.letter_charsets import codec_of, decoded, guessed
from senim.messaging.letter_records import LetterFault, Limits

_WORD = re.compile(rb"=\?([A-Za-z0-9._:+-]{1,60})(?:\*[A-Za-z0-9-]{1,30})?\?([bBqQ])\?([^?]*)\?=")
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_BLANKS = re.compile(r"\s+")
_ADDRESS = re.compile(r"([^\s<>()\[\]\",;:\\@]{1,64})@([^\s<>()\[\]\",;:\\@.](?:[^\s<>()\[\]\",;:\\@]{0,252}))")
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,250}@[^<>\s]{1,250})>")
_PIECE = re.compile(r'\\.|[";]', re.DOTALL)
_CONTINUED = re.compile(r"([^*]{1,60})\*(\d{1,2})(\*?)\Z")
_MOST_ADDRESSES = 100
_MOST_REFERENCES = 50


class Headers:
    """The fields of one header section, in their order."""

    def __init__(self, fields: list[tuple[str, bytes]]) -> None:
        self.fields = fields
        self._by_name: dict[str, list[bytes]] = {}
        for name, value in fields:
            self._by_name.setdefault(name, []).append(value)

    def raw(self, name: str) -> bytes:
        """The first field of a name, unfolded; empty if there is none."""
        values = self._by_name.get(name)
        return values[0] if values else b""

    def all(self, name: str) -> list[bytes]:
        """All fields of a name, topmost first."""
        return self._by_name.get(name, [])

    def word(self, name: str) -> str:
        """The first field of a name in small letters, for fields that machines write."""
        return clean(self.raw(name).decode("ascii", "replace")).lower()

    def text(self, name: str, most: int = 1000) -> str:
        """The first field of a name as people read it."""
        return clean(words(self.raw(name)))[:most]


def section(content: bytes, limits: Limits) -> tuple[Headers, bool]:
    """The fields of a header section, and whether all of it was read. Lines end with LF."""
    block, whole = content[: limits.header], len(content) <= limits.header
    fields: list[tuple[str, bytes]] = []
    name, lines, size = "", [], 0
    for line in block.split(b"\n"):
        if line[:1] in (b" ", b"\t"):
            size += len(line)
            if size <= limits.field_size:
                lines.append(line)
            continue
        if name:
            fields.append((name, b"".join(lines)))
        if len(fields) >= limits.fields:
            return Headers(fields), False
        before, colon, value = line.partition(b":")
        name = before.strip().decode("ascii", "replace").lower() if colon and len(before) <= 100 else ""
        lines, size = [value[: limits.field_size]], len(value)
    if name:
        fields.append((name, b"".join(lines)))
    return Headers(fields), whole


def _loose(value: bytes) -> str:
    """Bytes as text that can be taken apart and put together again: what is not UTF-8 stays what it is."""
    return value.decode("utf-8", "surrogateescape")


def _tight(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def words(value: bytes) -> str:
    """Text of a field with its encoded words (RFC 2047) read, also where they stand and end as they should not."""
    if b"=?" not in value:
        return guessed(value)
    told: list[str] = []
    waiting, charset, end = b"", "", 0
    for found in _WORD.finditer(value):
        between = value[end : found.start()]
        named = found[1].decode("ascii")
        joins = bool(charset) and not between.strip() and codec_of(named) == codec_of(charset)
        if not joins:
            told.append(decoded(waiting, charset)[0])
            waiting = b""
            if between.strip() or not charset:
                told.append(guessed(between))
        waiting, charset, end = waiting + _unquoted(found[2], found[3]), named, found.end()
    told += [decoded(waiting, charset)[0], guessed(value[end:])]
    return "".join(told)


def _unquoted(how: bytes, content: bytes) -> bytes:
    if how in (b"q", b"Q"):
        return binascii.a2b_qp(content.replace(b" ", b"_"), header=True)
    return from_base64(content)[0]


def from_base64(content: bytes) -> tuple[bytes, bool]:
    """The bytes, and whether it was whole base64. Foreign bytes are skipped, a lost end is let go."""
    try:
        return binascii.a2b_base64(content), True
    except binascii.Error:
        pass
    kept = re.sub(rb"[^A-Za-z0-9+/]+", b"", content)
    kept = kept[: len(kept) - (len(kept) % 4 == 1)]
    return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4)), False


def clean(text: str) -> str:
    """One line without anything that is not seen: no line ends, no control letters, none that turn the direction."""
    return _BLANKS.sub(" ", _INVISIBLE.sub(" ", text) if _INVISIBLE.search(text) else text).strip()


def deceives(text: str) -> bool:
    """Whether a text has letters in it that turn the direction of writing."""
    return _TURNS.search(text) is not None


def parameters(value: bytes) -> tuple[str, dict[str, str]]:
    """What a field such as Content-Type says: the word before the first semicolon, and the parameters (RFC 2231)."""
    pieces = list(_pieces(_loose(value)))
    found: dict[str, str] = {}
    split: dict[str, dict[int, tuple[str, bool]]] = {}
    for piece in pieces[1:]:
        name, equals, given = piece.partition("=")
        name, given = name.strip().lower(), _unquote(given.strip(" \t"))
        continued = _CONTINUED.match(name)
        if not equals or not name:
            continue
        if continued:
            split.setdefault(continued[1], {})[int(continued[2])] = given, bool(continued[3])
        elif name.endswith("*"):
            split.setdefault(name[:-1], {})[0] = given, True
        else:
            found.setdefault(name, clean(words(_tight(given))))
    for name, parts in split.items():
        found[name] = clean(_joined([parts[number] for number in sorted(parts)]))
    return clean(pieces[0]).lower(), found


def _pieces(value: str) -> Iterator[str]:
    """The pieces between semicolons that stand outside quotation marks."""
    start, quoted = 0, False
    for found in _PIECE.finditer(value):
        if found[0] == '"':
            quoted = not quoted
        elif found[0] == ";" and not quoted:
            yield value[start : found.start()]
            start = found.end()
    yield value[start:]


def _unquote(value: str) -> str:
    if value[:1] != '"':
        return value
    inner = value[1:-1] if value.endswith('"') and len(value) > 1 else value[1:]
    return re.sub(r"\\(.)", r"\1", inner)


def _joined(parts: list[tuple[str, bool]]) -> str:
    """A parameter that was split and percent-encoded: ``utf-8'ru'%D1%84``."""
    charset, content = "", b""
    for number, (said, encoded) in enumerate(parts):
        given = said
        if encoded and not number and said.count("'") >= 2:
            charset, _, given = said.split("'", 2)
        content += unquote_to_bytes(_tight(given)) if encoded else _tight(given)
    text = decoded(content, charset)[0]
    return words(content) if "=?" in text else text


def addresses(values: Iterable[bytes]) -> list[tuple[str, str]]:
    """Name and address of each mailbox in fields such as From and To. What is no address is left out."""
    found: list[tuple[str, str]] = []
    for value in values:
        for mailbox in _mailboxes(_loose(value)):
            named, address = _mailbox(mailbox)
            if address:
                found.append((named, address))
            if len(found) >= _MOST_ADDRESSES:
                return found
    return found


def _mailboxes(value: str) -> Iterator[str]:
    """The pieces between commas that stand outside quotation marks, comments and angle brackets."""
    start, quoted, depth = 0, False, 0
    for found in re.finditer(r'\\.|["(),;<>]', value, re.DOTALL):
        mark = found[0]
        if mark == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif mark in "(<":
            depth += 1
        elif mark in ")>":
            depth = max(0, depth - 1)
        elif mark in ",;" and not depth:
            yield value[start : found.start()]
            start = found.end()
    yield value[start:]


def _mailbox(text: str) -> tuple[str, str]:
    before, angle, inner = text.rpartition("<")
    place = _ADDRESS.search(inner.partition(">")[0] if angle else text)
    if place is None:
        return "", ""
    name = before if angle else text[place.end() :].strip(" ()")
    told = words(_tight(_unquote(name.strip(" \t"))))
    return told[:200], _whole(place)


def address_in(text: str) -> str:
    """The first address in a text, or nothing."""
    found = _ADDRESS.search(text)
    return _whole(found) if found else ""


def _whole(found: re.Match[str]) -> str:
    address = f"{found[1]}@{found[2].rstrip('.').lower()}"
    return "" if _INVISIBLE.search(address) or any("\ud800" <= letter <= "\udfff" for letter in address) else address


def message_ids(*values: bytes) -> tuple[str, ...]:
    """The message ids in fields such as References, without angle brackets; the last ones if there are many."""
    found = [one for value in values for one in _MESSAGE_ID.findall(value.decode("utf-8", "replace"))]
    return tuple(dict.fromkeys(found))[-_MOST_REFERENCES:]


def date_of(value: bytes) -> tuple[datetime | None, tuple[LetterFault, ...]]:
    """The date of a letter, if it is one between 1990 and 2100."""
    text = clean(value.decode("ascii", "replace"))[:100]
    if not text:
        return None, ()
    try:
        parsed = parsedate_tz(text)
        if parsed is not None and 1990 <= parsed[0] <= 2100:
            zone = timezone(timedelta(seconds=parsed[9] or 0))
            moment = datetime(*parsed[:5], min(parsed[5], 59), tzinfo=zone)
            return moment.astimezone(UTC), ()
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        pass
    return None, (LetterFault.DATE_WRONG,)
