"""Where browsers make and use passkeys: at host names, over TLS or on this machine."""

from __future__ import annotations

import pytest

from senim.governance.records import Site


@pytest.mark.parametrize(
    ("host", "origin", "takes"),
    [
        ("data.shop.example", "https://data.shop.example", True),
        ("data.shop.example", "http://data.shop.example", False),
        ("localhost", "http://localhost:8600", True),
        ("senim.localhost", "http://senim.localhost:8600", True),
        ("127.0.0.1", "http://127.0.0.1:8600", False),
        ("10.0.0.5", "https://10.0.0.5", False),
        ("2001:db8::1", "https://[2001:db8::1]", False),
        ("", "https://", False),
    ],
)
def test_a_passkey_is_bound_to_a_name(host: str, origin: str, takes: bool) -> None:
    """WebAuthn takes no IP address for a site, and nothing that can be listened to."""
    assert Site(host=host, origin=origin).takes_passkeys is takes
