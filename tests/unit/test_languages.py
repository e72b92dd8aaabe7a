"""One text in three languages: which one a reader gets, and how each refusal is told."""

from __future__ import annotations

from importlib import resources

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.errors import Code, Invalid
from senim.languages import (
    LANGUAGES,
    Hint,
    Language,
    Said,
    Text,
    choose,
    explain,
    from_stored,
    number_in_words,
    to_stored,
    worded,
    wording,
)
from senim.policy.taxonomy import Channel, Operation
from senim.policy.values import mixed_script

FALLS: list[tuple[Text, tuple[str, str, str]]] = [
    (Text(kk="қ", ru="р", en="e"), ("қ", "р", "e")),
    (Text(ru="р", en="e"), ("р", "р", "e")),
    (Text(kk="қ", en="e"), ("қ", "қ", "e")),
    (Text(kk="қ", ru="р"), ("қ", "р", "р")),
    (Text(kk="қ"), ("қ", "қ", "қ")),
    (Text(ru="р"), ("р", "р", "р")),
    (Text(en="e"), ("e", "e", "e")),
    (Text(), ("", "", "")),
]


@pytest.mark.parametrize(("text", "told"), FALLS)
def test_the_fall_back_rule(text: Text, told: tuple[str, str, str]) -> None:
    """Where a language is missing the reader gets the one that is most likely understood."""
    assert tuple(text.in_(language) for language in LANGUAGES) == told


@given(st.builds(Text, kk=st.sampled_from(["", "қ"]), ru=st.sampled_from(["", "р"]), en=st.sampled_from(["", "e"])))
def test_whoever_reads_gets_some_text_if_there_is_one(text: Text) -> None:
    """Nobody is left without words that exist."""
    for language in LANGUAGES:
        assert bool(text.in_(language)) is (text != Text())
    assert set(text.missing()) == {language for language in LANGUAGES if not getattr(text, language)}


def test_white_space_is_no_text() -> None:
    """A language of blanks is missing."""
    assert Text(kk="  ", ru="\n", en="e").missing() == ("kk", "ru")


@pytest.mark.parametrize(
    ("accept", "language"),
    [("kk", "kk"), ("kk-KZ", "kk"), ("KK", "kk"), ("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "ru"),
     ("en-GB,en;q=0.9", "en"), ("fr,de;q=0.9", "ru"), ("fr, en;q=0.1", "en"), ("", "ru"), ("*", "ru"),
     ("en;q=0.5, kk;q=0.8", "kk"), ("en;q=0.5,ru;q=0.5", "en"), ("ru;q=0, en;q=0.1", "en"), ("ru;q=0", "ru"),
     ("kk; q=0.9, en; q=0.8", "kk"), ("en ; q=0.2 , kk ; q=0.3", "kk"), ("en;Q=0.9,ru;Q=1", "ru"),
     ("en;q=x,kk", "kk"), ("en;q=,kk;q=0.1", "kk"), ("en;q=nan, kk;q=0.1", "kk"), (";;;,,,", "ru"),
     ("kkk, english", "ru"), ("uz, kk;q=0.2, ru;q=0.4", "ru")],
)  # fmt: skip
def test_the_language_that_a_browser_asks_for(accept: str, language: Language) -> None:
    """The best of ours by the order and weights of the browser (RFC 9110 §12.5.4); Russian otherwise."""
    assert choose(accept) == language


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("kk", "1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567"),
        ("ru", "1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567"),
        ("en", "1,234,567"),
    ],
)
def test_numbers_are_told_in_threes(language: Language, told: str) -> None:
    """As people read them; small ones stay as they are, and no line breaks within one."""
    assert number_in_words(1_234_567, language) == told
    assert number_in_words(0, language) == "0"
    assert number_in_words(999, language) == "999"


def test_another_language_may_be_the_last_resort() -> None:
    """Where nothing fits, the caller says what is taken."""
    assert choose("fr", "kk") == "kk"


@given(st.text())
def test_any_header_gives_a_language(accept: str) -> None:
    """No header makes the page stumble."""
    assert choose(accept) in LANGUAGES


WORDINGS = sorted(
    entry.name.removesuffix(".toml")
    for entry in resources.files("senim").joinpath("locales").iterdir()
    if entry.name.endswith(".toml")
)


@pytest.mark.parametrize("name", WORDINGS)
def test_all_wording_is_in_three_languages(name: str) -> None:
    """Every text of the interface is there in Kazakh, Russian and English, in its own letters, with the same gaps."""
    assert wording(name)
    for key, text in wording(name).items():
        assert text.missing() == (), key
        assert not mixed_script(text.kk), key
        assert not mixed_script(text.ru), key
        gaps = [sorted(part.partition("}")[0] for part in getattr(text, one).split("{")[1:]) for one in LANGUAGES]
        assert gaps[0] == gaps[1] == gaps[2], key


