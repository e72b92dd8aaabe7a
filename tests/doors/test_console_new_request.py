"""A request that staff write down, where a policy has several fields of one kind."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from senim.languages import LANGUAGES
from senim.testing import Stage
from tests.console import Colleague
from tests.unit.made import varied

SECOND = {"type": "phone", "name": {"kk": "Қосымша телефон", "ru": "Дополнительный телефон", "en": "Second telephone"}}
ORDER = {"kk": "Тапсырыс нөмірі", "ru": "Номер заказа", "en": "Order number"}


@pytest.fixture
def stage(staged: Callable[..., Stage], mini: bytes) -> Stage:
    """A stage where people have two telephones."""
    return staged(varied({"categories.contact.fields.second": SECOND}, mini))


def test_people_are_searched_for_by_kinds_and_not_by_one_of_their_fields(console: Callable[..., Colleague]) -> None:
    """One line for any telephone, called so; a declared identifier by its own name."""
    me = console()
    for language in LANGUAGES:
        me.get(f"/console/?language={language}")
        page = me.get("/console/requests/new").text
        label = page.partition('<label for="by-phone">')[2].partition("</label>")[0]
        assert label == {"kk": "Телефон", "ru": "Телефон", "en": "Telephone"}[language]
        assert page.partition('<label for="by-contact.order">')[2].startswith(ORDER[language])
