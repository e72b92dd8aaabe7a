"""Bytes as text: encodings told from their bytes, and text that is no text. Pure.

Known are UTF-8, UTF-16 and UTF-32, Windows-1251 with its Kazakh letters (kz1048), KOI8-R and DOS (cp866). A file that
changes its encoding on the way is read line by line.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SINGLE = ("kz1048", "koi8-r", "cp866")
_OFTEN = re.compile(
    "ст|но|то|на|ен|ов|ни|ра|во|ко|ро|пр|по|ет|ер|го|не|ан|ел|та|ка|ре|ла|ал|ор|ол|ин|ом|ва|да|ар|ды|ға|ың|ің|ты|лы|ға|қа"
)
"""Pairs of letters that Russian and Kazakh have most."""

_SELDOM = re.compile(r"[а-яёәғқңөұүһі][А-ЯЁӘҒҚҢӨҰҮҺІ]|[╔-╬░-▓│-┼]|[\x80-\x9f]")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def encoding_of(head: bytes) -> str:
    """The encoding of a text by its first bytes; an empty text if it is no text."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if b"\x00" in head:
        return _wide(head)
    if len(_CONTROL.findall(head)) > len(head) // 50:
        return ""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return single(head)
    return "utf-8"


def _wide(head: bytes) -> str:
    """UTF-16 without a mark: every other byte of simple text is zero, or the same few in Cyrillic."""
    for name, place in (("utf-16-le", 1), ("utf-16-be", 0)):
        high = head[place::2][:2_000]
        if high and sum(byte in (0, 4) for byte in high) > 0.95 * len(high):
            text = head[: len(head) // 2 * 2].decode(name, errors="replace")
            return name if "\x00" not in text else ""
    return ""


def single(head: bytes) -> str:
    """Which encoding of one byte a letter makes Russian or Kazakh of these bytes."""
    return max(_SINGLE, key=lambda name: _sense(head[:20_000].decode(name, errors="replace")))


def _sense(text: str) -> float:
    often = len(_OFTEN.findall(text.lower()))
    return often - 2 * len(_SELDOM.findall(text)) - text.count("\ufffd")


def texts(chunks: Iterable[bytes], encoding: str) -> Iterator[str]:
    """Text from bytes, as they come. What is no such text after all is read line by line, as well as can be."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for chunk in chunks:
        try:
            text = decoder.decode(chunk)
        except UnicodeDecodeError:
            pending = decoder.getstate()[0]
            decoder.reset()
            text = _line_by_line(pending + chunk, encoding)
        if text:
            yield text
    try:
        rest = decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        rest = "\ufffd"
    if rest:
        yield rest


def _line_by_line(chunk: bytes, encoding: str) -> str:
    if not encoding.startswith("utf-8"):
        return chunk.decode(encoding, errors="replace")
    read = []
    for line in chunk.split(b"\n"):
        try:
            read.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            read.append(line.decode(single(line), errors="replace"))
    return "\n".join(read)
