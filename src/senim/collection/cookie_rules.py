"""Holds a visitor's choice against what was shown, and says who may send one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from senim.audit.records import Entry
from senim.collection.records import Choice, ChoiceKept
from senim.errors import Code
from senim.policy.cookies import Shown
from senim.policy.promises import Promises
from senim.policy.records import Policy

KIND = "cookie-choice+jws"
"""The kind of statement that proves a choice."""

_PORTS = {"http": 80, "https": 443}
_VARIANTS = {
    "accept": ("banner", "banner-gpc", "page"),
    "refuse": ("banner", "banner-gpc", "page"),
    "choose": ("banner", "banner-gpc", "page"),
    "allow": ("frame",),
}
"""Which texts have the button that a choice was made with."""


def origin_of(address: str) -> str:
    """Scheme, host and port of an address, as browsers write an origin; empty if it is none."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in _PORTS or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{f':{port}' if port and port != _PORTS[parts.scheme] else ''}"


def origins(policy: Policy) -> frozenset[str]:
    """The origins of the policy's sites: pages from nowhere else may send anything."""
    return frozenset(filter(None, (origin_of(site.address) for site in policy.sites)))


def optional(promises: Promises) -> tuple[str, ...]:
    """The kinds that people choose from."""
    cookies = promises.policy.cookies
    return tuple(name for name, one in cookies.kinds.items() if not one.essential) if cookies else ()


def faults(choice: Choice, shown: Shown | None, kinds: Iterable[str]) -> Iterator[tuple[Code, str]]:
    """What is wrong with a choice: codes and places. ``kinds`` are those that could be chosen from."""
    known = set(kinds)
    if choice.how == "withdraw":
        if choice.kinds:
            yield Code.INVALID_VALUE, "kinds"
        return
    if not choice.shown:
        yield Code.NOTICE_MISSING, "shown"
        return
    if shown is None or shown.language != choice.language:
        yield Code.NOTICE_OUTDATED, "shown"
        return
    variant, _, kind = shown.variant.partition(":")
    if variant not in _VARIANTS[choice.how] or (choice.gpc and variant == "banner"):
        yield Code.CONSENT_UNPROVEN, "shown"
    whole = {"accept": known, "refuse": set[str]()}.get(choice.how, set(choice.kinds))
    if not set(choice.kinds) <= known or set(choice.kinds) != whole or (kind and kind not in choice.kinds):
        yield Code.INVALID_VALUE, "kinds"


def proof(promises: Promises, entry: Entry, kept: ChoiceKept) -> dict[str, Any]:
    """What the signed proof of a choice says: no address, no browser, nothing of who it was."""
    operator = promises.policy.operator
    return {
        "visitor": entry.subject,
        "choice": kept.choice,
        "at": entry.at,
        "waited": kept.age,
        "how": entry.reason,
        "allowed": list(entry.categories),
        "refused": list(kept.refused),
        "global_privacy_control": kept.gpc,
        "site": kept.site,
        "shown": {"digest": entry.digest or "", "variant": kept.variant, "language": kept.language},
        "policy": {"id": promises.policy.id, "version": promises.version, "digest": promises.digest},
        "controller": {"name": operator.name.in_("en"), "number": operator.bin, "contact": operator.contacts.email},
        "withdrawal": "the same script or page, or any channel that the policy names",
        "log_entry": entry.id,
    }
