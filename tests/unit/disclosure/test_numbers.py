"""What counts as the number of an authority's document: it stays in the log, so it can be no value of a person."""

from __future__ import annotations

import re

import pytest

from senim.conformance import cast
from senim.disclosure.rules import MOST_NUMBER, is_number
from senim.languages import LANGUAGES, Language, wording

NUMBERS = (
    "1", "17-3/44", "№ 12-34/567 от 03.11.2026", "№ 12-34/567, 03.11.2026", "No. 12-34/567 of 03.11.2026",
    "исх. 5-2/1123 (вх. 7)", "7594-26-00-2к/1123", "дело 1-77/2026", "ДП-1123", "a" * 32, "9" * MOST_NUMBER,
    "Исх. № 12-3/45 от 29 ноября 2026 г.", "Постановление № 5", "Запрос ДГД № 7-123 от 01.12.2026",
    "2026 жылғы 29 қараша, № 12-3/45 сұрау", "Request No. 5 of 3 November 2026",
    "Исх. № 12-3/45 от «29» ноября 2026 года", "Шығ. № 12-3/45", "2026 жылғы 29 қарашадағы № 12-3/45 сұрау салу",
    "№\u00a07\u20113 от 3 марта 2026 г.", "запрос ДГД по г. Алматы № 7", "Запрос ДГД по городу Астане № 7",
    "Алматы қаласы бойынша МКД, № 7 сұрау", "Запрос ДП Алматинской области № 7", "ДП обл. Ұлытау, исх. 7",
    "Запрос УГД по Восточно-Казахстанской обл. № 7", "Жамбыл облысының ПД, № 7", "Абай облысы бойынша МКД, № 7",
    "Шығыс Қазақстан облысы, № 7", "Request No. 7 of Abai region", "г. Шымкент, 17-3/44",
)  # fmt: skip
OTHERS = (
    "", "abc", "б/н", "Ким 5", "Иванов", "иванов 5", "Серікова Әлия 12", "по делу Пробникова 7", "ким 5",
    "Ә. Серікова 5", "дело иванова 1-77", "запрос по г. Талгар № 7",
    "Абай 5", "дело Жамбыла 7", "запрос Павлодарской № 7", "Абай Алматы 7", "Алматыбек 7", "ул. Абайская 7",
    "aliya@people.example 1", "8 (700) 000-00-00", "1\n2", "<5>", "9" * (MOST_NUMBER + 1),
)  # fmt: skip


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_and_dates_are_taken(text: str) -> None:
    """As authorities write them, and ids of documents that are kept here."""
    assert is_number(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_console_shows_as_an_example_is_taken(language: Language) -> None:
    """Whoever copies the form of the hint is not refused."""
    found = re.search("[«“](.+)[»”]", wording("console")["hand-reason-hint"].in_(language))
    assert found
    assert is_number(found[1])


@pytest.mark.parametrize("text", [*OTHERS, cast.card(9)], ids=repr)
def test_what_could_be_a_person_s_is_not(text: str) -> None:
    """Names, words that may be names, and numbers of people, telephones and cards."""
    assert not is_number(text)
