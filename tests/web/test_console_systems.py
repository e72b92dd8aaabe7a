"""The map editor in a browser: accessible on a phone and at a desk, and usable without scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.web.conftest import DESKTOP, Served
from tests.web.sound import accessible, sound

MAP = b"""senim-map: 1
system: {name: shop, url-env: SHOP_URL}
tables:
  customers:
    key: [id]
    person: {email: email}
    act: depersonalise
    columns: {email: {is: contact.email}, password: {export: false}}
    plain: [id, made]
    keep: {tax: {for: 5 years, act: Tax Code, since: made}}
  orders:
    key: [id]
    plain: [id]
    refers: [{columns: [customer_id], to: customers, as: belongs, sure: 80}]
"""
PATHS = (
    "/connectors/systems/shop",
    "/connectors/systems/shop/versions",
    "/connectors/systems/shop/versions/1",
    "/maps/shop/table?table=customers",
    "/maps/shop/table?table=orders",
    "/maps/shop/file",
    "/searches/shop",
)


@pytest.mark.parametrize("language", ["kk", "en"])
def test_pages_of_a_system_are_accessible(console: Callable[..., Page], served: Served, language: str) -> None:
    """No violation of WCAG 2.2 AA, in light and dark; nothing to scroll sideways at 360 pixels."""
    senim: Any = served.stage.platform
    senim.maps.save(senim.actor(), "shop", MAP, reason="edited", instead_of="")
    page = console("/connectors/", language=language)
    for path in PATHS:
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(f"{served.url}/console{path}")
        sound(page)
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]  # a dict of two numbers
        accessible(page)
        page.emulate_media(color_scheme="light")


def test_a_table_is_edited_without_scripts(console: Callable[..., Page], served: Served) -> None:
    """A guess is confirmed and what an erasure does is changed; the map says so afterwards."""
    senim: Any = served.stage.platform
    senim.maps.save(senim.actor(), "shop", MAP, reason="edited", instead_of="")
    page = console("/maps/shop/table?table=orders", scripts=False)
    page.get_by_label("What destroying does").select_option("keep")
    page.get_by_label("I have looked at it").check()
    page.get_by_role("button", name="Save the map").click()
    page.get_by_text("The map is saved").wait_for()
    orders = senim.systems.check("shop").map.tables["orders"]
    assert (orders.act, orders.refers[0].sure, orders.refers[0].as_) == ("keep", None, "belongs")
