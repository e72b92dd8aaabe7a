"""E-mail and IP addresses, from the sign in their middle. Pure."""

from __future__ import annotations

import ipaddress
import re

from senim.recognisers.records import Hit, Kind, Why
from senim.recognisers.words import said_before

# names of a module are found faster than those of an Enum, and there are many hits
_EMAIL = Kind.EMAIL
_IP = Kind.IP
_SAID = (Why.SHAPE, Why.WORDS)
_SHAPED = (Why.SHAPE,)

_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*\Z")
_DOMAIN = re.compile(
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+([^\W\d_]{2,24}|xn--[a-z0-9-]{2,59})(?![\w@-])", re.IGNORECASE
)
_OPENS = re.compile(r".*[/=&?'`{|*#]", re.DOTALL)
_FILES = frozenset(
    (
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "webp",
        "css",
        "js",
        "ts",
        "map",
        "json",
        "html",
        "htm",
        "php",
        "py",
        "txt",
        "md",
        "ico",
        "woff",
        "scss",
        "vue",
    )
)
"""``icon@2x.png`` is a picture."""

_HEX = re.compile(r"[0-9A-Fa-f:]{2,39}(?:(?:[0-9]{1,3}\.){3}[0-9]{1,3})?")
_NUMBER = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"(?!0\.|127\.|22[4-9]|2[345][0-9]){_NUMBER}(?:\.{_NUMBER}){{3}}\Z")
"""No one's are: this net, this machine, multicast, reserved."""

_OF_OIDS = ("1.2.", "1.3.", "2.5.", "2.16.")
"""How names of attributes and algorithms begin (X.500): without a word that says so they are no addresses."""

_BEFORE_HEX = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{1,4}\Z")


def email(text: str, at: int) -> Hit | None:
    """The address around an ``@``."""
    domain = _DOMAIN.match(text, at + 1)
    if domain is None or domain[1].lower() in _FILES:
        return None
    local = _LOCAL.search(text[max(0, at - 64) : at])
    if local is None:
        return None
    name = local[0]
    if opened := _OPENS.match(name):  # an address in a query or behind a slash begins after it
        name = name[opened.end() :]
    start = at - len(name)
    if not any(character.isalnum() for character in name) or (
        start and text[start - 1] in "@:" and "//" in text[max(0, start - 40) : start]
    ):
        return None
    return Hit(_EMAIL, start, domain.end(), 0.95, _SHAPED, text[start : domain.end()].lower())


def ipv4(text: str, start: int, end: int) -> Hit | None:
    """Four numbers with points between, unless they are a version."""
    written = text[start:end]
    if not _IPV4.match(written):
        return None
    before, after = text[start - 1 : start], text[end : end + 2]
    if (
        before.isalnum()
        or (before and before in "_.-")
        or after[:1].isalpha()
        or after[:1] == "_"
        or (after[:1] == "-" and after[1:].isalpha())
    ):
        return None
    if (after[:1] == "." and after[1:].isalnum()) or (before == "/" and text[start - 2 : start - 1].isalnum()):
        return None  # tool-1.2.3.4.tar, Chrome/120.0.0.1
    return _told(text, start, end, written, small=len(written) == 7 or written.startswith(_OF_OIDS))


def _told(text: str, start: int, end: int, value: str, *, small: bool) -> Hit | None:
    said, spent = said_before(text, start)
    if said == "version" and not spent:
        return None
    if said == "ip":
        return Hit(_IP, start, end, 0.97, _SAID, value)
    return Hit(_IP, start, end, 0.4 if small else 0.8, _SHAPED, value)


def ipv6(text: str, at: int) -> Hit | None:
    """The address around its first colon."""
    before = _BEFORE_HEX.search(text[max(0, at - 6) : at])
    start = at - len(before[0]) if before else at
    if not before and (text[at : at + 2] != "::" or text[at - 1 : at].isalnum()):
        return None
    match = _HEX.match(text, start)
    written = match[0].rstrip(":") if match else ""
    end = start + len(written)
    if len(written) < 7 or written.count(":") < 2 or text[end : end + 1].isalnum() or not re.search(r"[0-9]", written):
        return None
    try:
        address = ipaddress.IPv6Address(written)
    except ValueError:
        return None
    if address.is_loopback or address.is_unspecified or address.is_multicast:
        return None
    return Hit(_IP, start, end, 0.9, _SHAPED, str(address))
