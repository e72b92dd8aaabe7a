"""Where a form comes from: what browsers say of it, held against the address that they asked at."""

from __future__ import annotations

import pytest
from flask import Flask, request

from senim.errors import Code, NotAllowed
from senim.web.shared.askers import PROXIES, networks
from senim.web.shared.origins import HOME, own

HOST = "data.shop.example"


@pytest.mark.parametrize(
    ("told", "fits"),
    [
        ({}, True),
        ({"Origin": f"https://{HOST}"}, True),
        ({"Origin": f"http://{HOST}"}, True),
        ({"Origin": f"HTTPS://{HOST.upper()}"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": f"https://{HOST}.evil.example"}, False),
        ({"Origin": f"https://evil.example#{HOST}"}, False),
        ({"Origin": f"https://{HOST}:8443"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": f"ftp://{HOST}"}, False),
        ({"Origin": HOST}, False),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, False),
        ({"Origin": f"https://{HOST}", "Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": ""}, False),
        ({"Origin": "https://inner.example", "X-Forwarded-Host": "inner.example"}, False),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_only_pages_of_this_host_change_something(method: str, told: dict[str, str], fits: bool) -> None:
    """What is told has to fit, and nobody's word of another host is believed."""
    assert fitting(method, told) is fits


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_what_only_reads_comes_from_anywhere(method: str) -> None:
    """A link on another site leads here."""
    assert fitting(method, {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"})


@pytest.mark.parametrize(
    ("told", "home", "fits"),
    [
        ({"Origin": "https://my.shop.example", "X-Forwarded-Host": "my.shop.example"}, "", True),
        ({"Origin": "https://my.shop.example", "X-Forwarded-Host": "my.shop.example, inner:8600"}, "", True),
        ({"Origin": "https://my.shop.example", "X-Forwarded-Host": "my.shop.example:443"}, "", True),
        ({"Origin": "https://my.shop.example"}, "https://my.shop.example/", True),
        ({"Origin": "https://my.shop.example:8443"}, "https://my.shop.example:8443", True),
        ({"Origin": "https://evil.example", "X-Forwarded-Host": "my.shop.example"}, "https://my.shop.example", False),
        ({"Origin": "https://my.shop.example"}, "", False),
    ],
)
def test_behind_a_proxy_the_host_counts_that_the_browser_saw(told: dict[str, str], home: str, fits: bool) -> None:
    """A proxy of the settings says it, or the address of the settings does."""
    assert fitting("POST", told, peer="127.0.0.1", home=home) is fits


def fitting(method: str, told: dict[str, str], *, peer: str = "192.0.2.7", home: str = "") -> bool:
    """Whether a request may change something."""
    app = Flask("origins")
    app.config.update({PROXIES: networks("127.0.0.1, ::1"), HOME: home})
    address = {"base_url": f"http://{HOST}", "environ_base": {"REMOTE_ADDR": peer}}
    with app.test_request_context(method=method, headers=told, **address):
        try:
            own(request)
        except NotAllowed as refused:
            return refused.code != Code.FORM_FOREIGN
    return True