@pytest.mark.parametrize("code", list(Code))
def test_every_code_is_explained(code: Code) -> None:
    """Each refusal says in three languages what it means and what to do, and not only its code."""
    told = {explain(code, language) for language in LANGUAGES}
    assert len(told) == 3
    assert code.value not in told


def test_a_code_that_nobody_knows_is_told_as_it_is() -> None:
    """Better the bare word than nothing."""
    assert explain("no_such_code", "kk") == "no_such_code"


def test_notices_have_words_for_everything() -> None:
    """Every operation and channel has its words in notices."""
    words = wording("notices")
    for operation in Operation:
        assert f"operation-{operation.value}" in words
    for channel in Channel:
        assert f"channel-{channel.value}" in words


HINT = Hint("no-name", Hint("meant", name="orders"), None, name="order")


@pytest.mark.parametrize(
    ("language", "inside", "alone"),
    [
        ("kk", "«order» деген ат жоқ; мүмкін, «orders»?", "«order» деген ат жоқ. Мүмкін, «orders»?"),
        ("ru", "имени «order» нет; может быть, «orders»?", "Имени «order» нет. Может быть, «orders»?"),
        ("en", "there is no “order”; did you mean “orders”?", "There is no “order”. Did you mean “orders”?"),
    ],
)
def test_a_hint_is_found_once_and_read_in_any_language(language: Language, inside: str, alone: str) -> None:
    """As a part of a line or as sentences; what is said after it follows, names stay as they stand in the file."""
    assert HINT.in_(language) == inside
    assert HINT.sentences(language) == alone


def test_a_hint_is_stored_and_read_back() -> None:
    """With all that fills it and is said after it; a text beside it stays a text."""
    told: list[Said] = [Hint("finds-by", HINT, kinds=Hint("found-nothing")), Hint("lines", count=3), "GRANT SELECT"]
    assert msgspec.json.decode(msgspec.json.encode(told), type=list[Said]) == told
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(told), type=list[Said]) == told


@pytest.mark.parametrize("said", [HINT, "", "GRANT SELECT", "{braces}", '"quotes"', "already there: “x”"])
def test_what_is_said_is_kept_in_a_row_and_read_back(said: Said) -> None:
    """A text as it stands, unless it could be taken for a hint; so older rows are read too."""
    assert from_stored(to_stored(said)) == said
    assert (to_stored(said) == said) == (said in ("", "GRANT SELECT", "already there: “x”"))


def test_what_is_no_hint_is_not_read_as_one() -> None:
    """A row that somebody cut off is told, and not shown half."""
    with pytest.raises(msgspec.DecodeError):
        from_stored(to_stored(HINT)[:-5])


def test_hints_among_plain_values_get_their_words() -> None:
    """Wherever they stand; all else stays as it was."""
    kept = msgspec.to_builtins({"found": [{"index": 1, "detail": Hint("empty")}], "key": "a", "more": HINT})
    assert worded(kept, "en") == {
        "found": [{"index": 1, "detail": "the file is empty"}],
        "key": "a",
        "more": HINT.in_("en"),
    }


def test_a_hint_whose_words_are_gone_is_told_by_its_key() -> None:
    """What was stored long ago is still shown."""
    stored = b'{"key": "of-yesterday", "parts": [["name", "orders"]], "more": []}'
    assert msgspec.json.decode(stored, type=Hint).in_("kk") == "of-yesterday"
    older = b'{"key": "at-entry", "parts": [["index", 3]], "more": []}'
    assert msgspec.json.decode(older, type=Hint).in_("en") == "entry 3: …", "its words name more since"


def test_a_hint_may_be_filled_with_another() -> None:
    """What was expected and what was found have words of their own, which are read in the same language."""
    hint = Hint("expected", expected=Hint("a-list"), found=Hint("found-nothing"))
    assert hint.sentences("ru") == "Ожидается: список, найдено: ничего."


def test_hints_are_values() -> None:
    """They are alike if they say the same, and what a file holds is not read as a pattern to fill in."""
    assert Hint("meant", name="a") == Hint("meant", name="a") != Hint("meant", name="b")
    assert len({Hint("meant", name="a"), Hint("meant", name="a"), Hint("meant", Hint("empty"), name="a")}) == 2
    assert Hint("meant", name="{name!r}").in_("en") == "did you mean “{name!r}”?"


def test_an_error_says_its_hint_in_the_reader_s_language() -> None:
    """A detail is names and what only the machine says; it stays as it is."""
    assert Invalid(Code.ID_WRONG, hint=Hint("at-most", most=3)).says("ru") == "не больше 3"
    assert Invalid(Code.ID_WRONG, detail="a, b").says("kk") == "a, b"
    assert Invalid(Code.ID_WRONG).says("en") == ""
