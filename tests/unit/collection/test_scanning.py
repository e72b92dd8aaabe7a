"""Long texts, any texts, files: all are searched to their end."""

from __future__ import annotations

import functools
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.collection.scanning import has_card, iins, plain, quiet, special, texts_of_file
from senim.conformance import cast
from senim.policy.records import Field
from senim.policy.taxonomy import FieldType

CARD = "9398000000000001"
GROUPED = "9398 0000 0000 0001"


@given(st.text())
def test_any_text_can_be_searched(text: str) -> None:
    """No text makes the search stumble, and folding a text twice changes nothing."""
    has_card(text)
    special(text)
    assert plain(plain(text)) == plain(text)
    assert all(len(one) == 12 for one in iins(text))


def test_everybody_in_the_cast_may_come_in() -> None:
    """No name, street or word of the made-up people is refused."""
    kinds = (FieldType.NAME, FieldType.ADDRESS, FieldType.WORDS, FieldType.TEXT, FieldType.ACCOUNT, FieldType.URL)
    for number in range(1500):
        for kind in kinds:
            value = cast.value("any.family", Field(type=kind), number)
            assert not special(value), value
            assert not has_card(value), value
            assert not iins(value), value


SUSPECT = (
    "ВИЧ",
    "вич",
    "онколог",
    "Ислама",
    "ислам",
    "ул. Профсоюзная",
    "HIV",
    "рaк груди",
    GROUPED,
    "9001",
    "01300123",
    "И",
    "и",
)


@given(
    st.lists(
        st.lists(
            st.one_of(st.sampled_from(SUSPECT), st.text(max_size=3), st.sampled_from((" ", "  ", "\n", "-"))),
            max_size=6,
        ).map("".join),
        max_size=4,
    )
)
def test_where_it_is_quiet_nothing_is_found(texts: list[str]) -> None:
    """What a quick look lets pass would pass every search, also when its gaps are closed."""
    if quiet(texts):
        for text in (*texts, *(" ".join(one.split()) for one in texts)):
            assert not has_card(text)
            assert not special(text)
            assert not iins(text)


@pytest.mark.parametrize(
    "text", ["у меня ВИЧ", "HIV", CARD, GROUPED, "1  2  3  4  5  6  7  8  9  0  1  2", "рaк груди", "вид\u0301", "٤"]
)
def test_what_is_to_be_searched_is_not_quiet(text: str) -> None:
    """Words of the lexicon, many digits, letters of two scripts in a word, and what is written otherwise."""
    assert not quiet(["Анна", text, "Алматы"])


def test_ordinary_values_are_quiet() -> None:
    """The quick look is worth it: names, an address, an e-mail address and a telephone number pass."""
    assert quiet(["Сынақбай", "Әлия", "Anna-Maria", "person.a@people.example", "+7 700 000 00 00", "Абай даңғылы, 10"])


