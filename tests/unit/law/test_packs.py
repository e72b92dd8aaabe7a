"""Country packs are complete: every row has its article, its confidence and its name in three languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec
import pytest

from senim.errors import Code, Invalid
from senim.languages import Text
from senim.law import Law, available, load, parse_term
from senim.law.reading import pack
from senim.policy.clashes import CHECKS
from senim.policy.rules import texts
from senim.policy.values import mixed_script
from tests.unit.made import TODAY

PACKS = ("eu", "kz")
TABLES = ("bases", "consent_items", "clocks", "grounds", "special", "rules")


def rows(name: str) -> Iterator[tuple[str, Any]]:
    for table in TABLES:
        for row in getattr(pack(name), table):
            yield f"{table}.{row.id}", row


ROWS = [pytest.param(row, id=f"{name}.{where}") for name in PACKS for where, row in rows(name)]


def test_the_packs_that_are_there() -> None:
    """Kazakhstan is the first pack; the second proves that the format holds another country."""
    assert available() == PACKS


@pytest.mark.parametrize("row", ROWS)
def test_every_row_has_its_source(row: Any) -> None:
    """Nothing is law here without an article and a word on how sure we are."""
    assert row.article
    assert row.confidence in ("V", "V*", "C", "M", "?")
    assert row.name.missing() == ()


@pytest.mark.parametrize("name", PACKS)
def test_texts_are_in_three_languages(name: str) -> None:
    """Every text of a pack is in Kazakh, Russian and English, each in its own letters."""
    found = list(texts(pack(name)))
    assert len(found) > 30
    for where, text, _ in found:
        assert isinstance(text, Text)
        assert text.missing() == (), where
        assert not mixed_script(text.kk), where
        assert not mixed_script(text.ru), where
        assert text.kk != text.ru, where


@pytest.mark.parametrize("name", PACKS)
def test_ids_are_unique(name: str) -> None:
    """No two rows of a table have one id."""
    for table in TABLES:
        ids = [row.id for row in getattr(pack(name), table)]
        assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", PACKS)
def test_rules_and_clocks_can_be_carried_out(name: str) -> None:
    """Each lint rule has its check, each clock a term that can be counted."""
    law = load(name, TODAY)
    assert {rule.check for rule in pack(name).rules} <= set(CHECKS)
    for clock in law.clocks.values():
        parse_term(clock.term)
        if clock.extension:
            parse_term(clock.extension)
        assert clock.trigger
    for rule in law.rules:
        assert set(rule.parameters.values()) <= set(law.clocks), rule.id


@pytest.mark.parametrize("name", PACKS)
def test_articles_belong_to_codes(name: str) -> None:
    """The articles behind refusals are written under codes that there are."""
    assert set(pack(name).articles) <= {code.value for code in Code}


def test_kazakhstan_knows_an_article_behind_every_refusal_of_the_gate() -> None:
    """A refusal tells the person the article behind it."""
    gate = [
        Code.CATEGORY_UNDECLARED, Code.FIELD_NOT_NEEDED, Code.PURPOSE_UNDECLARED, Code.OPERATION_UNDECLARED,
        Code.CHANNEL_UNDECLARED, Code.CHANNEL_MISSING, Code.RECIPIENT_UNDECLARED, Code.RECIPIENT_MISSING,
        Code.OPERATION_NOT_ENTRUSTED, Code.CATEGORY_NOT_ENTRUSTED, Code.COUNTRY_NOT_ALLOWED, Code.COUNTRY_MISSING,
        Code.STORE_OUTSIDE_COUNTRY, Code.REASON_MISSING, Code.SUBJECT_MISSING, Code.SUBJECT_BLOCKED,
        Code.SUBJECT_STOPPED, Code.SUBJECT_ERASED, Code.TERM_OVER, Code.ROLE_NOT_ALLOWED, Code.HUMAN_READ_FORBIDDEN,
        Code.CONSENT_MISSING, Code.CONSENT_WITHDRAWN, Code.CONSENT_UNPROVEN, Code.CONSENT_OUTDATED,
    ]  # fmt: skip
    law = load("kz", TODAY)
    assert [code for code in gate if not law.article(code)] == []


def test_bases_of_kazakhstan() -> None:
    """Consent and the closed list of article 9: no contract, no legitimate interest."""
    bases = load("kz", TODAY).bases
    assert [name for name, basis in bases.items() if basis.consent] == ["consent"]
    assert all(basis.needs_act for name, basis in bases.items() if name != "consent")
    assert {basis.article for basis in bases.values()} == {
        "7(1)", *(f"9({point})" for point in
                  ("1", "2", "2-1", "3", "4", "5", "5-1", "6", "7", "8", "9", "9-1", "9-2", "9-3", "9-4", "10")),
    }  # fmt: skip
    assert not {"contract", "legitimate-interests"} & set(bases)


def test_consent_items_of_kazakhstan() -> None:
    """A consent has eight items (94-V 8(4)); six of them the text can state."""
    items = load("kz", TODAY).consent_items
    assert [item.article for item in items.values()] == [f"8(4)({number})" for number in range(1, 9)]
    assert {name for name, item in items.items() if not item.stated_by_policy} == {"subject-name", "other"}


def test_borders_of_kazakhstan() -> None:
    """Data is stored at home; performance of a contract is no ground to cross the border (94-V 12(2), 16)."""
    law = load("kz", TODAY)
    assert law.pack.borders.store_at_home
    assert law.at_home("KZ")
    assert not law.at_home("RU")
    assert list(law.grounds) == ["adequate", "consent", "treaty", "law", "constitutional-rights"]


@pytest.mark.parametrize(
    ("row", "table", "before", "since"),
    [("withdrawal", "clocks", "2026-01-17", "2026-01-18"), ("breach-notice", "clocks", "2024-06-30", "2024-07-01"),
     ("objection", "clocks", "2026-01-17", "2026-01-18"), ("data-list", "consent_items", "2022-02-28", "2022-03-01")],
)  # fmt: skip
def test_the_law_of_an_earlier_day(row: str, table: str, before: str, since: str) -> None:
    """A row counts from the day on which it is in force, and not a day before."""
    assert row not in getattr(load("kz", date.fromisoformat(before)), table)
    assert row in getattr(load("kz", date.fromisoformat(since)), table)


def test_a_row_that_ends_is_law_until_the_day_before() -> None:
    """A repealed row is no law on the day of its repeal."""
    kz = pack("kz")
    ended = msgspec.structs.replace(kz.rules[0], since=date(2024, 1, 1), until=date(2025, 1, 1))
    changed = msgspec.structs.replace(kz, rules=(ended,))
    for day, there in ((date(2023, 12, 31), False), (date(2024, 1, 1), True), (date(2024, 12, 31), True),
                       (date(2025, 1, 1), False)):  # fmt: skip
        assert bool(Law.of(changed, day).rules) is there


@pytest.mark.parametrize("name", ["", "ru", "KZ", "../kz", "kz.yaml", "kz/../eu"])
def test_a_pack_that_is_not_there(name: str) -> None:
    """A country without a pack is told by name, and no other file is read."""
    with pytest.raises(Invalid) as refused:
        load(name, TODAY)
    assert refused.value.code is Code.REFERENCE_DANGLING


@pytest.mark.parametrize("name", PACKS)
def test_every_article_is_cited_in_the_language_of_the_reader(name: str) -> None:
    """People read the names of acts, and none of our short forms of them."""
    law = load(name, TODAY)
    known = {one for one in ("94-V", "GDPR") if one in law.pack.cite.en}
    for where, row in rows(name):
        for language in ("kk", "ru"):
            told = law.cited(row.article, language)
            for one in known:
                told = told.replace(one, "")
            assert not re.search("[A-Za-z]{2,}", told), (where, told)
    if name == "kz":
        assert (
            law.cited("7(1); Civil Code 22, 23", "en")
            == "article 7(1) of Law No 94-V; article 22, 23 of the Civil Code"
        )
