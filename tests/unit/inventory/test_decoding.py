"""Encodings are told from bytes, and nothing that is text is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.inventory.decoding import encoding_of, texts

RUSSIAN = "Договор с клиентом: Соколова Анна Петровна, телефон 8 700 000 00 00, город Алматы.\n" * 3
KAZAKH = "Келісімшарт: Әбдіқалықова Әлия Нұрланқызы, ұялы телефоны 8 700 000 00 00, Алматы қаласы.\n" * 3
ENGLISH = "Contract with Alice Whitfield, phone +7 700 000 00 00.\n" * 3


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (RUSSIAN, "utf-8"), (RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"), (RUSSIAN, "cp866"), (RUSSIAN, "utf-16"),
        (RUSSIAN, "utf-16-le"), (RUSSIAN, "utf-16-be"), (RUSSIAN, "utf-8-sig"), (RUSSIAN, "utf-32"),
        (KAZAKH, "utf-8"), (KAZAKH, "kz1048"), (KAZAKH, "utf-16-le"), (ENGLISH, "ascii"), (ENGLISH, "utf-16-le"),
        (RUSSIAN.upper(), "cp1251"), ("", "utf-8"),
    ],
)  # fmt: skip
def test_encodings(text: str, encoding: str) -> None:
    """UTF-8, UTF-16 with and without its mark, and the encodings of one byte that are in use here."""
    content = text.encode(encoding)
    found = encoding_of(content)
    assert "".join(texts([content], found)) == text


@pytest.mark.parametrize(
    "content",
    [
        b"\x00\x01\x02" * 100, b"\x7fELF\x02\x01\x01" + b"\x00" * 100, bytes(range(256)) * 4, b"\x00" * 50,
        b"\x01\x02\x03" * 50,
    ],
)  # fmt: skip
def test_what_is_no_text(content: bytes) -> None:
    """Is told to be none, and not read as some encoding or other."""
    assert encoding_of(content) == ""


def test_letters_cut_in_two_are_whole() -> None:
    """Wherever a file is cut into parts."""
    content = KAZAKH.encode()
    for size in (1, 2, 3, 7):
        parts = [content[at : at + size] for at in range(0, len(content), size)]
        assert "".join(texts(parts, "utf-8")) == KAZAKH


def test_a_file_of_two_encodings() -> None:
    """What was appended by another program is read line by line, each in its own encoding."""
    content = KAZAKH.encode() + RUSSIAN.encode("cp1251") + ENGLISH.encode()
    read = "".join(texts([content[:300], content[300:]], encoding_of(content[:100])))
    assert "Соколова Анна Петровна" in read
    assert "Әбдіқалықова" in read
    assert read.endswith(ENGLISH)
    assert read.count("\n") == 9


def test_a_cut_off_end_is_no_error() -> None:
    """Half a letter at the end is told by a sign for it."""
    assert "".join(texts(["ж".encode()[:1]], "utf-8")) == "\ufffd"


@given(st.lists(st.binary(max_size=50), max_size=5))
def test_any_bytes_are_read(parts: list[bytes]) -> None:
    """No bytes are an error, whatever their beginning made them out to be."""
    encoding = encoding_of(parts[0] if parts else b"") or "utf-8"
    assert isinstance("".join(texts(parts, encoding)), str)