LONG = {
    "digits": "1" * 1_000_000,
    "digits with spaces": "1 " * 500_000,
    "fours": "4 " * 500_000,
    "groups": "4111 " * 200_000,
    "groups that are one digit short": "411 " * 250_000,
    "dates": "22.11.2026 " * 90_000,
    "dashes": "1-" * 500_000,
    "words": "диагонал " * 110_000,
    "spaces": " " * 1_000_000,
    "letters": "а" * 1_000_000,
    "word by word": "отпечат" + "ок" * 500_000,
    "streets": "ул. " * 250_000,
    "mixed": "1a" * 500_000,
    "separators": ("1" + "." * 3) * 250_000,
    "Arabic digits": "٤" * 300_000,
    "soft hyphens": "1\u00ad" * 300_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_megabyte_of_anything_is_searched(text: str) -> None:
    """A long text of the worst kind is searched to its end: what stands there is found."""
    assert has_card(f"{text} . x {CARD}")
    assert special(f"{text} . ВИЧ") == "health"
    assert iins(f"{text} . x 981231500014") == ["981231500014"]


packed_once = functools.lru_cache(maxsize=8)(zlib.compress)


def pdf(*streams: bytes) -> bytes:
    """A PDF as far as its streams go."""
    parts = [b"%PDF-1.7\n"]
    for number, stream in enumerate(streams):
        packed = packed_once(stream)
        head = f"{number} 0 obj\n<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n"
        parts += [head.encode(), packed, b"\nendstream\nendobj\n"]
    return b"".join([*parts, b"%%EOF"])


def found_in(content: bytes, media: str) -> bool:
    return any(has_card(text) for text in texts_of_file(content, media))


SHOWN = f"BT ({GROUPED}) Tj ET".encode()


@pytest.mark.parametrize(
    ("content", "media", "found"),
    [(f"карта {GROUPED}".encode(), "text/plain", True), (CARD.encode(), "application/json", True),
     (b"\xff" + CARD.encode(), "text/csv", True), (pdf(SHOWN), "application/pdf", True),
     (pdf(b"BT (nothing) Tj ET", SHOWN), "application/pdf", True),
     (pdf(b"BT [(9398) -250 (0000) 3.5 (0000) (0001)] TJ ET"), "application/pdf", True),
     (b"%PDF-1.7\n" + SHOWN, "application/pdf", True), (pdf(b"BT (hello) Tj ET"), "application/pdf", False),
     (b"%PDF-1.7\nstream\nnot packed\nendstream", "application/pdf", False),
     (b"%PDF-1.7\nstream\n" + zlib.compress(SHOWN), "application/pdf", False), (CARD.encode(), "image/png", False)],
)  # fmt: skip
def test_files_that_can_be_read(content: bytes, media: str, *, found: bool) -> None:
    """Card numbers are found in text files and in what a PDF shows (foundation-9); pictures are not read."""
    assert found_in(content, media) is found


def test_a_file_that_begins_many_streams_and_ends_none() -> None:
    """A PDF made to cost the reader time costs none."""
    assert not found_in(b"%PDF-1.7\n" + b"stream\n" * 2_000_000, "application/pdf")
    assert not found_in(b"%PDF-1.7\n" + b"endstream\n" * 1_000_000, "application/pdf")


def test_a_file_that_unpacks_to_far_more_than_it_weighs() -> None:
    """A PDF bomb is read up to a limit, a part at a time: what stands before it or beside it is found."""
    bomb = b" " * 30_000_000
    assert found_in(pdf(SHOWN, bomb, bomb, bomb, bomb), "application/pdf")
    assert found_in(pdf(bomb, bomb, SHOWN), "application/pdf")
    assert len(list(texts_of_file(pdf(*[bomb] * 12), "application/pdf"))) < 60, "the same again is searched once"
    changing = b" ".join(b"%d" % number for number in range(900_000))
    parts = [len(text) for text in texts_of_file(pdf(*[changing] * 12), "application/pdf")]
    assert 30_000_000 < sum(parts) < 34_000_000
    assert max(parts) < 70_000


def test_a_long_page_is_read_to_its_end() -> None:
    """What stands behind two megabytes of a page, or after pictures, is found too (foundation-9)."""
    page = b" ".join(b"(%d) Tj" % number for number in range(280_000))
    assert len(page) > 3_000_000
    assert any(CARD in text.replace(" ", "") for text in texts_of_file(pdf(page + SHOWN), "application/pdf"))
    picture = b"\n".join(b"%d" % number for number in range(900_000))
    file = pdf(*[picture] * 10, SHOWN).replace(b"/Filter", b"/Subtype /Image /Filter", 10)
    assert sum(len(text) for text in texts_of_file(file, "application/pdf")) < 10_000
    assert found_in(file, "application/pdf")


@pytest.mark.parametrize("before", range(65_450, 65_560, 3))
def test_what_stands_where_two_windows_of_a_page_meet(before: int) -> None:
    """A card is found wherever it stands on a page, also if it is written with gaps between its groups."""
    kerned = b"[(9398) -250 (0000) 3.5 (0000) (0001)] TJ"
    assert found_in(pdf(b" " * before + kerned + b" " * 70_000), "application/pdf")
    assert found_in(pdf(b" " * before + SHOWN + b" " * 70_000), "application/pdf")
    assert not found_in(pdf(b" " * before + b"0000" + CARD.encode() + b" " * 70_000), "application/pdf")


@pytest.mark.parametrize("before", range(65_500, 65_560, 3))
def test_what_stands_where_two_parts_meet(before: int) -> None:
    """A card is found wherever it stands; a longer number is not cut into one."""
    assert found_in(f"{' ' * before}{CARD} ".encode(), "text/plain")
    assert found_in(f"{' ' * before}{GROUPED}".encode(), "text/plain")
    assert not found_in(f"{' ' * before}{CARD}0000 ".encode(), "text/plain")
    assert not found_in(f"{' ' * before}0000{CARD} ".encode(), "text/plain")
