"""Cookies: kinds from the policy, a choice that is free, and proof of it, for people without scripts too."""

from __future__ import annotations

from html import unescape

import pytest

from senim.languages import LANGUAGES, Language
from tests.promises.conftest import Open


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("profile", ["tickets", "shop"])
def test_switching_cookies_off_is_a_choice_that_is_told_and_kept(house: Open, profile: str, language: Language) -> None:
    """tickets-13, shop-10: what must be on and what may be off, what a refusal means; the choice is on record."""
    place = house(profile)
    cookies = place.senim.policies.in_force(place.senim.works.clock.now()).policy.cookies
    assert cookies is not None
    page = unescape(place.pages.get(f"/cookies/{language}").text)
    assert " ".join(cookies.refusal.in_(language).split()) in " ".join(page.split())
    for name, kind in cookies.kinds.items():
        assert kind.name.in_(language) in page
        assert (f'value="{name}"' in page) is not kind.essential
    assert " checked" not in page
    answer = place.pages.post(f"/cookies/{language}", data={"how": "refuse"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code in (200, 303)
    place.senim.tick()
    (chosen,) = [entry for _, entry in place.senim.log.entries() if entry.act == "cookies.chosen"]
    assert chosen.policy == 1
