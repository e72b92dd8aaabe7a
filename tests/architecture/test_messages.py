"""Every message exists in Kazakh, Russian and English, as text and as HTML, and is rendered from its own facts."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, date, datetime
from importlib import resources
from typing import Any

import pytest

from senim.languages import LANGUAGES, Language, Text
from senim.messaging.facts import MARKETING, STAFF, TEMPLATES
from senim.messaging.rendering import House, facts_of, render, wording_of

HOUSE = House(
    operator="«Мини» ЖШС",
    contacts="data@mini.example, +77000000000",
    authority="Министерство",
    authority_where="eotinish.kz",
    zone="Asia/Almaty",
)
LINK = "https://mini.example/r/R-2026-000123?token=abc"
IN_WORDS: dict[str, Any] = {
    "number": "R-2026-000123",
    "granted": False,
    "reasons": ["A-REASON", "B-REASON"],
    "text": ["A-TEXT", "B-TEXT"],
}
IN_BARE_WORDS: dict[str, Any] = {"number": "R-2026-000123", "granted": True, "text": ["A-TEXT"]}
FULL: dict[str, dict[str, Any]] = {
    "code": {"code": "482910", "minutes": 10},
    "received": {"number": "R-2026-000123", "kind": "A-KIND", "due": "A-DUE", "link": LINK},
    "needs_identity": {"number": "R-2026-000123", "link": LINK, "ways": ["A-WAY", "B-WAY"]},
    "needs_more": {"number": "R-2026-000123", "missing": ["A-GAP", "B-GAP"], "link": LINK, "paused": True},
    "extended": {"number": "R-2026-000123", "reason": "A-REASON", "due": "A-DUE", "link": LINK},
    "answer_ready": {"number": "R-2026-000123", "link": LINK, "expires": datetime(2027, 4, 22, 18, 30, tzinfo=UTC)},
    "refused": {"number": "R-2026-000123", "reasons": ["A-REASON", "B-REASON"], "partly": True},
    "withdrawal_done": {"number": "R-2026-000123", "purposes": ["A-PURPOSE"], "kept": ["A-KEPT"]},
    "erased": {"number": "R-2026-000123", "kept": ["A-KEPT"], "verify": LINK},
    "block_done": {"number": "R-2026-000123"},
    "unblocked": {"number": "R-2026-000123"},
    "correction_done": {"number": "R-2026-000123", "fields": ["A-FIELD", "B-FIELD"]},
    "mailings_stopped": {"purposes": ["A-PURPOSE"]},
    "claim_answer": IN_WORDS,
    "compensation_answer": IN_WORDS,
    "complaint_answer": IN_WORDS,
    "concern_answer": IN_WORDS,
    "objection_answer": IN_WORDS,
    "your_word": {"link": LINK},
    "note": {"number": "R-2026-000123", "text": ["A-TEXT", "B-TEXT"]},
    "reminder": {"number": "R-2026-000123", "due": date(2027, 4, 22), "days": -2, "link": LINK},
    "approval_needed": {"number": "R-2026-000123", "link": LINK, "acts": 17},
    "account_notice": {
        "done": "A-DEED",
        "at": datetime(2027, 4, 22, 18, 30, tzinfo=UTC),
        "link": LINK,
        "device": "Firefox, Linux",
    },
    "mail_test": {},
    "mailing": {"title": "A-TITLE", "text": ["A-TEXT"], "link": LINK, "unsubscribe": LINK},
}
"""The fullest facts of each template."""

BARE: dict[str, dict[str, Any]] = {
    "needs_identity": {"number": "R-2026-000123", "link": LINK, "ways": []},
    "needs_more": {"number": "R-2026-000123", "missing": ["A-GAP"], "link": LINK},
    "refused": {"number": "R-2026-000123", "reasons": ["A-REASON"]},
    "withdrawal_done": {"number": "R-2026-000123"},
    "erased": {"number": "R-2026-000123"},
    "mailings_stopped": {},
    "claim_answer": IN_BARE_WORDS,
    "compensation_answer": IN_BARE_WORDS,
    "complaint_answer": IN_BARE_WORDS,
    "concern_answer": IN_BARE_WORDS,
    "objection_answer": IN_BARE_WORDS,
    "reminder": {"number": "R-2026-000123", "due": date(2027, 4, 22), "days": 0, "link": LINK},
    "approval_needed": {"number": "R-2026-000123", "link": LINK},
    "account_notice": {"done": "A-DEED", "at": datetime(2027, 4, 22, 18, 30, tzinfo=UTC), "link": LINK},
    "mailing": {"title": "A-TITLE", "text": ["A-TEXT"], "unsubscribe": LINK},
}
"""The barest, where something may be left out."""

CASES = [(name, facts) for known in (FULL, BARE) for name, facts in known.items()]
_LATIN = re.compile(r"[a-z]{2,}")
_KAZAKH = re.compile(r"[әғқңөұүһі]")
_MIXED = re.compile(r"[А-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі][A-Za-z]|[A-Za-z][А-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі]")


def _sources() -> dict[str, str]:
    folder = resources.files("senim.messaging").joinpath("templates")
    return {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir()}


def _words(template: str, language: Language) -> str:
    """What a template says of itself in a language, without what is filled in."""
    wording = wording_of(template)[language]
    said = [wording["subject"]]
    said += [one if isinstance(one, str) else one.get("link", "") for one in wording["body"]]
    return re.sub(r"\{[{%].*?[%}]\}", " ", "\n".join(said))


def test_every_template_has_its_file_and_every_file_its_template() -> None:
    """No message is without wording, and no wording without a message."""
    files = {name.removesuffix(".toml") for name in _sources() if name.endswith(".toml")}
    assert files == {*TEMPLATES, "house"}
    assert {name for name in _sources() if not name.endswith(".toml")} == {"letter.txt", "letter.html"}
    assert set(FULL) == set(TEMPLATES)
    assert set(TEMPLATES) > MARKETING | STAFF


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_speaks_three_languages(template: str) -> None:
    """Kazakh, Russian and English say the same in the same parts, each in its own letters."""
    wording = wording_of(template)
    assert set(wording) == set(LANGUAGES)
    shapes = [
        [
            one if isinstance(one, dict) and "link" not in one else type(one).__name__
            for one in wording[language]["body"]
        ]
        for language in LANGUAGES
    ]
    assert shapes[0] == shapes[1] == shapes[2]
    if template != "mailing":
        assert _KAZAKH.search(_words(template, "kk").lower())
        assert not _KAZAKH.search(_words(template, "ru").lower())
        assert not _LATIN.search(_words(template, "kk").lower() + _words(template, "ru").lower())
    assert not re.search(r"[а-яё]", _words(template, "en").lower())


@pytest.mark.parametrize("name", sorted(_sources()))
def test_no_letter_is_another_that_looks_like_it(name: str) -> None:
    """A Cyrillic word has no Latin letter in it."""
    source = _sources()[name]
    lines = re.sub(r"\{[{%].*?[%}]\}", " ", source).splitlines()
    assert [line for line in lines if _MIXED.search(line)] == []
    if name.endswith(".toml"):
        tomllib.loads(source)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("template", "facts"), CASES, ids=[f"{name}-{len(facts)}" for name, facts in CASES])
def test_every_message_renders_in_both_forms_with_its_facts(
    template: str, facts: dict[str, Any], language: Language
) -> None:
    """Every fact that is told is shown, in the text and in the HTML; nothing of the template itself is."""
    unsubscribe = LINK if template in MARKETING else ""
    made = render(template, language, facts_of(template, facts), HOUSE, unsubscribe=unsubscribe)
    flat = [one for fact in facts.values() for one in (fact if isinstance(fact, list) else [fact])]
    shown = {"text": f"{made.subject}\n{made.text}", "html": made.html.replace("&amp;", "&")}
    for form, text in shown.items():
        missing = [one for one in flat if isinstance(one, str) and one not in text]
        assert missing == [], form
        assert "{" not in re.sub(r'style="[^"]*"', "", text)
        assert "None" not in text
        assert "Undefined" not in text
    assert f'<html lang="{language}">' in made.html
    assert made.subject.strip() == made.subject != ""
    assert "\n\n\n" not in made.text
    operator = template not in STAFF
    assert (HOUSE.operator in made.text, HOUSE.operator in made.html) == (operator, operator)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_no_message_loads_or_tells_anything(template: str, language: Language) -> None:
    """Opening a message fetches nothing and tells nobody: no picture, no script, no style sheet, no form."""
    html = render(template, language, facts_of(template, FULL[template]), HOUSE, unsubscribe=LINK).html
    assert not re.search(r"<(img|script|link|iframe|form|object|video|audio|svg|base)\b", html)
    assert not re.search(r"url\(|@import|src=|\bon\w+=", html)
    assert set(re.findall(r'href="([^"]*)"', html)) <= {LINK}


@pytest.mark.parametrize(
    ("language", "shown"),
    [("kk", "2027 ж. 22 сәуір, 23:30"), ("ru", "22 апреля 2027 г., 23:30"), ("en", "22 April 2027, 23:30")],
)
def test_dates_are_written_as_people_write_them(language: Language, shown: str) -> None:
    """A time stands in the operator's zone and the reader's own way."""
    made = render("answer_ready", language, facts_of("answer_ready", FULL["answer_ready"]), HOUSE)
    assert shown in made.text.replace("\u00a0", " ")


@pytest.mark.parametrize("template", ["code", "needs_identity"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_secret_is_not_in_the_subject_line(template: str, language: Language) -> None:
    """A subject line is read on locked screens: neither the code nor the link is in it."""
    made = render(template, language, facts_of(template, FULL[template]), HOUSE)
    assert "482910" not in made.subject
    assert LINK not in made.subject


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_says_what_can_be_done_about_it(language: Language) -> None:
    """Reasons, a second look by the operator, and the authority with its address (94-V 25(2)(7), travel-41)."""
    made = render("refused", language, facts_of("refused", FULL["refused"]), HOUSE)
    for said in ("A-REASON", "B-REASON", HOUSE.authority, HOUSE.authority_where):
        assert said in made.text


def test_words_in_three_languages_are_told_in_the_reader_s_own() -> None:
    """A fact may come in three languages; the message takes its own."""
    kind = Text(kk="көшірме", ru="копия", en="a copy")
    facts = facts_of("received", {**FULL["received"], "kind": kind})
    for language in LANGUAGES:
        assert kind.in_(language) in render("received", language, facts, HOUSE).html
