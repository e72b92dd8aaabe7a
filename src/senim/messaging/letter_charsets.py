"""Bytes to text when nobody can be trusted on the character set. Pure, linear.

Only character sets of this list are used: Python also knows codecs that unpack, or take quadratic time.
"""

from __future__ import annotations

import re

_CODECS_TEXT = """
ascii utf-8 utf-16 utf-16-le utf-16-be utf-32 koi8-r koi8-u koi8-t cp866 cp855 mac-cyrillic kz1048 ptcp154
cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 iso8859-1 iso8859-2 iso8859-3 iso8859-4
iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-9 iso8859-10 iso8859-11 iso8859-13 iso8859-14 iso8859-15
iso8859-16 iso2022-jp iso2022-kr iso2022-jp-2 euc-jp euc-kr shift-jis gb2312 gbk gb18030 big5
"""
_CODECS = tuple(_CODECS_TEXT.split())
_OTHER_NAMES = {
    "us-ascii": "ascii", "ansi-x3.4-1968": "ascii", "utf8": "utf-8", "unicode-1-1-utf-8": "utf-8", "koi8": "koi8-r",
    "koi8r": "koi8-r", "latin1": "iso8859-1", "latin-1": "iso8859-1", "ibm866": "cp866", "dos-866": "cp866",
    "x-mac-cyrillic": "mac-cyrillic", "kz-1048": "kz1048", "strk1048-2002": "kz1048", "rk1048": "kz1048",
    "pt154": "ptcp154", "cp154": "ptcp154", "cyrillic-asian": "ptcp154", "sjis": "shift-jis",
}  # fmt: skip
_CHARSETS = {**{name: name for name in _CODECS}, **_OTHER_NAMES}
_WINDOWS = re.compile(r"(?:x-)?(?:windows|win|cp|ms|ansi)-?(125[0-8])\Z")
_EIGHT_BIT = frozenset(name for name in _CODECS if name.startswith(("cp", "iso8859", "koi8", "mac", "kz", "pt")))


def codec_of(charset: str) -> str:
    """The codec of a character set as letters name it; empty if it is none that is used."""
    name = charset.strip(" \"'\t").lower().replace("_", "-").partition("*")[0]
    windows = _WINDOWS.match(name)
    if windows:
        return f"cp{windows[1]}"
    if name.startswith("iso-"):
        name = "iso" + name[4:]
    return _CHARSETS.get(name, "")


def decoded(content: bytes, charset: str = "") -> tuple[str, bool]:
    """The text, and whether it is what the letter said of it. Never fails."""
    codec = codec_of(charset)
    if not codec:
        return guessed(content), not charset.strip()
    if codec in _EIGHT_BIT and not content.isascii():
        # Words in UTF-8 are hardly ever well-formed by chance: the letter names the wrong set.
        if _is_utf8(content):
            return content.decode("utf-8"), False
        return content.decode(codec, "replace"), True
    try:
        return content.decode(codec), True
    except (UnicodeDecodeError, UnicodeError):
        return _salvaged(content, codec), False


def guessed(content: bytes) -> str:
    """The text of bytes that say nothing of themselves: UTF-8, else the likelier of the Cyrillic sets."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode(_cyrillic(content), "replace")


def _salvaged(content: bytes, codec: str) -> str:
    """What is left of a text whose character set is right but for a few bytes, or a guess."""
    if codec.startswith(("utf", "iso2022", "euc", "shift", "gb", "big5")):
        kept = content.decode(codec, "replace")
        high = len(content.translate(None, bytes(range(128))))
        if kept.count("�") * 6 <= high or codec != "utf-8":
            return kept
    return guessed(content)


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _cyrillic(content: bytes) -> str:
    """Small letters are the more frequent ones: where they lie tells the three usual sets from each other."""
    low = sum(content.count(byte) for byte in range(0xC0, 0xE0))
    high = sum(content.count(byte) for byte in range(0xE0, 0x100))
    dos = sum(content.count(byte) for byte in range(0xA0, 0xB0))
    if dos > low and dos > high / 2 > 0:
        return "cp866"
    return "koi8-r" if low > high else "cp1251"
