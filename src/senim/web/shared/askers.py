"""Who sends a request: the place of the network by which attempts are counted."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from flask import Request, current_app

from senim.errors import Code, Invalid
from senim.mailing import listed

Network = IPv4Network | IPv6Network
PROXIES = "PROXIES"
"""Under which name an application keeps the networks whose word of others is believed."""

_ONE_HOUSEHOLD = 64
"""Bits of an IPv6 address that are one place: whoever has it has all the others behind them."""


def networks(names: str) -> tuple[Network, ...]:
    """The proxies of the settings. Raises Invalid (setting_wrong)."""
    try:
        return tuple(ip_network(one) for one in listed(names))
    except ValueError as error:
        raise Invalid(Code.SETTING_WRONG, "serve.proxies", detail="such as 127.0.0.1, 10.0.0.0/24") from error


def place(asked: Request) -> str:
    """Where a request comes from: the sender's address, or what a believed proxy says of it; for IPv6 its network.

    ``X-Forwarded-For`` is read from its end, where the nearest proxy wrote: whoever stands before the first address
    that is no proxy of ours is the sender, whatever they wrote themselves.
    """
    return _shown(_sender(asked) or _address(asked.remote_addr or ""))


def asker(asked: Request) -> str:
    """The same; empty behind a believed proxy that does not say who asks: there all would be one."""
    return _shown(_sender(asked))


def from_proxy(asked: Request) -> bool:
    """Whether a believed proxy handed a request over."""
    address = _address(asked.remote_addr or "")
    return address is not None and _believed(address)


def _believed(address: IPv4Address | IPv6Address) -> bool:
    known: Sequence[Network] = current_app.config.get(PROXIES, ())
    return any(address in one for one in known)


def _sender(asked: Request) -> IPv4Address | IPv6Address | None:
    told = asked.headers.get("X-Forwarded-For", "").split(",")
    hops = [asked.remote_addr or "", *reversed(told)]
    for address in map(_address, hops):
        if address is None or not _believed(address):
            return address
    return None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.strip().strip("[]"))
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _shown(address: IPv4Address | IPv6Address | None) -> str:
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _ONE_HOUSEHOLD), strict=False))
    return str(address or "")
