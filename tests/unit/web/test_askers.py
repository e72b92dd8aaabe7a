"""Who sends: the place of the network, by what the nearest proxy of ours says and nobody else."""

from __future__ import annotations

import pytest
from flask import Flask, request

from senim.errors import Code, Invalid
from senim.web.shared.askers import PROXIES, asker, networks, place


@pytest.mark.parametrize(
    ("peer", "told", "who", "where"),
    [
        ("192.0.2.7", "", "192.0.2.7", "192.0.2.7"),
        ("192.0.2.7", "198.51.100.1", "192.0.2.7", "192.0.2.7"),
        ("127.0.0.1", "", "", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "9.9.9.9, 198.51.100.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "9.9.9.9, 198.51.100.1, 10.0.0.4", "198.51.100.1", "198.51.100.1"),
        ("[::1]", "198.51.100.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "not an address", "", "127.0.0.1"),
        ("127.0.0.1", "10.0.0.4", "", "127.0.0.1"),
        ("2001:db8:1:2:3::4", "", "2001:db8:1:2::/64", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "", "192.0.2.7", "192.0.2.7"),
        ("", "198.51.100.1", "", ""),
    ],
)
def test_only_the_proxies_of_the_settings_are_believed(peer: str, told: str, who: str, where: str) -> None:
    """From the end of what was told; where nobody said who asks, all would be one, and are not counted as one."""
    app = Flask("askers")
    app.config[PROXIES] = networks("127.0.0.1, ::1, 10.0.0.0/24")
    headers = {"X-Forwarded-For": told} if told else {}
    with app.test_request_context(headers=headers, environ_base={"REMOTE_ADDR": peer}):
        assert (asker(request), place(request)) == (who, where)


def test_a_proxy_that_is_no_address_is_refused() -> None:
    """The setting is named."""
    with pytest.raises(Invalid) as refused:
        networks("the.proxy.example")
    assert (refused.value.code, refused.value.where) == (Code.SETTING_WRONG, "serve.proxies")
